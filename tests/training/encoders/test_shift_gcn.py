import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.backends.session import GraphSession
from streams.skeleton.errors import ConfigError
from training.config import ShiftGcnConfig
from training.encoders.shift_gcn import (
    ShiftGcn,
    TemporalShift,
    Unit,
    hold_shifts,
    shift_index,
)


def windows(count: int, persons: int = 1) -> torch.Tensor:
    return torch.randn(count, persons, 8, 25, 3, generator=torch.Generator().manual_seed(0))


def trained(**changes: object) -> ShiftGcn:
    """A small encoder whose statistics and shifts are not those of a new one."""
    torch.manual_seed(0)
    model = ShiftGcn(ShiftGcnConfig(width=4, **changes))  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, TemporalShift):
                layer.shift.normal_(0, 1.5)
        model(windows(6, 2))
    return model.eval()


def test_size_is_the_published_one() -> None:
    model = ShiftGcn(ShiftGcnConfig(absent="averaged"))
    assert sum(p.numel() for p in model.parameters()) == 674_871  # 0.68 M


@pytest.mark.parametrize("channels", [3, 4, 64])
def test_shifts_are_permutations_and_undo_each_other(channels: int) -> None:
    into, back = shift_index(channels, 1), shift_index(channels, -1)
    assert sorted(into.tolist()) == list(range(25 * channels))
    torch.testing.assert_close(into[back], torch.arange(25 * channels))


@pytest.mark.parametrize("stride", [1, 2])
def test_gradient_of_a_temporal_shift_is_the_slope(stride: int) -> None:
    torch.manual_seed(0)
    layer = TemporalShift(3, stride=stride).double()
    x = torch.randn(2, 3, 8, 5, dtype=torch.float64)
    layer.shift.data = torch.tensor([0.3, -1.6, 2.2], dtype=torch.float64)

    def moved(shift: torch.Tensor) -> torch.Tensor:
        layer.shift.data = shift
        return layer(x).square().sum()

    layer(x).square().sum().backward()
    found = layer.shift.grad
    assert found is not None
    begin = layer.shift.detach().clone()
    for c in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[c] = 1e-6
        slope = (moved(begin + step) - moved(begin - step)) / 2e-6
        torch.testing.assert_close(found[c], slope.detach(), rtol=1e-4, atol=1e-5)


def test_released_gradient_is_a_sign() -> None:
    layer = TemporalShift(3, released_gradient=True)
    layer(torch.randn(2, 3, 8, 5)).square().sum().backward()
    assert layer.shift.grad is not None
    torch.testing.assert_close(layer.shift.grad.abs(), torch.full((3,), 0.01))


@pytest.mark.parametrize("absent", ["averaged", "masked"])
def test_one_person_gives_exactly_what_an_absent_second_gives(absent: str) -> None:
    model, lone = trained(absent=absent), windows(4)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    torch.testing.assert_close(model(lone), model(padded), rtol=1e-5, atol=1e-6)


def test_one_person_trains_like_an_absent_second() -> None:
    lone = windows(4)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    torch.manual_seed(0)
    model = ShiftGcn(ShiftGcnConfig(width=4, absent="averaged"))
    torch.testing.assert_close(model(lone), model(padded))


def test_cube_pools_to_the_features() -> None:
    model, pair = trained(), windows(3, 2)
    assert model.cube(pair).shape == (3, 16, 2, 25)
    torch.testing.assert_close(model.cube(pair).mean(dim=(2, 3)), model(pair))


def test_onnx_graph_of_a_unit_agrees_and_has_plain_operators_alone(tmp_path: Path) -> None:
    unit = Unit(4, 8, stride=2).eval()
    for layer in unit.modules():
        if isinstance(layer, TemporalShift):
            layer.shift.data.normal_(0, 1.5)
    hold_shifts(unit)
    x, path = torch.randn(3, 4, 8, 25), tmp_path / "g.onnx"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own use of torch internals
        count = torch.export.Dim("N", min=1)
        torch.onnx.export(unit, (x,), path, dynamic_shapes=({0: count},), verbose=False)
        wanted = unit(x).numpy()
    np.testing.assert_allclose(GraphSession(path).run(x.numpy()), wanted, atol=1e-5)
    nodes = onnx.load(path).graph.node
    assert {node.domain for node in nodes} == {""}
    assert "Einsum" not in {node.op_type for node in nodes}


def test_sizes_nobody_can_build_are_refused() -> None:
    with pytest.raises(ConfigError, match="width"):
        ShiftGcnConfig(width=0)
