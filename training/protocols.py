"""Zero-shot and generalised zero-shot results, as the papers count them, [0, 1] each.

Scores are (N, K), higher is better; truth is (N,) column indices. Nothing here chooses anything
but ``fit_calibration``, which is for pseudo-unseen classes, never for test labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError
from training.metrics import harmonic_mean, top_k

Scores = NDArray[np.floating]
Truth = NDArray[np.integer]


@dataclass(frozen=True)
class Generalised:
    """Accuracies with seen and unseen classes as candidates."""

    seen: float
    """S: of samples of seen classes."""
    unseen: float
    """U: of samples of unseen classes."""

    @property
    def harmonic(self) -> float:
        """H, the harmonic mean of the two."""
        return harmonic_mean(self.seen, self.unseen)


def zero_shot(scores: Scores, truth: Truth, unseen: Sequence[int]) -> float:
    """Top-1 with the unseen classes alone as candidates.

    Args:
        scores: (N, K) of all classes; samples of unseen classes.
        truth: (N,) columns, each among ``unseen``.
        unseen: Columns of the unseen classes.

    Raises:
        ShapeError: A sample of another class, or no samples.
    """
    columns = np.asarray(unseen)
    if not np.isin(truth, columns).all():
        raise ShapeError("wanted samples of unseen classes alone, got others; select them first")
    position = np.searchsorted(columns, truth, sorter=(order := np.argsort(columns)))
    return top_k(scores[:, columns], order[position])


def calibrated(scores: Scores, seen: Sequence[int], gamma: float) -> Scores:
    """The scores with gamma taken off the seen classes: calibrated stacking.

    Chao et al., "An Empirical Study and Analysis of Generalized Zero-Shot Learning", ECCV 2016,
    eq. 4; STAR eq. 9 and Neuron eqs. 9 and 10 use it on softmax probabilities.
    """
    shifted = np.array(scores, np.float64)
    shifted[:, list(seen)] -= gamma
    return shifted


def generalised(scores: Scores, truth: Truth, seen: Sequence[int], *, gamma: float = 0.0) -> Generalised:
    """S and U at one gamma.

    Raises:
        ShapeError: No samples of one of the two kinds.
    """
    known = _known(truth, seen)
    shifted = calibrated(scores, seen, gamma)
    return Generalised(top_k(shifted[known], truth[known]), top_k(shifted[~known], truth[~known]))


def seen_unseen_curve(
    scores: Scores, truth: Truth, seen: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(gamma, S, U) for every gamma at which a prediction changes side, and one beyond each end.

    The first entry calls everything seen, the last everything unseen, unless all scores are equal.
    """
    known = _known(truth, seen)
    inside = np.zeros(scores.shape[1], bool)
    inside[list(seen)] = True
    if inside.all():
        raise ShapeError("wanted unseen classes among the columns, got none")
    best_seen = np.where(inside, scores, -np.inf).astype(np.float64)
    best_unseen = np.where(inside, -np.inf, scores).astype(np.float64)
    margin = best_seen.max(axis=1) - best_unseen.max(axis=1)
    # A sample called seen is right if the best seen class is its own; ties count against it.
    right_seen = _hit(best_seen, truth)
    right_unseen = _hit(best_unseen, truth)
    order = np.unique(margin)
    gammas = np.concatenate([[order[0] - 1.0], (order[:-1] + order[1:]) / 2, [order[-1] + 1.0]])
    called_seen = margin[None, :] > gammas[:, None]
    s = (called_seen & right_seen)[:, known].mean(axis=1)
    u = (~called_seen & right_unseen)[:, ~known].mean(axis=1)
    return gammas, s, u


def ausuc(scores: Scores, truth: Truth, seen: Sequence[int]) -> float:
    """Area under the curve of U over S: a result no choice of gamma can flatter (Chao et al. 2016)."""
    _, s, u = seen_unseen_curve(scores, truth, seen)
    return float(np.trapezoid(u[::-1], s[::-1]))


def fit_calibration(scores: Scores, truth: Truth, seen: Sequence[int]) -> float:
    """The gamma of the highest H, for pseudo-unseen classes; of several, the middle one."""
    gammas, s, u = seen_unseen_curve(scores, truth, seen)
    product = np.where(s + u > 0, 2 * s * u / np.maximum(s + u, 1e-12), 0.0)
    best = np.flatnonzero(product >= product.max() - 1e-12)
    return float(gammas[best[len(best) // 2]])


def probabilities(scores: Scores, *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Softmax over the columns of scores / temperature."""
    logits = np.asarray(scores, np.float64) / temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def either_hit(branches: Sequence[Scores], truth: Truth) -> float:
    """Share of samples that at least one branch gets right: Neuron's published accuracy.

    Neuron, CVPR 2025, sec. 3.5: the prediction is the set of the branches' predictions, and a
    sample counts if its class is in the set. It is at least each branch's own top-1, so it must
    not be compared with a top-1; ``top_k`` of the mean over branches is the strict figure.
    """
    if not branches:
        raise ShapeError("wanted the scores of at least one branch, got none")
    hits = np.zeros(len(truth), bool)
    for scores in branches:
        hits |= _hit(np.asarray(scores), truth)
    return float(hits.mean())


def mean_of_batches(scores: Scores, truth: Truth, *, batch: int = 64) -> float:
    """Mean over batches of their top-1, as PGFA's released code reports (tier A only).

    A short last batch weighs as much as a full one.
    """
    starts = range(0, len(truth), batch)
    return float(np.mean([top_k(scores[at : at + batch], truth[at : at + batch]) for at in starts]))


def _known(truth: Truth, seen: Sequence[int]) -> NDArray[np.bool_]:
    known = np.isin(truth, list(seen))
    if known.all() or not known.any():
        inside = int(known.sum())
        raise ShapeError(
            f"wanted samples of seen and unseen classes, got {inside} and {len(known) - inside}"
        )
    return known


def _hit(scores: Scores, truth: Truth) -> NDArray[np.bool_]:
    own = scores[np.arange(len(truth)), truth]
    return np.isfinite(own) & ((scores >= own[:, None]).sum(axis=1) == 1)
