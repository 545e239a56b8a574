import dataclasses
from pathlib import Path

import pytest
import torch

from streams.skeleton.errors import ConfigError, DataError
from tests.training.small_data import HashEncoder, write_packed
from training.config import StGcnConfig, TrainConfig
from training.train import CHECKPOINT, METRICS, SETTINGS, learning_rate, load_run, train

LABELS = [name for name in ("raise one arm", "kick", "squat", "raise both arms") for _ in range(10)]


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    write_packed(tmp_path / "a.npz", LABELS)
    write_packed(tmp_path / "dev.npz", LABELS[::7])
    return TrainConfig(
        data=tmp_path,
        out=tmp_path / "run",
        sets=("a",),
        dev="dev",
        dev_every=2,
        epochs=4,
        epoch_windows=16,
        batch=8,
        warmup_epochs=0.5,
        encoder=StGcnConfig(width=2, features=8, dropout=0.5),
    )


def losses(history: list[dict[str, float]]) -> list[float]:
    return [row["loss"] for row in history]


class Killed(BaseException):
    """What a kill looks like from inside."""


def test_resumed_run_equals_the_uninterrupted_one(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(config, HashEncoder(), progress=False)
    weights = torch.load(config.out / CHECKPOINT, weights_only=True)["model"]
    again = dataclasses.replace(config, out=config.out.with_name("stopped"))
    _train_until(again, epochs=2, monkeypatch=monkeypatch)
    assert len(torch.load(again.out / CHECKPOINT, weights_only=True)["history"]) == 2
    torch.manual_seed(999)  # whatever happened in between must not matter
    resumed = train(again, HashEncoder(), progress=False)
    assert losses(resumed) == losses(whole)
    found = torch.load(again.out / CHECKPOINT, weights_only=True)["model"]
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def _train_until(config: TrainConfig, *, epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train, and die in the middle of the epoch after ``epochs``."""
    import training.train as module  # noqa: PLC0415

    calls, loss = 0, module.contrastive_kl

    def dying(*args: object, **settings: object) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls > epochs * config.steps_per_epoch + 1:
            raise Killed
        return loss(*args, **settings)  # pyright: ignore[reportArgumentType, reportCallIssue]

    with monkeypatch.context() as patch:
        patch.setattr(module, "contrastive_kl", dying)
        with pytest.raises(Killed):
            train(config, HashEncoder(), progress=False)


def test_a_run_is_watched_recorded_and_read_back(config: TrainConfig) -> None:
    history = train(dataclasses.replace(config, hidden_fold=0, folds=2), HashEncoder(), progress=False)
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    assert "dev_top1" not in history[0]
    assert 0 <= history[1]["dev_top1"] <= 1
    assert 0 <= history[3]["hidden_name_balanced"] <= 1
    lines = (config.out / METRICS).read_text("utf-8").splitlines()
    assert lines[0].startswith("epoch,loss")
    assert len(lines) == 5
    run = load_run(config.out)
    assert run.epochs == 4
    assert run.config == dataclasses.replace(config, hidden_fold=0, folds=2)
    assert not run.model.training


def test_seeds_decide(config: TrainConfig) -> None:
    other = dataclasses.replace(config, out=config.out.with_name("other"), seed=1)
    assert losses(train(config, HashEncoder(), progress=False)) != losses(
        train(other, HashEncoder(), progress=False)
    )


def test_a_folder_with_another_run_is_left_alone(config: TrainConfig) -> None:
    train(dataclasses.replace(config, epochs=1), HashEncoder(), progress=False)
    before = (config.out / CHECKPOINT).read_bytes()
    with pytest.raises(DataError, match="other settings"):
        train(dataclasses.replace(config, learning_rate=0.1), HashEncoder(), progress=False)
    assert (config.out / CHECKPOINT).read_bytes() == before
    assert (config.out / SETTINGS).is_file()


def test_learning_rate_rises_then_follows_the_schedule(config: TrainConfig) -> None:
    long = dataclasses.replace(config, epochs=10, epoch_windows=80, warmup_epochs=2, learning_rate=1.0)
    rates = [learning_rate(long, step) for step in range(100)]
    assert 0 < rates[0] < 0.1
    assert rates[20] == pytest.approx(1.0)
    assert rates.index(max(rates)) == 20
    assert rates[60] == pytest.approx(0.5)
    assert rates[-1] < 0.01
    steady = dataclasses.replace(long, schedule="constant")
    assert learning_rate(steady, 99) == 1.0


def test_missing_data_and_foreign_folders_are_refused(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        train(dataclasses.replace(config, sets=("nowhere",)), HashEncoder(), progress=False)
    with pytest.raises(DataError, match="training run"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 0}, {"batch": 1}, {"epoch_windows": 4}, {"hidden_fold": 3}, {"learning_rate": 0.0}],
)
def test_settings_no_run_can_have_are_refused(config: TrainConfig, changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        dataclasses.replace(config, **changes)  # pyright: ignore[reportArgumentType]
