"""Known actions against those nobody has named."""

import numpy as np
from numpy.typing import NDArray

from training.metrics import auroc

_HALVINGS = 20


def halved(
    table: NDArray[np.float32], truth: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Best scores of samples whose class is among the candidates, and of samples whose is not.

    Half of the classes, drawn anew 20 times, are the candidates; of an odd number one more than half.

    Args:
        table: (N, K) scores of every class, K at least 2.
        truth: (N,) class indices.
    """
    rng, count = np.random.default_rng(0), table.shape[1]
    known: list[NDArray[np.float32]] = []
    unknown: list[NDArray[np.float32]] = []
    for _ in range(_HALVINGS):
        inside = rng.permutation(count) < (count + 1) // 2
        best = table[:, inside].max(axis=1)
        known.append(best[inside[truth]])
        unknown.append(best[~inside[truth]])
    return np.concatenate(known), np.concatenate(unknown)


def rejection_auroc(table: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Chance that a known sample's best score exceeds an unknown one's, half of the classes hidden."""
    return auroc(*halved(table, truth))
