"""Released PGFA checkpoints, read without executing anything and mapped name by name to our encoders."""

import io
import pickle  # noqa: TID251  # only its error type: torch reads tensors and plain containers alone
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from streams.skeleton.errors import ModelFileError
from streams.skeleton.graph import spatial_partition
from streams.skeleton.layouts import PUBLISHED_NTU_25
from training.config import ShiftGcnConfig, StGcnConfig
from training.encoders.shift_gcn import ShiftGcn, shift_index
from training.encoders.st_gcn import StGcn

FILE = "encoder.pt"
_NO_SIDEWAYS = 1e-4
"""Released temporal shifts carry a shift across joints that starts below this and is never learnt."""
_ST_GCN = (
    (r"data_bn\.(\w+)", r"normalize.\1"),
    (r"edge_importance\.(\d+)", r"blocks.\1.graph.importance"),
    (r"st_gcn_networks\.(\d+)\.gcn\.conv\.(\w+)", r"blocks.\1.graph.mix.\2"),
    (r"st_gcn_networks\.(\d+)\.tcn\.(\d)\.(\w+)", r"blocks.\1.time.\2.\3"),
    (r"st_gcn_networks\.(\d+)\.residual\.(\d)\.(\w+)", r"blocks.\1.shortcut.\2.\3"),
)
_SHIFT_GCN = (
    (r"data_bn\.(\w+)", r"normalize.\1"),
    (r"l(\d+)\.gcn1\.Linear_weight", r"units.\1.space.weight"),
    (r"l(\d+)\.gcn1\.Linear_bias", r"units.\1.space.bias"),
    (r"l(\d+)\.gcn1\.Feature_Mask", r"units.\1.space.mask"),
    (r"l(\d+)\.gcn1\.bn\.(\w+)", r"units.\1.space.norm.\2"),
    (r"l(\d+)\.gcn1\.down\.(\d)\.(\w+)", r"units.\1.space.shortcut.\2.\3"),
    (r"l(\d+)\.tcn1\.bn\.(\w+)", r"units.\1.time.0.\2"),
    (r"l(\d+)\.tcn1\.shift_in\.ypos", r"units.\1.time.1.shift"),
    (r"l(\d+)\.tcn1\.temporal_linear\.(\w+)", r"units.\1.time.2.\2"),
    (r"l(\d+)\.tcn1\.shift_out\.ypos", r"units.\1.time.4.shift"),
    (r"l(\d+)\.tcn1\.bn2\.(\w+)", r"units.\1.time.5.\2"),
    (r"l(\d+)\.residual\.conv\.(\w+)", r"units.\1.shortcut.0.\2"),
    (r"l(\d+)\.residual\.bn\.(\w+)", r"units.\1.shortcut.1.\2"),
)
_UNUSED = re.compile(r"fc\.\w+")


@dataclass(frozen=True, eq=False)
class Released:
    """An encoder with released weights, in evaluation mode.

    Attributes:
        encoder: Ours, absent persons averaged as published.
        project: PGFA's projection into the text encoder's space; None where the file has none.
    """

    encoder: StGcn | ShiftGcn
    project: nn.Linear | None


def read_released(path: Path) -> Released:
    """The encoder and the projection of a checkpoint of PGFA's released code.

    ST-GCN (Setting I) and Shift-GCN (Setting II), as ``{"encoder": ..., "adapter": ...}`` or the
    encoder's state alone.

    Raises:
        ModelFileError: The file is missing, holds more than tensors, is of another network, or of
            other sizes.
    """
    raw = _load(path)
    state = _tensors(path, raw.get("encoder", raw))
    adapter = _tensors(path, raw["adapter"]) if "adapter" in raw else {}
    if "st_gcn_networks.0.gcn.conv.weight" in state:
        encoder = _st_gcn(path, state)
    elif "l1.gcn1.Linear_weight" in state:
        encoder = _shift_gcn(path, state)
    else:
        raise ModelFileError(
            f"wanted the state of PGFA's ST-GCN or Shift-GCN, got {path} with {', '.join(list(state)[:3])}"
            "; name a checkpoint of the released code"
        )
    return Released(encoder.eval(), _projection(path, adapter, encoder))


def write_encoder(released: Released, folder: Path) -> Path:
    """The file written for ``read_encoder``; a kill leaves none or all of it."""
    folder.mkdir(parents=True, exist_ok=True)
    project = released.project
    content = {
        "config": asdict(released.encoder.config),
        "encoder": released.encoder.state_dict(),
        "project": None if project is None else project.state_dict(),
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    temporary = folder / f"{FILE}.tmp"
    temporary.write_bytes(buffer.getvalue())
    return temporary.replace(folder / FILE)


def read_encoder(folder: Path) -> Released:
    """What ``write_encoder`` wrote.

    Raises:
        ModelFileError: The file is missing or of another form.
    """
    raw = _load(folder / FILE)
    try:
        config = raw["config"]
        encoder: StGcn | ShiftGcn
        if config.get("kind") == "shift-gcn":
            encoder = ShiftGcn(ShiftGcnConfig(**config))
        else:
            encoder = StGcn(StGcnConfig(**config), layout=PUBLISHED_NTU_25)
        encoder.load_state_dict(raw["encoder"])
        project = None
        if raw["project"] is not None:
            project = nn.Linear(encoder.features, len(raw["project"]["bias"]))
            project.load_state_dict(raw["project"])
    except (KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise ModelFileError(f"{folder / FILE} is of another form ({error}); import it again") from None
    return Released(encoder.eval(), project)


def _load(path: Path) -> dict[str, Any]:
    try:
        raw = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelFileError(f"wanted a checkpoint, got no file at {path}; name one") from None
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ModelFileError(
            f"wanted a checkpoint of tensors and plain containers, got {path} ({reason}); anything else "
            "in it is never executed: save it again as a state_dict"
        ) from None
    if not isinstance(raw, dict):
        raise ModelFileError(f"wanted a state dictionary, got {path} with a {type(raw).__name__}")
    return raw


def _tensors(path: Path, raw: Any) -> dict[str, Tensor]:
    if not isinstance(raw, Mapping) or not all(isinstance(value, Tensor) for value in raw.values()):
        raise ModelFileError(f"wanted a dictionary of tensors, got {path} with other content")
    return {str(key).removeprefix("module."): value for key, value in raw.items()}


def _st_gcn(path: Path, state: dict[str, Tensor]) -> StGcn:
    graph = state.pop("A", None)
    wanted = torch.from_numpy(spatial_partition(PUBLISHED_NTU_25))
    if graph is not None and (graph.shape != wanted.shape or not torch.allclose(graph, wanted, atol=1e-5)):
        raise ModelFileError(f"{path} is of another skeleton graph: wanted the published NTU one")
    width = len(state["st_gcn_networks.0.gcn.conv.weight"]) // len(wanted)
    last = state.get("st_gcn_networks.9.gcn.conv.weight")
    features = 0 if last is None else len(last) // len(wanted)
    config = StGcnConfig(width=max(width, 1), features=max(features, 1), absent="averaged")
    encoder = StGcn(config, layout=PUBLISHED_NTU_25)
    _fill(path, encoder, state, _ST_GCN)
    return encoder


def _shift_gcn(path: Path, state: dict[str, Tensor]) -> ShiftGcn:
    kept: dict[str, Tensor] = {}
    for key, value in state.items():
        if key.endswith((".gcn1.shift_in", ".gcn1.shift_out")):
            direction = 1 if key.endswith("in") else -1
            if not torch.equal(value.long(), shift_index(len(value) // 25, direction)):
                raise ModelFileError(f"{path}: {key} is another shift than the published one")
        elif key.endswith(".xpos"):
            if float(value.abs().max()) > _NO_SIDEWAYS:
                raise ModelFileError(
                    f"{path}: {key} shifts across joints, which the published code does not"
                )
        else:
            # Released units count from 1, ours from 0.
            kept[re.sub(r"^l(\d+)\.", lambda found: f"l{int(found[1]) - 1}.", key)] = value
    width = state["l1.gcn1.Linear_weight"].shape[1]
    encoder = ShiftGcn(ShiftGcnConfig(width=width, absent="averaged"))
    _fill(path, encoder, kept, _SHIFT_GCN)
    return encoder


def _fill(
    path: Path, encoder: nn.Module, state: dict[str, Tensor], names: tuple[tuple[str, str], ...]
) -> None:
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        if _UNUSED.fullmatch(key):
            continue
        ours = next((re.sub(f"^{old}$", new, key) for old, new in names if re.fullmatch(old, key)), None)
        if ours is None:
            raise ModelFileError(f"{path}: no place for {key}; the network is another one")
        renamed[ours] = value
    try:
        encoder.load_state_dict(renamed)
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:300]
        raise ModelFileError(f"{path} does not fit the published network: {detail}") from None


def _projection(path: Path, adapter: dict[str, Tensor], encoder: StGcn | ShiftGcn) -> nn.Linear | None:
    weights = [value for value in adapter.values() if value.ndim == 2]
    biases = [value for value in adapter.values() if value.ndim == 1]
    if not adapter:
        return None
    inputs = encoder.features
    if len(weights) != 1 or len(biases) != 1 or weights[0].shape != (len(biases[0]), inputs):
        shapes = ", ".join(str(tuple(value.shape)) for value in adapter.values())
        raise ModelFileError(f"{path}: wanted a projection of (E, {inputs}) and (E,), got {shapes}")
    project = nn.Linear(inputs, len(biases[0]))
    project.load_state_dict({"weight": weights[0], "bias": biases[0]})
    return project.eval()
