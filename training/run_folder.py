"""The folder of a training run: settings, checkpoint, metrics, and the text side of a refit."""

import csv
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from streams.skeleton.errors import DataError
from streams.skeleton.window import WindowSpec
from training.augment import Augmentation
from training.config import (
    GrammarConfig,
    ShiftGcnConfig,
    SidesConfig,
    StGcnConfig,
    TrainConfig,
    TransformerConfig,
)
from training.methods.sided import SidedText
from training.methods.text_side import TextSide
from training.model import Model, build_model
from training.windows import RandomWindows

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.csv"
SETTINGS = "config.json"
TEXT_SIDE = "text_side.pt"
_ENCODERS = {"st-gcn": StGcnConfig, "shift-gcn": ShiftGcnConfig, "transformer": TransformerConfig}


@dataclass(frozen=True, eq=False)
class Run:
    """A training run read back: its model in evaluation mode, and its settings."""

    model: Model
    config: TrainConfig
    epochs: int
    """Epochs it has done; fewer than ``config.last_epoch`` where it was cut short."""
    refit: dict[str, Any] | None = None
    """Settings of the refit its text side comes from; None for the side it was trained with."""

    @property
    def dim(self) -> int:
        """D, length of an embedding."""
        return self.model.dim


def load_run(folder: Path) -> Run:
    """The run in this folder, as its last checkpoint left it, with the text side of its last refit.

    Raises:
        DataError: The folder holds no run, or one of another version of this program.
    """
    try:
        config = _config_from(json.loads((folder / SETTINGS).read_text("utf-8")))
        state = _loaded(folder / CHECKPOINT)
        model = build_model(config, dim=_plain_dim(state["model"]))
        model.load_state_dict(state["model"])
        refit = None
        if (folder / TEXT_SIDE).exists():
            model.text, refit = _load_text_side(folder / TEXT_SIDE, config, dim=_plain_dim(state["model"]))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DataError(
            f"wanted the folder of a training run, got {folder} ({error}); train first"
        ) from None
    return Run(model=model.eval(), config=config, epochs=len(state["history"]), refit=refit)


def _loaded(path: Path) -> dict[str, Any]:
    """What ``torch.save`` wrote; anything else is refused before torch tries to make sense of it.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such file.
    """
    if not zipfile.is_zipfile(path):
        path.stat()  # A missing file says so itself.
        raise ValueError(f"{path.name} is damaged")
    return torch.load(path, weights_only=True)


def save_text_side(folder: Path, side: TextSide | SidedText, *, settings: dict[str, Any]) -> None:
    """Give the run in ``folder`` this text side in place of the one it was trained with.

    Args:
        folder: Of the run.
        side: Trained.
        settings: Plain numbers it was trained with, ``hidden`` among them.
    """
    buffer = io.BytesIO()
    torch.save({"settings": settings, "state": side.state_dict()}, buffer)
    _write(folder / TEXT_SIDE, buffer.getvalue())


def _load_text_side(
    path: Path, config: TrainConfig, *, dim: int
) -> tuple[TextSide | SidedText, dict[str, Any]]:
    saved = _loaded(path)
    side = build_text_side(config, dim=dim, hidden=saved["settings"]["hidden"])
    side.load_state_dict(saved["state"])
    return side, saved["settings"]


def build_text_side(
    config: TrainConfig, *, dim: int, hidden: int, dropout: float = 0.0
) -> TextSide | SidedText:
    """A new text side for the run's encoder, of the kind that is fitted alone.

    Args:
        config: Of the run.
        dim: E, length of the plain text encoder's features.
        hidden: Units of each hidden layer.
        dropout: Share of them dropped in training, [0, 1).
    """
    if config.sides.odd:
        return SidedText(dim, hidden, sides=config.sides, layers=2, dropout=dropout)
    return TextSide(dim, hidden, dropout=dropout)


def _plain_dim(state: dict[str, torch.Tensor]) -> int:
    """Length of the plain text encoder's features a model of these weights was made for."""
    return state["text.mean"].shape[0] if "text.mean" in state else len(state["project.weight"])


def _config_from(raw: dict[str, Any]) -> TrainConfig:
    typed: dict[str, Any] = {
        **raw,
        "data": Path(raw["data"]),
        "out": Path(raw["out"]),
        "sets": tuple(raw["sets"]),
        "window": WindowSpec(**raw["window"]),
        "encoder": _ENCODERS[raw["encoder"]["kind"]](**raw["encoder"]),
        # Runs made before there were sides say nothing of them.
        "sides": SidesConfig(**raw.get("sides", {})),
        "grammar": GrammarConfig(**raw["grammar"]),
        "random": RandomWindows(**raw["random"]),
        "augmentation": Augmentation(**raw["augmentation"]),
    }
    return TrainConfig(**typed)


def resume(
    config: TrainConfig, model: Model, optimizer: torch.optim.Optimizer, rng: np.random.Generator
) -> list[dict[str, float]]:
    """History of the run found in ``config.out``, all states taken over; empty for a new run."""
    settings = json.dumps(asdict(config), indent=2, default=str)
    config.out.mkdir(parents=True, exist_ok=True)
    path, checkpoint = config.out / SETTINGS, config.out / CHECKPOINT
    if not checkpoint.is_file():
        _write(path, settings.encode())
        return []
    if not path.is_file() or path.read_text("utf-8") != settings:
        raise DataError(
            f"wanted a new run or these settings, got {config.out} with a run of other settings ({path}); "
            "name another folder"
        )
    state = _loaded(checkpoint)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["torch_rng"])
    rng.bit_generator.state = json.loads(state["numpy_rng"])
    return state["history"]


def save_epoch(
    config: TrainConfig,
    model: Model,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
    history: list[dict[str, float]],
) -> None:
    """Write the checkpoint and the metrics; a kill at any time leaves the one before or this one."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "torch_rng": torch.get_rng_state(),
        "numpy_rng": json.dumps(rng.bit_generator.state),
        "history": history,
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    _write(config.out / CHECKPOINT, buffer.getvalue())
    table = io.StringIO()
    columns = list(dict.fromkeys(key for row in history for key in row))
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows(history)
    _write(config.out / METRICS, table.getvalue().encode())


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
