import numpy as np
import pytest

from engine.text.confusion import CosineScale
from training.warned import races, warned

SCALE = CosineScale(mean=0.0, deviation=0.2)
ROWS = np.array([[[1, 0, 0]], [[0.96, 0.28, 0]], [[0, 0, 1]]], np.float32)  # two alike, one not


def sample(*scores: float) -> list[float]:
    return list(scores)


TABLE = np.array(
    [
        sample(0.9, 0.5, 0.1),
        sample(0.4, 0.6, 0.1),  # class 0, nearer to 1
        sample(0.7, 0.6, 0.1),  # class 1, nearer to 0
        sample(0.1, 0.2, 0.9),
    ],
    np.float32,
)
TRUTH = np.array([0, 0, 1, 2])


def test_a_race_counts_both_classes_alike() -> None:
    found = races(TABLE, TRUTH)
    np.testing.assert_allclose(found, [[0, 0.75, 0], [0.75, 0, 0], [0, 0, 0]])


def test_a_race_is_what_counting_one_by_one_gives() -> None:
    rng = np.random.default_rng(0)
    table, truth = rng.normal(size=(60, 4)).astype(np.float32), rng.permutation(np.arange(60) % 4)
    for i in range(4):
        for j in range(4):
            lost = [[row[b] > row[a] for row in table[truth == a]] for a, b in ((i, j), (j, i))]
            assert races(table, truth)[i, j] == pytest.approx((np.mean(lost[0]) + np.mean(lost[1])) / 2)


def test_a_warning_that_comes_true() -> None:
    found = warned(TABLE, TRUTH, ROWS, SCALE)
    assert (found.pairs, found.warned, found.confused, found.both) == (3, 1, 1, 1)
    assert found.auroc == 1.0
    assert found.mean_error == pytest.approx(0.25)
    assert 0 < found.mean_risk < 0.5


def test_a_warning_that_does_not() -> None:
    found = warned(TABLE[:, [0, 2, 1]], np.array([0, 0, 2, 1]), ROWS, SCALE)
    assert (found.warned, found.confused, found.both) == (1, 1, 0)
    assert found.auroc is not None
    assert found.auroc < 1.0


def test_without_a_confused_pair_nothing_can_be_told_apart() -> None:
    table = np.eye(3, dtype=np.float32)
    assert warned(table, np.arange(3), ROWS, SCALE).auroc is None
