from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from streams.skeleton.errors import ModelFileError
from streams.skeleton.graph import spatial_partition
from streams.skeleton.layouts import PUBLISHED_NTU_25
from tests.training.encoders import reference
from training.encoders.shift_gcn import ShiftGcn
from training.encoders.st_gcn import StGcn
from training.released import read_encoder, read_released, write_encoder

STRIDES = [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
State = dict[str, torch.Tensor]


def norm(size: int) -> State:
    return {
        "weight": torch.rand(size) + 0.5,
        "bias": torch.randn(size) * 0.3,
        "running_mean": torch.randn(size) * 0.3,
        "running_var": torch.rand(size) + 0.5,
        "num_batches_tracked": torch.tensor(7),
    }


def conv(inputs: int, outputs: int, frames: int = 1) -> State:
    scale = (inputs * frames) ** -0.5
    return {"weight": torch.randn(outputs, inputs, frames, 1) * scale, "bias": torch.randn(outputs) * 0.1}


def under(name: str, state: State) -> State:
    return {f"{name}.{key}": value for key, value in state.items()}


def st_gcn_state(width: int = 4, features: int = 12) -> State:
    """The names and shapes of the released ST-GCN, narrower, with every number random."""
    torch.manual_seed(0)
    channels = [3, *[width] * 4, *[2 * width] * 3, *[4 * width] * 2, features]
    state = under("data_bn", norm(75)) | {"A": torch.from_numpy(reference.published_graph()).float()}
    for n, (inputs, outputs) in enumerate(pairwise(channels)):
        name = f"st_gcn_networks.{n}"
        state |= under(f"{name}.gcn.conv", conv(inputs, 3 * outputs))
        state |= under(f"{name}.tcn.0", norm(outputs)) | under(f"{name}.tcn.2", conv(outputs, outputs, 9))
        state |= under(f"{name}.tcn.3", norm(outputs))
        state[f"edge_importance.{n}"] = torch.rand(3, 25, 25) + 0.5
        if n and inputs != outputs:
            state |= under(f"{name}.residual.0", conv(inputs, outputs))
            state |= under(f"{name}.residual.1", norm(outputs))
    return state


def shift_gcn_state(width: int = 4) -> State:
    """The names and shapes of the released Shift-GCN, narrower, with every number random."""
    torch.manual_seed(0)
    channels = [3, *[width] * 4, *[2 * width] * 3, *[4 * width] * 3]
    state = under("data_bn", norm(150)) | {"fc.weight": torch.randn(60, 16), "fc.bias": torch.randn(60)}
    for n, (inputs, outputs) in enumerate(pairwise(channels), 1):
        gcn, tcn = f"l{n}.gcn1", f"l{n}.tcn1"
        state[f"{gcn}.Linear_weight"] = torch.randn(inputs, outputs) * inputs**-0.5
        state[f"{gcn}.Linear_bias"] = torch.randn(1, 1, outputs) * 0.1
        state[f"{gcn}.Feature_Mask"] = torch.randn(1, 25, inputs) * 0.3
        at, of = torch.arange(25 * inputs), torch.arange(25 * outputs)
        state[f"{gcn}.shift_in"] = (at + (at % inputs) * inputs) % (25 * inputs)
        state[f"{gcn}.shift_out"] = (of - (of % outputs) * outputs) % (25 * outputs)
        state |= under(f"{gcn}.bn", norm(25 * outputs))
        if inputs != outputs:
            state |= under(f"{gcn}.down.0", conv(inputs, outputs)) | under(f"{gcn}.down.1", norm(outputs))
        state |= under(f"{tcn}.bn", norm(outputs)) | under(f"{tcn}.bn2", norm(outputs))
        state |= under(f"{tcn}.temporal_linear", conv(outputs, outputs))
        for side in ("shift_in", "shift_out"):
            state[f"{tcn}.{side}.ypos"] = torch.randn(outputs) * 1.5
            state[f"{tcn}.{side}.xpos"] = torch.randn(outputs) * 1e-9
        if n > 1 and inputs != outputs:
            state |= under(f"l{n}.residual.conv", conv(inputs, outputs))
            state |= under(f"l{n}.residual.bn", norm(outputs))
    return state


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def positions(frames: int) -> NDArray[np.float32]:
    """(3, 2, frames, 25, 3); the second person of the last is not there."""
    found = np.random.default_rng(0).normal(size=(3, 2, frames, 25, 3)).astype(np.float32)
    found[2, 1] = 0
    return found


def test_published_graph_is_the_reference() -> None:
    np.testing.assert_allclose(spatial_partition(PUBLISHED_NTU_25), reference.published_graph(), atol=1e-6)


def test_st_gcn_features_are_those_of_the_slow_reference(tmp_path: Path) -> None:
    state, x = st_gcn_state(), positions(12)
    encoder = read_released(saved(tmp_path / "c.pt", {"encoder": state})).encoder
    assert isinstance(encoder, StGcn)
    with torch.no_grad():
        found = encoder(torch.from_numpy(x)).numpy()
    wanted = [reference.st_gcn(state, sample.astype(np.float64), STRIDES) for sample in x]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_shift_gcn_features_are_those_of_the_slow_reference(tmp_path: Path) -> None:
    state, x = shift_gcn_state(), positions(8)
    encoder = read_released(saved(tmp_path / "c.pt", state)).encoder
    assert isinstance(encoder, ShiftGcn)
    with torch.no_grad():
        found = encoder(torch.from_numpy(x)).numpy()
        alone = encoder(torch.from_numpy(x[2:, :1])).numpy()
    wanted = [reference.shift_gcn(state, sample.astype(np.float64), STRIDES) for sample in x]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(alone, wanted[2:], rtol=1e-5, atol=1e-5)  # the one-person shortcut


def test_projection_and_prefixes_of_data_parallel_are_read(tmp_path: Path) -> None:
    state = {f"module.{key}": value for key, value in st_gcn_state().items()}
    adapter = {"fc.weight": torch.randn(7, 12), "fc.bias": torch.randn(7)}
    found = read_released(saved(tmp_path / "c.pt", {"encoder": state, "adapter": adapter}))
    assert found.project is not None
    torch.testing.assert_close(found.project.weight, adapter["fc.weight"])


@pytest.mark.parametrize("state", [st_gcn_state, shift_gcn_state])
def test_written_encoder_comes_back(tmp_path: Path, state: Any) -> None:
    released = read_released(saved(tmp_path / "c.pt", {"encoder": state()}))
    write_encoder(released, tmp_path / "out")
    x = torch.from_numpy(positions(8))
    with torch.no_grad():
        torch.testing.assert_close(read_encoder(tmp_path / "out").encoder(x), released.encoder(x))


class Harm:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_code_in_a_checkpoint_is_never_executed(tmp_path: Path) -> None:
    path = saved(tmp_path / "c.pt", {"encoder": Harm(tmp_path / "harm")})
    with pytest.raises(ModelFileError, match="never executed"):
        read_released(path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"l4.gcn1.Linear_weight": torch.zeros(4, 5)}, "does not fit"),
        ({"l4.tcn1.shift_in.xpos": torch.ones(4)}, "across joints"),
        ({"l4.gcn1.shift_in": torch.zeros(100, dtype=torch.int64)}, "another shift"),
        ({"l4.gcn1.attention": torch.zeros(1)}, "no place"),
    ],
)
def test_another_network_is_refused_by_name(tmp_path: Path, change: State, message: str) -> None:
    path = saved(tmp_path / "c.pt", shift_gcn_state() | change)
    with pytest.raises(ModelFileError, match=message):
        read_released(path)


def test_missing_foreign_and_truncated_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no file"):
        read_released(tmp_path / "none.pt")
    with pytest.raises(ModelFileError, match="ST-GCN or Shift-GCN"):
        read_released(saved(tmp_path / "other.pt", {"weight": torch.zeros(2)}))
    whole = saved(tmp_path / "whole.pt", st_gcn_state()).read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match="half"):
        read_released(tmp_path / "half.pt")
    graph = st_gcn_state() | {"A": torch.zeros(3, 25, 25)}
    with pytest.raises(ModelFileError, match="skeleton graph"):
        read_released(saved(tmp_path / "graph.pt", graph))
