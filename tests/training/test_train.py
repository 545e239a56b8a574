import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from streams.skeleton.errors import ConfigError, DataError
from tests.training.small_data import HashEncoder, write_packed
from training import grammar_batches
from training import train as module
from training.config import GrammarConfig, SidesConfig, StGcnConfig, TrainConfig, TransformerConfig
from training.grammar import GrammarMotion, sample_motion
from training.methods.pgfa import Pgfa
from training.run_folder import CHECKPOINT, METRICS, SETTINGS, load_run
from training.texts import class_texts, read_descriptions
from training.train import class_rows, learning_rate, train

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


MIXED = {"grammar": GrammarConfig(motions=8, share=0.25), "adapter": 6}
"""A quarter of every batch from the motion grammar, and a text side that learns."""


SIDED = MIXED | {
    "sides": SidesConfig(even=10, odd=6),
    "encoder": TransformerConfig(width=8, depth=1, heads=2),
}


@pytest.mark.parametrize("changes", [{}, MIXED, SIDED], ids=["recordings", "mixed", "sided"])
def test_resumed_run_equals_the_uninterrupted_one(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    config = dataclasses.replace(config, **changes)  # pyright: ignore[reportArgumentType]
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


class Step:
    """What the loss of one step was given."""

    def __init__(self, text: torch.Tensor, labels: torch.Tensor, negatives: torch.Tensor | None) -> None:
        self.text, self.labels, self.negatives = text.detach(), labels, negatives
        self.text_learns = text.requires_grad


def steps_of(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """The steps of a whole run."""
    steps: list[Step] = []
    loss = module.contrastive_kl

    def watched(
        skeleton: torch.Tensor,
        text: torch.Tensor,
        labels: torch.Tensor,
        *,
        negatives: torch.Tensor | None,
        **settings: object,
    ) -> torch.Tensor:
        steps.append(Step(text, labels, negatives))
        return loss(skeleton, text, labels, negatives=negatives, **settings)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "contrastive_kl", watched)
    train(config, HashEncoder(), progress=False)
    return steps


def test_a_share_of_every_batch_is_of_the_grammar(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partly_silent(rng: np.random.Generator) -> GrammarMotion:
        motion = sample_motion(rng)
        return motion if rng.random() < 0.8 else dataclasses.replace(motion, negatives=())

    monkeypatch.setattr(grammar_batches, "sample_motion", partly_silent)
    mixed = GrammarConfig(motions=12, share=0.5)
    steps = steps_of(dataclasses.replace(config, grammar=mixed, adapter=6), monkeypatch)
    assert len(steps) == 8
    classes, silent, spoken = len(set(LABELS)), 0, 0
    for step in steps:
        assert (step.labels[:4] < classes).all()
        assert (step.labels[4:] >= classes).all()
        assert step.text_learns
        if step.negatives is None:  # Not one of the four has a false sentence.
            silent += 4
            continue
        assert not step.negatives[:4].any()
        # None stays none: the adapter has learnt to give zeros a meaning, and must not be asked.
        lengths = step.negatives[4:].norm(dim=1)
        torch.testing.assert_close(lengths, lengths.round())
        silent, spoken = silent + int((lengths == 0).sum()), spoken + int((lengths > 0).sum())
    assert silent > 3
    assert spoken > 3


def test_recordings_alone_have_no_negatives_and_frozen_texts(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = class_texts(sorted(set(LABELS)), HashEncoder(), descriptions=read_descriptions())
    steps = steps_of(dataclasses.replace(config, epochs=1), monkeypatch)
    for step in steps:
        assert step.negatives is None
        assert not step.text_learns
        for row, label in zip(step.text.numpy(), step.labels, strict=True):
            own = np.concatenate([texts.features[label], texts.mirrored[label]])
            assert (own == row).all(axis=1).any()


def test_a_mixed_run_is_read_back_with_its_adapter(config: TrainConfig) -> None:
    mixed = dataclasses.replace(config, **MIXED)  # pyright: ignore[reportArgumentType]
    history = train(mixed, HashEncoder(), progress=False)
    assert all(np.isfinite(losses(history)))
    run = load_run(mixed.out)
    assert run.config == mixed
    moved = run.model.state_dict()["text.correction.2.weight"]
    assert moved.shape == (384, 6)
    assert moved.abs().max() > 1e-3
    features = HashEncoder().encode(["wave", "kick"])
    rows = class_rows(run.model, features)
    assert rows.shape == (2, 1, 384)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, atol=1e-5)
    assert np.abs(rows[:, 0] - features).max() > 1e-3
    np.testing.assert_array_equal(class_rows(Pgfa(config.encoder), features)[:, 0], features)


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
    [
        *({"epochs": 0}, {"batch": 1}, {"epoch_windows": 4}, {"hidden_fold": 3}, {"learning_rate": 0.0}),
        {"adapter": -1},
        {"grammar": GrammarConfig(motions=5, share=0.05)},
        {"grammar": GrammarConfig(motions=5, share=0.95)},
    ],
)
def test_settings_no_run_can_have_are_refused(config: TrainConfig, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        dataclasses.replace(config, **changes)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("changes", [{"motions": -1}, {"share": 0.0}, {"share": 1.0}])
def test_shares_that_leave_nothing_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="share"):
        GrammarConfig(**changes)  # pyright: ignore[reportArgumentType]
