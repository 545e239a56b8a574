"""Unit rows: the one form in which embeddings, text features and prototypes travel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT_TOLERANCE = 1e-3
"""Most that the length of a unit row may differ from 1."""

_NO_DIRECTION = 1e-6
"""Sums of unit rows shorter than this cancel out."""


def are_unit(rows: NDArray[np.floating[Any]]) -> bool:
    """Whether every vector along the last axis is finite and of unit L2 norm; True for none."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.square(rows).sum(axis=-1))
        # NaN and infinity fail the comparison.
        return bool((np.abs(lengths - 1.0) <= UNIT_TOLERANCE).all())


def mean_direction(rows: Sequence[NDArray[np.floating[Any]]]) -> NDArray[np.float32] | None:
    """(P, D) float32 unit rows along the sum of these, one or more; None where they cancel out."""
    total = np.sum(rows, axis=0, dtype=np.float64)
    lengths = np.linalg.norm(total, axis=-1, keepdims=True)
    return (total / lengths).astype(np.float32) if lengths.min() > _NO_DIRECTION else None


def is_unit(vector: NDArray[np.floating[Any]]) -> bool:
    """Whether one vector (D,) is finite and of unit L2 norm; a tenth of the time of ``are_unit``."""
    # The square of a length near 1 is twice as far from 1. NaN and infinity fail the comparison.
    return abs(float(np.vdot(vector, vector)) - 1.0) <= 2.0 * UNIT_TOLERANCE
