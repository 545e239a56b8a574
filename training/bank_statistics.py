"""What a prototype bank must know of an encoder, measured on classes the encoder has never seen.

Contrastive training pulls trained classes onto their texts, so on them every figure here would be
far too good. Distances are between unit rows of P·D numbers divided by the root of P.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError

Array = NDArray[np.floating]


@dataclass(frozen=True)
class BankStatistics:
    """Scatter of embeddings and texts about each other; lengths are squared distances."""

    within: float
    """w: mean squared distance of an embedding to the mean of its class."""
    text_error: float
    """V0: mean squared distance of a class's mean to its anchor."""
    between: float
    """B: mean squared distance of a class's mean to the mean of all classes."""
    dimension: float
    """D: effective dimension of the scatter within classes, (tr C)² / tr(C²)."""
    length: float
    """Rho: mean length of a class's mean; 1 where its embeddings are all alike."""
    worth: float
    """kappa0 = w / V0: how many observations a text is worth."""
    cosine: float
    """Mean cosine of a class's text and its mean."""
    corrected_cosine: float
    """The same after both sides' means were taken off."""


def measure(
    rows: Array, truth: NDArray[np.integer], classes: Array, *, corrected: bool = False
) -> BankStatistics:
    """The statistics of labelled embeddings, every class weighing the same.

    Means of classes are taken from few samples; what that adds to a distance is taken off again.

    Args:
        rows: (N, P, D) unit rows.
        truth: (N,) class indices; classes with fewer than two samples do not count.
        classes: (K, P, D) unit rows of the texts.
        corrected: Anchors are the texts with the mean of all texts replaced by that of all classes'
            means (the gap correction); otherwise the texts as they are.

    Raises:
        DataError: Fewer than two classes with two samples.
    """
    counts = np.bincount(truth, minlength=len(classes))
    kept = np.flatnonzero(counts >= 2)
    if len(kept) < 2:
        raise DataError(f"wanted two classes of two samples or more, got {len(kept)}; name another set")
    flat, texts = _flat(rows), _flat(classes)[kept]
    groups = [flat[truth == k] for k in kept]
    means = np.stack([group.mean(axis=0) for group in groups])
    scatters = np.array([((g - m) ** 2).sum() / (len(g) - 1) for g, m in zip(groups, means, strict=True)])
    within, sizes = float(scatters.mean()), counts[kept]
    noise = float((scatters / sizes).mean())
    middle = means.mean(axis=0)
    length = float(np.linalg.norm(means, axis=1).mean())
    moved = _unit(texts - texts.mean(axis=0) + middle) if corrected else texts
    spread = ((means - middle) ** 2).sum(axis=1).mean() * len(kept) / (len(kept) - 1)
    text_error = float(((means - length * moved) ** 2).sum(axis=1).mean()) - noise
    centred = _unit(means - middle), _unit(texts - texts.mean(axis=0))
    return BankStatistics(
        within=within,
        text_error=text_error,
        between=float(spread) - noise,
        dimension=_dimension(groups, means),
        length=length,
        worth=within / max(text_error, 1e-9),
        cosine=float((_unit(means) * texts).sum(axis=1).mean()),
        corrected_cosine=float((centred[0] * centred[1]).sum(axis=1).mean()),
    )


def _dimension(groups: list[Array], means: Array) -> float:
    """(tr C)² / tr(C²) of the covariance within classes, pooled alike over classes.

    The plain estimate of tr(C²) is too large by (tr C)² / n; that is taken off (Bai and
    Saranadasa, Statistica Sinica 1996).
    """
    # Every class weighs the same: its deviations are scaled to one covariance each.
    scaled = [(g - m) / np.sqrt((len(g) - 1) * len(groups)) for g, m in zip(groups, means, strict=True)]
    gram = np.concatenate(scaled)
    trace = float((gram**2).sum())
    inner = gram @ gram.T
    # Degrees of freedom of the weighted sum (Satterthwaite).
    freedom = len(groups) ** 2 / sum(1.0 / (len(g) - 1) for g in groups)
    square = float((inner**2).sum()) - trace**2 / freedom
    return trace**2 / max(square, trace**2 / gram.shape[1])


def _flat(rows: Array) -> Array:
    return rows.reshape(len(rows), -1).astype(np.float64) / np.sqrt(rows.shape[1])


def _unit(rows: Array) -> Array:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
