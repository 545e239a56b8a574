"""Scores of a recognizer, [0, 1] each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError


def top_k(scores: NDArray[np.floating], truth: NDArray[np.integer], *, k: int = 1) -> float:
    """Share of samples whose class is among the k best scored.

    Args:
        scores: (N, K) any numbers, higher is better.
        truth: (N,) class indices.
        k: At least 1; K or more counts every sample.

    Raises:
        ShapeError: No samples, or shapes that do not fit.
    """
    return float(_hits(scores, truth, k).mean())


def balanced_top_k(scores: NDArray[np.floating], truth: NDArray[np.integer], *, k: int = 1) -> float:
    """Mean over the classes that occur of their own top-k share."""
    hits = _hits(scores, truth, k)
    return float(np.mean([hits[truth == label].mean() for label in np.unique(truth)]))


def per_class(
    scores: NDArray[np.floating], truth: NDArray[np.integer], names: Sequence[str]
) -> dict[str, float]:
    """Top-1 share of every class that occurs, by name."""
    hits = _hits(scores, truth, 1)
    found = (int(label) for label in np.unique(truth))
    return {names[label]: float(hits[truth == label].mean()) for label in found}


def confusions(scores: NDArray[np.floating], truth: NDArray[np.integer]) -> NDArray[np.int64]:
    """(K, K) counts of samples, true class by best scored class.

    Args:
        scores: (N, K) any numbers, higher is better.
        truth: (N,) class indices.
    """
    found = np.zeros((scores.shape[1],) * 2, np.int64)
    np.add.at(found, (truth, scores.argmax(axis=1)), 1)
    return found


def harmonic_mean(seen: float, unseen: float) -> float:
    """Harmonic mean of two accuracies, as generalised zero-shot results are told; 0 if both are."""
    return 0.0 if seen + unseen == 0 else 2 * seen * unseen / (seen + unseen)


def auroc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """Chance that a positive's score exceeds a negative's, ties counted half.

    Args:
        positive: (P,) scores that should be high, P at least 1.
        negative: (Q,) scores that should be low, Q at least 1.

    Raises:
        ShapeError: Either is empty.
    """
    if not (len(positive) and len(negative)):
        raise ShapeError(f"wanted scores on both sides, got {len(positive)} and {len(negative)}")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / (2 * len(negative)))


def _hits(scores: NDArray[np.floating], truth: NDArray[np.integer], k: int) -> NDArray[np.bool_]:
    if scores.ndim != 2 or truth.shape != scores.shape[:1] or len(truth) == 0 or k < 1:
        raise ShapeError(
            f"wanted scores (N, K), truth (N,), N and k at least 1, got {scores.shape}, {truth.shape}, {k}"
        )
    own = scores[np.arange(len(truth)), truth]
    # Ties count against the sample: a constant score must not look like a good one.
    above = (scores >= own[:, None]).sum(axis=1) - 1
    return above < k
