"""The constants of the engine's decision, measured on classes the encoder has never seen."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from engine.motion import motion_extent
from streams.skeleton.errors import DataError
from training.metrics import auroc

_TEMPERATURES = np.geomspace(0.01, 0.3, 60)
_ENTROPY_SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)


def fit_temperature(scores: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Temperature whose softmax of the scores gives the true classes most likelihood.

    Every class weighs the same, however many samples it has.

    Args:
        scores: (N, K) cosines.
        truth: (N,) class indices.
    """
    counts = np.bincount(truth, minlength=scores.shape[1])
    weight = 1.0 / counts[truth]

    def loss(temperature: float) -> float:
        logits = scores / temperature
        peak = logits.max(axis=1, keepdims=True)
        log_sum = peak[:, 0] + np.log(np.exp(logits - peak).sum(axis=1))
        return float((weight * (log_sum - logits[np.arange(len(truth)), truth])).sum())

    return float(min(_TEMPERATURES, key=loss))


def fit_unknown(known: NDArray[np.floating], unknown: NDArray[np.floating]) -> tuple[float, float]:
    """Best-class cosine that best tells known actions from others, and the AUROC of telling them.

    Best is the highest mean of the known share kept and the unknown share refused.

    Args:
        known: (P,) best cosine of samples whose class is in the vocabulary.
        unknown: (Q,) the same of samples whose class is not.
    """
    candidates = np.unique(np.concatenate([known, unknown]))
    kept = (known[None, :] >= candidates[:, None]).mean(axis=1)
    refused = (unknown[None, :] < candidates[:, None]).mean(axis=1)
    return float(candidates[np.argmax(kept + refused)]), auroc(known, unknown)


def entropy_shares(
    embeddings: NDArray[np.float32], classes: NDArray[np.float32], truth: NDArray[np.integer]
) -> dict[float, float]:
    """Balanced accuracy of PGFA's prototypes by the share of low-entropy samples they use.

    Args:
        embeddings: (N, P, D) unit rows.
        classes: (K, P, D) unit rows.
        truth: (N,) class indices.
    """
    return {
        share: _balanced(prototype_scores(embeddings, classes, share=share).argmax(axis=1), truth)
        for share in _ENTROPY_SHARES
    }


def best_share(found: Mapping[float, float]) -> float:
    """The share of the best accuracy; of equal ones the larger, as more observations are steadier."""
    return max(found, key=lambda share: (round(found[share], 3), share))


def prototype_scores(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.float32],
    *,
    share: float,
    asked: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """(N, K) cosines to PGFA's offline prototypes, as ``prototypes`` makes them.

    Args:
        embeddings: (N, P, D) unit rows.
        classes: (K, P, D) unit rows.
        share: Alpha, (0, 1].
        asked: (N, P, D) unit rows to score; the embeddings themselves if None.
    """
    wanted = embeddings if asked is None else asked
    return np.einsum("npd,kpd->nk", wanted, prototypes(embeddings, classes, share=share)) / classes.shape[1]


def prototypes(
    embeddings: NDArray[np.float32], classes: NDArray[np.float32], *, share: float
) -> NDArray[np.float32]:
    """(K, P, D) unit rows: PGFA's offline prototypes (TIP 2025, sec. III-C, eqs. 8 to 11).

    Every sample is labelled by its nearest class row; a class whose samples, the ``share`` of least
    entropy among them, number at least one is replaced by their mean.

    Args:
        embeddings: (N, P, D) unit rows.
        classes: (K, P, D) unit rows.
        share: Alpha, (0, 1].
    """
    scores = np.einsum("npd,kpd->nk", embeddings, classes) / classes.shape[1]
    labels = scores.argmax(axis=1)
    weights = np.exp(scores)  # of raw cosines, as released
    chances = weights / weights.sum(axis=1, keepdims=True)
    entropy = -(chances * np.log(chances)).sum(axis=1)
    found = classes.copy()
    for k in range(len(classes)):
        mine = np.flatnonzero(labels == k)
        chosen = mine[np.argsort(entropy[mine], kind="stable")[: int(share * len(mine))]]
        if len(chosen):
            mean = embeddings[chosen].mean(axis=0)
            found[k] = mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-12)
    return found


def fit_idle(acting: Iterable[NDArray[np.float32]], standing: Iterable[NDArray[np.float32]]) -> float:
    """Extent, metres, below which a window is idle: between people who stand and people who act.

    The geometric mean of what 99.5 % of the standing windows stay below and what 99.5 % of the
    acting ones exceed. Acting alone would set it too high: recordings show large actions, and a
    small wave must not count as standing.

    Args:
        acting: (T, 25, 3) normalised windows of actions.
        standing: (T, 25, 3) normalised windows of someone who stands still.
    """
    least = float(np.percentile([motion_extent(window) for window in acting], 0.5))
    most = float(np.percentile([motion_extent(window) for window in standing], 99.5))
    return math.sqrt(least * most)


def _balanced(predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    if len(truth) == 0:
        raise DataError("wanted samples to measure on, got none")
    return float(np.mean([(predicted[truth == k] == k).mean() for k in np.unique(truth)]))
