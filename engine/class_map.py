"""The classes as points of a plane, and how near each lies to each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Rows
from engine.text.confusion import pair_cosines

MOST_MAPPED = 60
"""Classes in one map: more can be neither told apart nor read."""


@dataclass(frozen=True)
class ClassMap:
    """Classes in two dimensions; JSON-safe."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[tuple[float, float], ...]
    """Where each class's text lies."""
    prototypes: tuple[tuple[float, float], ...]
    """Where each class lies now; its text until somebody has taught it."""
    kept: float
    """Share of the spread that two dimensions show, [0, 1]."""
    cosines: tuple[tuple[float, ...], ...]
    """(K, K) between the prototypes, [-1, 1]."""
    total: int
    """Classes there are; beyond 60 only the oldest are mapped."""


def class_map(
    ids: Sequence[str],
    names: Sequence[str],
    *,
    texts: Sequence[Rows],
    prototypes: Sequence[Rows],
    total: int,
) -> ClassMap:
    """The map of K classes: the plane in which texts and prototypes spread most (principal components).

    Args:
        ids: K ids.
        names: K names.
        texts: K times (P, D) unit rows.
        prototypes: K times (P, D) unit rows.
        total: Classes there are.
    """
    count = len(ids)
    if not count:
        return ClassMap((), (), (), (), 1.0, (), total)
    text_rows, rows = np.stack(texts), np.stack(prototypes)
    points, kept = _plane(np.concatenate([text_rows, rows]).reshape(2 * count, -1).astype(np.float64))
    pairs = np.clip(pair_cosines(rows, rows), -1.0, 1.0)
    return ClassMap(
        ids=tuple(ids),
        names=tuple(names),
        texts=_pairs(points[:count]),
        prototypes=_pairs(points[count:]),
        kept=kept,
        cosines=tuple(tuple(round(float(value), 3) for value in row) for row in pairs),
        total=total,
    )


def _plane(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """(N, 2) principal components of rows (N, L), and the share of their variance."""
    centred = rows - rows.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(rows), 2))
    width = min(2, len(spread))
    points[:, :width] = left[:, :width] * spread[:width]
    total = float((spread**2).sum())
    return points, 1.0 if total < 1e-12 else float((spread[:2] ** 2).sum()) / total


def _pairs(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in points)
