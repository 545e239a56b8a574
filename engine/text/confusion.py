"""How likely two actions are taken for each other, told from their class rows alone."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OFFSET, SLOPE = -0.9, 0.55
"""Of the logistic curve: least squares on the 55 pairs of HDM05, which no training saw (lab log)."""
WARN_RISK = 0.27
"""Least risk worth a warning: two deviations above the mean, the best F1 on the open sets (lab log)."""


@dataclass(frozen=True)
class CosineScale:
    """Where the cosines between class rows of different actions lie in one bundle.

    Bundles spread their class rows differently; in units of this spread they can be compared.
    """

    mean: float
    deviation: float

    def standardised(self, cosine: float) -> float:
        """The cosine in standard deviations above the mean."""
        return (cosine - self.mean) / self.deviation


def cosine_scale(rows: NDArray[np.float32]) -> CosineScale:
    """The scale of a bundle: over all pairs of different classes.

    Args:
        rows: (K, P, D) float32 unit rows of K classes, at least 3, for example the library's.
    """
    pairs = pair_cosines(rows, rows)[np.triu_indices(len(rows), 1)]
    return CosineScale(mean=float(pairs.mean()), deviation=max(float(pairs.std()), 1e-6))


def pair_cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """(K, L) mean over P of the cosines between class rows (K, P, D) and (L, P, D)."""
    parts = one.shape[1]
    return one.reshape(len(one), -1) @ other.reshape(len(other), -1).T / parts


def confusion_risk(cosine: float, scale: CosineScale) -> float:
    """Share of recordings of either action that a race of the two gets wrong, [0, 0.5].

    Args:
        cosine: Between the two actions' class rows.
        scale: Of the bundle that made the rows.
    """
    return 0.5 / (1.0 + math.exp(-(OFFSET + SLOPE * scale.standardised(cosine))))
