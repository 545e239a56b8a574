"""Probabilities with room for what nobody has named."""

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Calibration


def probabilities(
    scores: NDArray[np.floating], calibration: Calibration, *, background: float = -1.0
) -> tuple[NDArray[np.float64], float]:
    """(K,) probabilities of the classes and that of the unnamed class; together they sum to 1.

    The softmax of the scores and of the unnamed class's, which is ``calibration.unknown_cosine`` or
    the background's where that is higher, over ``calibration.temperature``. The unnamed class is
    the likeliest exactly where no class scores above it. Without classes everything is unknown:
    (0,) and 1.

    Args:
        scores: (K,) cosines, [-1, 1].
        calibration: The bundle's.
        background: Highest score of a movement that nobody means, [-1, 1]; see ``engine.background``.
    """
    unnamed = max(calibration.unknown_cosine, background)
    logits = np.append(scores.astype(np.float64), unnamed) / calibration.temperature
    weights = np.exp(logits - logits.max())
    shares = weights / weights.sum()
    return shares[:-1], float(shares[-1])
