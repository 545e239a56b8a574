from pathlib import Path

import pytest

from streams.skeleton.errors import DataError
from tests.training.small_data import write_packed
from training.config import TrainConfig
from training.datasets.packed import load_packed
from training.sequences import joined, load_training


def test_equal_labels_of_two_sets_are_one_class_but_subjects_are_not(tmp_path: Path) -> None:
    first = load_packed(write_packed(tmp_path / "a.npz", ["arm", "leg"]))
    second = load_packed(write_packed(tmp_path / "b.npz", ["arm"]))
    both = joined([first, second])
    assert len(both) == 3
    assert both.classes == ("arm", "leg")
    assert both.subjects == ("a/s0", "a/s1", "b/s0")
    kept = both.where([False, True, True])
    assert kept.labels == ("leg", "arm")
    assert kept.positions[1] is second.sequences[0]


def test_no_set_is_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        joined([])


def test_hidden_classes_are_never_trained_on(tmp_path: Path) -> None:
    labels = [name for name in ("arm", "leg", "squat", "arms") for _ in range(10)]
    write_packed(tmp_path / "a.npz", labels)
    seen_classes: set[str] = set()
    for fold in range(2):
        config = TrainConfig(data=tmp_path, out=tmp_path, sets=("a",), hidden_fold=fold, folds=2)
        seen, hidden = load_training(config)
        assert hidden is not None
        assert not set(seen.labels) & set(hidden.labels)
        assert len(seen) + len(hidden) == 40
        seen_classes |= set(hidden.labels)
    assert seen_classes == {"arm", "leg", "squat", "arms"}
    everything, nothing = load_training(TrainConfig(data=tmp_path, out=tmp_path, sets=("a",)))
    assert len(everything) == 40
    assert nothing is None
