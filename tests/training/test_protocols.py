import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError
from training.metrics import top_k
from training.protocols import (
    ausuc,
    calibrated,
    either_hit,
    fit_calibration,
    generalised,
    mean_of_batches,
    probabilities,
    seen_unseen_curve,
    zero_shot,
)

SEEN, UNSEEN = [0, 2, 3], [1, 4]


def table(seed: int = 0, count: int = 40) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(5, size=count)
    truth[:5] = range(5)
    scores = rng.normal(size=(count, 5))
    scores[np.arange(count), truth] += 0.8
    scores[:, SEEN] += 0.7
    return scores, truth


def slow_pair(scores: NDArray[np.float64], truth: NDArray[np.int64], gamma: float) -> tuple[float, float]:
    """S and U, a sample at a time."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    for row, label in zip(scores, truth, strict=True):
        moved = [value - gamma if k in SEEN else value for k, value in enumerate(row)]
        right[int(label) in SEEN].append(max(range(5), key=moved.__getitem__) == label)
    return sum(right[True]) / len(right[True]), sum(right[False]) / len(right[False])


def test_zero_shot_is_the_share_right_among_the_unseen_classes() -> None:
    scores, truth = table()
    mine = np.isin(truth, UNSEEN)
    wanted = [
        UNSEEN[int(np.argmax(row[UNSEEN]))] == label
        for row, label in zip(scores[mine], truth[mine], strict=True)
    ]
    assert zero_shot(scores[mine], truth[mine], UNSEEN) == pytest.approx(np.mean(wanted))
    assert zero_shot(scores[mine], truth[mine], UNSEEN[::-1]) == pytest.approx(np.mean(wanted))


def test_zero_shot_refuses_samples_of_seen_classes() -> None:
    scores, truth = table()
    with pytest.raises(ShapeError, match="unseen"):
        zero_shot(scores, truth, UNSEEN)


@given(st.integers(0, 50), st.floats(-2, 3))
def test_generalised_is_the_slow_count(seed: int, gamma: float) -> None:
    scores, truth = table(seed)
    found = generalised(scores, truth, SEEN, gamma=gamma)
    s, u = slow_pair(scores, truth, gamma)
    assert (found.seen, found.unseen) == (pytest.approx(s), pytest.approx(u))
    assert found.harmonic == pytest.approx(2 * s * u / (s + u) if s + u else 0.0)


def test_calibration_moves_the_seen_columns_alone() -> None:
    scores, _ = table()
    moved = calibrated(scores, SEEN, 0.25)
    np.testing.assert_allclose(scores - moved, np.tile([0.25, 0, 0.25, 0.25, 0], (len(scores), 1)))


def test_curve_agrees_with_single_gammas_and_runs_from_all_seen_to_all_unseen() -> None:
    scores, truth = table()
    gammas, s, u = seen_unseen_curve(scores, truth, SEEN)
    for gamma, mine, theirs in zip(gammas, s, u, strict=True):
        assert slow_pair(scores, truth, gamma) == (pytest.approx(mine), pytest.approx(theirs))
    assert u[0] == 0 == s[-1]
    assert (np.diff(s) <= 0).all()
    assert (np.diff(u) >= 0).all()


def test_area_is_that_of_a_fine_grid_of_gammas() -> None:
    scores, truth = table(count=400)
    grid = [slow_pair(scores, truth, gamma) for gamma in np.linspace(-8, 8, 600)]
    s, u = np.array(sorted(grid)).T
    assert ausuc(scores, truth, SEEN) == pytest.approx(np.trapezoid(u, s), abs=0.01)


def test_area_is_one_where_every_class_is_told() -> None:
    truth = np.arange(5)
    assert ausuc(np.eye(5), truth, SEEN) == pytest.approx(1.0)


def test_fitted_gamma_is_the_best_of_a_grid() -> None:
    scores, truth = table(count=200)
    best = max(generalised(scores, truth, SEEN, gamma=g).harmonic for g in np.linspace(-4, 4, 801))
    found = generalised(scores, truth, SEEN, gamma=fit_calibration(scores, truth, SEEN)).harmonic
    assert found >= best - 1e-9


def test_either_hit_is_at_least_each_branch_and_the_slow_union() -> None:
    first, truth = table(1)
    second = table(1)[0][:, ::-1].copy()
    wanted = np.mean(
        [
            np.argmax(a) == label or np.argmax(b) == label
            for a, b, label in zip(first, second, truth, strict=True)
        ]
    )
    found = either_hit([first, second], truth)
    assert found == pytest.approx(wanted)
    assert found >= max(top_k(first, truth), top_k(second, truth))
    assert either_hit([first], truth) == top_k(first, truth)


def test_constant_scores_hit_nothing() -> None:
    assert either_hit([np.zeros((6, 5))], np.zeros(6, int)) == 0


def test_probabilities_are_a_softmax() -> None:
    scores, _ = table()
    rows = probabilities(scores, temperature=0.1)
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(rows[:, 0] / rows[:, 1]), (scores[:, 0] - scores[:, 1]) / 0.1)


def test_mean_of_batches_weighs_a_short_last_batch_like_a_full_one() -> None:
    scores = np.eye(5)[[0, 1, 2, 3, 0]]
    truth = np.array([0, 1, 2, 3, 4])
    assert mean_of_batches(scores, truth, batch=4) == 0.5
    assert top_k(scores, truth) == 0.8


def test_one_kind_of_sample_alone_is_refused() -> None:
    with pytest.raises(ShapeError, match="seen and unseen"):
        generalised(np.eye(5), np.array([0, 0, 2, 2, 3]), SEEN)
