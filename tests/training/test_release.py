import dataclasses
from pathlib import Path

import pytest

from engine.bundle import load_bundle
from streams.skeleton.errors import DataError
from tests.training.small_data import HashEncoder, write_packed
from training.config import StGcnConfig, TrainConfig
from training.release import release
from training.train import train

LABELS = [name for name in ("raise one arm", "kick", "squat", "raise both arms") for _ in range(10)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of a whole run and of one that hid classes."""
    folder = tmp_path_factory.mktemp("runs")
    write_packed(folder / "accad.npz", LABELS)
    write_packed(folder / "hdm05.npz", LABELS[::4])
    whole = TrainConfig(
        data=folder,
        out=folder / "whole",
        sets=("accad",),
        epochs=1,
        epoch_windows=8,
        batch=8,
        encoder=StGcnConfig(width=2, features=8),
    )
    hiding = dataclasses.replace(whole, out=folder / "hiding", hidden_fold=0, folds=2)
    for config in (whole, hiding):
        train(config, HashEncoder(), progress=False)
    return whole.out, hiding.out


@pytest.mark.parametrize("centred", [False, True])
def test_two_runs_become_a_bundle(
    runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, centred: bool
) -> None:
    # After one step all embeddings lie together; less their mean, rounding errors are most of them.
    monkeypatch.setattr("training.export.PARITY_LIMIT", 0.1)
    folder = tmp_path / "bundle"
    release(*runs, encoder=HashEncoder(), folder=folder, name="small", centred=centred)
    manifest = load_bundle(folder).manifest
    assert manifest.name == "small"
    assert manifest.seen_classes == tuple(sorted(set(LABELS)))
    assert manifest.data == ("accad: ACCAD motion capture, CC BY 3.0",)
    assert manifest.evaluation["centred"] is centred
    assert manifest.evaluation["dev"]["set"] == "hdm05"
    assert manifest.evaluation["recipe"]["encoder"]["width"] == 2
    assert "out" not in manifest.evaluation["recipe"]
    assert len(manifest.evaluation["hidden_classes"]["classes"]) == 2
    assert 0 <= manifest.evaluation["hidden_classes"]["unknown_auroc"] <= 1
    assert -1 <= manifest.calibration.unknown_cosine <= 1
    assert manifest.calibration.idle_extent_m > 0


def test_runs_of_the_wrong_kind_are_refused(runs: tuple[Path, Path], tmp_path: Path) -> None:
    whole, hiding = runs
    folder, encoder = tmp_path / "b", HashEncoder()
    with pytest.raises(DataError, match="hid no class"):
        release(hiding, hiding, encoder=encoder, folder=folder, name="x", centred=False)
    with pytest.raises(DataError, match="calibrate"):
        release(whole, whole, encoder=encoder, folder=folder, name="x", centred=False)
    assert not folder.exists()
