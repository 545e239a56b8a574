import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import ShapeError
from training.metrics import auroc, balanced_top_k, confusions, harmonic_mean, per_class, top_k

SCORES = np.array([[0.9, 0.5, 0.1], [0.2, 0.3, 0.4], [0.6, 0.5, 0.4], [0.1, 0.9, 0.2]])
TRUTH = np.array([0, 1, 2, 1])


def slow_hit(row: np.ndarray, label: int, k: int) -> bool:
    """Ties go against the sample."""
    better = [j for j in range(len(row)) if j != label and row[j] >= row[label]]
    return len(better) < k


@given(seed=st.integers(0, 10_000), k=st.integers(1, 6), ties=st.booleans())
def test_top_k_against_a_slow_count(seed: int, k: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, (12, 5)).astype(float) if ties else rng.normal(size=(12, 5))
    truth = rng.integers(0, 5, 12)
    hits = [slow_hit(row, int(label), k) for row, label in zip(scores, truth, strict=True)]
    assert top_k(scores, truth, k=k) == pytest.approx(sum(hits) / 12)
    groups = {label: [h for h, t in zip(hits, truth, strict=True) if t == label] for label in truth}
    slow = sum(sum(group) / len(group) for group in groups.values()) / len(groups)
    assert balanced_top_k(scores, truth, k=k) == pytest.approx(slow)


def test_by_hand() -> None:
    assert top_k(SCORES, TRUTH) == 0.5
    assert top_k(SCORES, TRUTH, k=2) == 0.75
    assert top_k(SCORES, TRUTH, k=3) == 1.0
    assert balanced_top_k(SCORES, TRUTH) == pytest.approx((1 + 0.5 + 0) / 3)
    assert per_class(SCORES, TRUTH, ["a", "b", "c"]) == {"a": 1.0, "b": 0.5, "c": 0.0}


def test_a_constant_score_is_never_right() -> None:
    assert top_k(np.ones((4, 3)), np.array([0, 1, 2, 0])) == 0.0


def test_harmonic_mean() -> None:
    assert harmonic_mean(0.5, 1.0) == pytest.approx(2 / 3)
    assert harmonic_mean(0.0, 0.0) == 0.0
    assert harmonic_mean(0.0, 1.0) == 0.0


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=15),
    st.lists(st.integers(0, 5), min_size=1, max_size=15),
)
def test_auroc_counts_pairs(positive: list[int], negative: list[int]) -> None:
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    assert auroc(np.array(positive), np.array(negative)) == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize(
    ("scores", "truth", "k"),
    [(SCORES, TRUTH[:2], 1), (SCORES[0], TRUTH[:1], 1), (SCORES[:0], TRUTH[:0], 1), (SCORES, TRUTH, 0)],
)
def test_shapes_that_do_not_fit_are_refused(scores: np.ndarray, truth: np.ndarray, k: int) -> None:
    with pytest.raises(ShapeError):
        top_k(scores, truth, k=k)
    with pytest.raises(ShapeError):
        auroc(np.array([]), np.array([1.0]))


def test_confusions_count_who_is_taken_for_whom() -> None:
    scores = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.2, 0.7], [0.6, 0.2, 0.1]])
    found = confusions(scores, np.array([0, 0, 2, 2]))
    assert found.tolist() == [[1, 1, 0], [0, 0, 0], [1, 0, 1]]
