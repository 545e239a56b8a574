import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from engine.bundle import load_bundle
from engine.text.descriptions import class_feature, describe
from engine.text.projection import TextProjection
from streams.skeleton.errors import DataError
from tests.training.small_data import HashEncoder, write_packed
from training.calibrate import fit_unknown
from training.config import GrammarConfig, StGcnConfig, TrainConfig
from training.datasets.packed import load_packed
from training.rejection import halved
from training.release import release
from training.run_folder import CHECKPOINT, load_run
from training.sequences import joined
from training.train import class_rows, torch_embed, train
from training.zero_shot import scores, sequence_embeddings

LABELS = [name for name in ("raise one arm", "kick", "squat", "raise both arms") for _ in range(10)]
DEV = ["punch", "bow", "hop"] * 4


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a whole run, of one that hid classes, of one with grammar and adapter."""
    folder = tmp_path_factory.mktemp("runs")
    write_packed(folder / "accad.npz", LABELS)
    write_packed(folder / "hdm05.npz", DEV)
    whole = TrainConfig(
        data=folder,
        out=folder / "whole",
        sets=("accad",),
        epochs=1,
        epoch_windows=8,
        batch=8,
        encoder=StGcnConfig(width=2, features=8),
    )
    configs = (
        whole,
        dataclasses.replace(whole, out=folder / "hiding", hidden_fold=0, folds=2),
        dataclasses.replace(whole, out=folder / "unwatched", dev=None),
        dataclasses.replace(whole, out=folder / "mixed", adapter=4, grammar=GrammarConfig(motions=6)),
    )
    for config in configs:
        train(config, HashEncoder(), progress=False)
    _unsettle_adapter(folder / "mixed")
    return {config.out.name: config.out for config in configs}


def _unsettle_adapter(folder: Path) -> None:
    """After one step it is nearly the identity; what forgets to ask it would not be noticed."""
    state = torch.load(folder / CHECKPOINT, weights_only=True)
    chance = torch.Generator().manual_seed(0)
    last = state["model"]["text.correction.2.bias"]
    last += torch.randn(last.shape, generator=chance) / 10
    torch.save(state, folder / CHECKPOINT)


@pytest.fixture
def loose(monkeypatch: pytest.MonkeyPatch) -> None:
    # After one step all embeddings lie together; less their mean, rounding errors are most of them.
    monkeypatch.setattr("training.export.PARITY_LIMIT", 0.1)


@pytest.mark.usefixtures("loose")
def test_two_runs_become_a_bundle(runs: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    release(runs["whole"], runs["hiding"], encoder=HashEncoder(), folder=folder, name="small", centred=True)
    manifest = load_bundle(folder).manifest
    assert manifest.name == "small"
    assert manifest.seen_classes == tuple(sorted(set(LABELS)))
    assert manifest.data == ("accad: ACCAD motion capture, CC BY 3.0",)
    assert manifest.evaluation["centred"] is True
    assert manifest.evaluation["dev"]["set"] == "hdm05"
    assert manifest.evaluation["recipe"]["encoder"]["width"] == 2
    assert "out" not in manifest.evaluation["recipe"]
    calibration = manifest.evaluation["calibration"]
    assert calibration["sets"] == ["fold 0"]
    assert 0 <= calibration["unknown_auroc"] <= 1
    assert -1 <= manifest.calibration.unknown_cosine <= 1
    assert manifest.calibration.idle_extent_m > 0
    assert manifest.calibration.bank != BankConstants()


@pytest.mark.usefixtures("loose")
def test_one_run_is_calibrated_on_the_development_set(runs: dict[str, Path], tmp_path: Path) -> None:
    encoder = HashEncoder()
    bundle = release(
        runs["mixed"], encoder=encoder, folder=tmp_path / "bundle", name="mixed", centred=False
    )
    manifest = bundle.manifest
    assert manifest.data == (
        "accad: ACCAD motion capture, CC BY 3.0",
        "grammar: 6 motions of this project's own motion grammar, Apache-2.0",
    )
    assert manifest.seen_classes == tuple(sorted(set(LABELS)))  # no key of the grammar
    assert manifest.evaluation["recipe"]["grammar"] == {"motions": 6, "share": 0.5, "library": True}
    assert manifest.evaluation["recipe"]["adapter"] == 4
    calibration = manifest.evaluation["calibration"]
    assert calibration["sets"] == ["hdm05"]
    assert calibration["windows"] == len(DEV)  # sequences of 2 s, a window each
    assert 0 <= calibration["top1"] <= 1
    assert 0 <= calibration["unknown_auroc"] <= 1
    assert -1 <= manifest.calibration.unknown_cosine <= 1
    assert 0.01 <= manifest.calibration.temperature <= 0.3
    assert 0 < manifest.calibration.bank_entropy <= 1
    assert manifest.calibration.idle_extent_m > 0
    model = load_run(runs["mixed"]).model
    dev = joined([load_packed(runs["mixed"].parent / "hdm05.npz")])
    rows = sequence_embeddings(dev, torch_embed(model), spec=manifest.window)
    typed = np.stack([class_feature(describe(name, encoder).texts, encoder) for name in dev.classes])
    truth = np.array([dev.classes.index(label) for label in dev.labels])
    known, unknown = halved(scores(rows, class_rows(model, typed)), truth)
    assert manifest.calibration.unknown_cosine == pytest.approx(fit_unknown(known, unknown)[0], abs=1e-5)
    features = encoder.encode(["wave", "kick"])
    wanted = class_rows(model, features)
    np.testing.assert_allclose(TextProjection(bundle).rows(features), wanted, atol=1e-5)


def test_runs_of_the_wrong_kind_are_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    def refused(run: str, calibration: str | None, match: str) -> None:
        with pytest.raises(DataError, match=match):
            release(
                runs[run],
                runs[calibration] if calibration else None,
                encoder=HashEncoder(),
                folder=tmp_path / "b",
                name="x",
                centred=False,
            )
        assert not (tmp_path / "b").exists()

    refused("hiding", "hiding", "hid no class")
    refused("whole", "whole", "calibrate")
    refused("unwatched", None, "development set")
    checkpoint = runs["hiding"] / CHECKPOINT
    state = torch.load(checkpoint, weights_only=True)
    torch.save({**state, "history": []}, checkpoint)
    try:
        refused("whole", "hiding", "after 0 of 1 epochs")
    finally:
        torch.save(state, checkpoint)


def slow_halved(table: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    """Twenty halvings, a window at a time."""
    rng, count = np.random.default_rng(0), table.shape[1]
    known: list[float] = []
    unknown: list[float] = []
    for _ in range(20):
        place = rng.permutation(count)
        candidates = [k for k in range(count) if place[k] < count / 2]
        for row, own in zip(table, truth, strict=True):
            (known if own in candidates else unknown).append(max(float(row[k]) for k in candidates))
    return known, unknown


@pytest.mark.parametrize("classes", [2, 5, 6])
def test_halves_of_the_classes_are_unknown_in_turn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    table = rng.uniform(-1, 1, (30, classes)).astype(np.float32)
    truth = rng.integers(0, classes, 30)
    known, unknown = halved(table, truth)
    slow_known, slow_unknown = slow_halved(table, truth)
    np.testing.assert_array_equal(known, slow_known)
    np.testing.assert_array_equal(unknown, slow_unknown)


def test_an_unknown_window_is_not_scored_by_its_own_class() -> None:
    truth = np.arange(4).repeat(3)
    known, unknown = halved(np.eye(4, dtype=np.float32)[truth], truth)
    assert len(known) == len(unknown) == 20 * 6
    assert known.min() == 1
    assert unknown.max() == 0
