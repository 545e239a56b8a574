"""Whether the warning of confusion comes true: pairs it warned of, and pairs that were confused."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.text.confusion import WARN_RISK, CosineScale, confusion_risk, pair_cosines
from training.metrics import auroc

CONFUSED = 0.25
"""Share of recordings a race of two classes gets wrong from which they count as confused."""


@dataclass(frozen=True)
class Warned:
    """The warning against what happened, over all pairs of classes."""

    pairs: int
    warned: int
    confused: int
    both: int
    """Warned of, and confused."""
    auroc: float | None
    """Chance that a confused pair had the higher predicted risk than another; None without either kind."""
    mean_risk: float
    """Predicted, over the pairs, [0, 0.5]."""
    mean_error: float
    """Found, over the pairs, [0, 1]."""


def races(table: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, K): share of the samples of classes i and j, either class weighing the same, nearer to the other.

    Args:
        table: (N, K) scores.
        truth: (N,) class indices, every class at least once.
    """
    count = table.shape[1]
    # Share of class i's samples that score higher as j.
    lost = np.stack(
        [(table[truth == i] > table[truth == i, i][:, None]).mean(axis=0) for i in range(count)]
    )
    return (lost + lost.T) / 2


def warned(
    table: NDArray[np.float32],
    truth: NDArray[np.int64],
    classes: NDArray[np.float32],
    scale: CosineScale,
) -> Warned:
    """The warning of these classes against their races.

    Args:
        table: (N, K) scores of sequences.
        truth: (N,) class indices, every class at least once.
        classes: (K, P, D) unit rows of the texts, all the warning knows.
        scale: Of the bundle.
    """
    pairs = np.triu_indices(len(classes), 1)
    error = races(table, truth)[pairs]
    risk = np.array([confusion_risk(float(c), scale) for c in pair_cosines(classes, classes)[pairs]])
    confused, told = error >= CONFUSED, risk >= WARN_RISK
    both_kinds = 0 < confused.sum() < len(confused)
    return Warned(
        pairs=len(error),
        warned=int(told.sum()),
        confused=int(confused.sum()),
        both=int((told & confused).sum()),
        auroc=auroc(risk[confused], risk[~confused]) if both_kinds else None,
        mean_risk=float(risk.mean()),
        mean_error=float(error.mean()),
    )
