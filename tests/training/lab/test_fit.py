import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.nn import functional

from streams.skeleton.errors import DataError
from training.lab.config import FitConfig
from training.lab.fit import LOSSES, fit, learning_rate

CONFIG = FitConfig(epochs=6, batch=8, learning_rate=0.05)


def problem() -> tuple[nn.Module, np.ndarray, np.ndarray]:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
    labels = np.arange(45) % 3
    return model, (rng.normal(size=(45, 5)) + labels[:, None]).astype(np.float32), labels


def run(folder: Path, *, kill_at: int | None = None, dropout: bool = True) -> list[float]:
    model, inputs, labels = problem()
    steps = 0

    def loss(batch: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if not dropout:
            model.eval()
        return functional.cross_entropy(model(batch), truth)

    return fit(model, inputs, labels, loss=loss, config=CONFIG, folder=folder, progress=False)


@pytest.mark.processes
def test_a_killed_run_gives_the_losses_of_one_that_was_not(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    code = (
        "from pathlib import Path; from tests.training.lab.test_fit import run;"
        f"run(Path({str(tmp_path / 'killed')!r}), kill_at=13)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not list(tmp_path.rglob("*.tmp"))
    # 12 steps were done, 10 of them in whole epochs; the next 20 and all after are the same.
    assert run(tmp_path / "killed") == whole
    assert len(whole) == 30
    assert (tmp_path / "killed" / LOSSES).read_text().count("\n") == 31


def joined(rank: int, folder: Path) -> None:
    """One of two processes; leaves its losses."""
    distributed.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=2)
    losses = run(folder / "two", dropout=False)
    np.save(folder / f"losses-{rank}.npy", losses)
    distributed.destroy_process_group()


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    alone = run(tmp_path / "one", dropout=False)
    other = multiprocessing.get_context("spawn").Process(target=joined, args=(1, tmp_path))
    other.start()
    joined(0, tmp_path)
    other.join(250)
    for rank in range(2):
        np.testing.assert_allclose(np.load(tmp_path / f"losses-{rank}.npy"), alone, rtol=1e-4)


def test_loss_falls_and_other_settings_are_refused(tmp_path: Path) -> None:
    losses = run(tmp_path)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    model, inputs, labels = problem()
    other = FitConfig(epochs=7, batch=8, learning_rate=0.05)
    with pytest.raises(DataError, match="others"):
        fit(model, inputs, labels, loss=lambda b, _: b.sum(), config=other, folder=tmp_path, progress=False)


def test_learning_rate_falls_at_the_milestones() -> None:
    config = FitConfig(epochs=6, learning_rate=1.0, milestones=(0.5, 0.9))
    assert [learning_rate(config, e) for e in range(6)] == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01])


def test_too_few_samples_are_refused(tmp_path: Path) -> None:
    model, inputs, labels = problem()
    with pytest.raises(DataError, match="batch"):
        fit(model, inputs[:5], labels[:5], loss=lambda b, _: b.sum(), config=CONFIG, folder=tmp_path)
