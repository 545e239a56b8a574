"""The one training program of the laboratory: any loss, any samples, any number of processes.

Under ``torchrun`` every process takes its share of each batch and gradients are averaged, which gives
what one process gives for losses that are means over samples and networks without batch statistics.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from tqdm import tqdm

from streams.skeleton.errors import DataError
from training.board import open_board
from training.lab import processes
from training.lab.config import FitConfig

CHECKPOINT = "checkpoint.pt"
LOSSES = "losses.csv"
Loss = Callable[[Tensor, Tensor], Tensor]
"""Inputs (B, ...), labels (B,) -> scalar mean over samples."""


def fit(
    model: nn.Module,
    inputs: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    loss: Loss,
    config: FitConfig,
    folder: Path,
    seed: int = 0,
    progress: bool = True,
) -> list[float]:
    """Loss of every step; the model has been trained, or taken up where a run in ``folder`` stopped.

    Chance of an epoch depends on seed and epoch alone, so a run that was killed gives the losses of one
    that was not.

    Args:
        model: Trained in place and where it is, left in evaluation mode.
        inputs: (N, ...), perhaps on disk.
        labels: (N,).
        loss: Of a batch.
        config: How long and how fast.
        folder: Of checkpoint and losses.
        seed: Of the order of samples and of dropout.
        progress: Show a bar.

    Raises:
        DataError: Fewer samples than a batch, or ``folder`` holds a run of other settings.
    """
    if len(labels) < config.batch:
        raise DataError(
            f"wanted at least a batch of {config.batch} samples, got {len(labels)}; make batch smaller"
        )
    optimizer = _optimizer(config, model)
    identity = json.dumps({**asdict(config), "seed": seed, "samples": len(labels)}, sort_keys=True)
    losses, begin = _resume(folder, identity, model, optimizer)
    first = processes.rank() == 0
    with open_board(folder if first and begin < config.epochs else None, begin=len(losses)) as board:
        for epoch in range(begin, config.epochs):
            order = np.random.default_rng((seed, epoch)).permutation(len(labels))
            torch.manual_seed(seed * 100_003 + epoch)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config, epoch)
            model.train()
            steps = len(labels) // config.batch
            bar = tqdm(
                np.split(order[: steps * config.batch], steps),
                f"{folder.name} {epoch + 1}/{config.epochs}",
                disable=not progress or not first,
            )
            found = [_step(model, optimizer, inputs, labels, chosen, loss, config) for chosen in bar]
            losses += found
            if first:
                _save(folder, identity, model, optimizer, losses, epoch + 1)
                board.add("loss", found, first=len(losses) - len(found))
            processes.wait()
    model.eval()
    return losses


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: NDArray[np.floating],
    labels: NDArray[np.int64],
    chosen: NDArray[np.int64],
    loss: Loss,
    config: FitConfig,
) -> float:
    """The loss of a batch, over all processes, before the step that it gives."""
    world = processes.world()
    mine = np.sort(chosen)[processes.rank() :: world]
    device = next(model.parameters()).device
    batch = torch.from_numpy(np.asarray(inputs[mine], np.float32)).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=config.bfloat16):
        value = loss(batch, torch.from_numpy(labels[mine]).to(device))
    optimizer.zero_grad()
    value.backward()
    averaged = _averaged(model, value, world)
    optimizer.step()
    return averaged


def learning_rate(config: FitConfig, epoch: int) -> float:
    """Of an epoch, from 0: divided by 10 at every milestone."""
    passed = sum(epoch >= round(share * config.epochs) for share in config.milestones)
    return config.learning_rate * 0.1**passed


def _averaged(model: nn.Module, value: Tensor, world: int) -> float:
    """The loss over all processes; gradients are averaged in place."""
    if world == 1:
        return value.item()
    total = value.detach().clone()
    distributed.all_reduce(total)
    for parameter in model.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= world
    return total.item() / world


def _optimizer(config: FitConfig, model: nn.Module) -> torch.optim.Optimizer:
    if config.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    return torch.optim.SGD(
        model.parameters(),
        config.learning_rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=config.weight_decay,
    )


def _resume(
    folder: Path, identity: str, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[list[float], int]:
    """Losses and number of the epochs done by the run in ``folder``."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return [], 0
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if state["identity"] != identity:
        raise DataError(
            f"wanted a new run or these settings, got {folder} with a run of others; name another folder"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["losses"]), int(state["epochs"])


def _save(
    folder: Path,
    identity: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses: list[float],
    epochs: int,
) -> None:
    """Write checkpoint and losses; a kill at any time leaves the ones before or these."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    state = {
        "identity": identity,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "losses": losses,
        "epochs": epochs,
    }
    torch.save(state, buffer)
    _write(folder / CHECKPOINT, buffer.getvalue())
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["step", "loss"])
    rows.writerows(enumerate(losses))
    _write(folder / LOSSES, table.getvalue().encode())


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
