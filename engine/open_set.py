"""Probabilities with room for what nobody has named."""

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Calibration


def probabilities(
    scores: NDArray[np.floating], calibration: Calibration
) -> tuple[NDArray[np.float64], float]:
    """(K,) probabilities of the classes and that of the unnamed class; together they sum to 1.

    The softmax of the scores and of ``calibration.unknown_cosine``, the unnamed class's constant
    score, over ``calibration.temperature``. The unnamed class is the likeliest exactly where no
    class scores above that constant. Without classes everything is unknown: (0,) and 1.

    Args:
        scores: (K,) cosines, [-1, 1].
        calibration: The bundle's.
    """
    logits = np.append(scores.astype(np.float64), calibration.unknown_cosine) / calibration.temperature
    weights = np.exp(logits - logits.max())
    shares = weights / weights.sum()
    return shares[:-1], float(shares[-1])
