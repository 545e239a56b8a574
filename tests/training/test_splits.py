import pytest

from streams.skeleton.errors import ConfigError
from training.splits import hold_out_subjects, leave_classes_out

LABELS = [name for name in "abcdefg" for _ in range(10)] + ["rare"] * 9


def test_folds_are_disjoint_and_cover_every_frequent_class() -> None:
    folds = leave_classes_out(LABELS, folds=3)
    assert sorted(name for fold in folds for name in fold) == list("abcdefg")
    assert [len(fold) for fold in folds] == [3, 2, 2]


def test_folds_depend_on_names_and_seed_alone() -> None:
    assert leave_classes_out(LABELS, folds=3) == leave_classes_out(LABELS[::-1], folds=3)
    assert leave_classes_out(LABELS, folds=3, seed=1) != leave_classes_out(LABELS, folds=3)


@pytest.mark.parametrize("folds", [1, 8])
def test_impossible_folds_are_refused(folds: int) -> None:
    with pytest.raises(ConfigError, match="folds"):
        leave_classes_out(LABELS, folds=folds)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_some_subjects_stay_and_some_go(share: float) -> None:
    subjects = [f"s{n % 7}" for n in range(50)]
    out = hold_out_subjects(subjects, share=share)
    assert 1 <= len(out) <= 6
    assert out < set(subjects)
    assert out == hold_out_subjects(subjects[::-1], share=share)


def test_one_subject_cannot_be_split() -> None:
    with pytest.raises(ConfigError, match="2 subjects"):
        hold_out_subjects(["only"] * 4, share=0.5)
