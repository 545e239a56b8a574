"""How far a person moves within a window."""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError
from streams.skeleton.layouts import NTU_25, Joint

AVERAGED_FRAMES = 5
"""Length of the moving average, frames: a quarter of a second of a window of 48 in 2.4 s."""

# Thumbs and hand tips are the noisiest joints of every sensor, and no action lives in them alone.
_MAIN_JOINTS = Joint.HAND_TIP_LEFT
"""Joints before these: NTU-25 lists hand tips and thumbs last."""


def motion_extent(positions: NDArray[np.floating]) -> float:
    """Farthest any main joint is from its mean place in the window, metres, at least 0.

    Jitter of single frames is averaged away first. Thumbs and hand tips do not count.

    Args:
        positions: (T, 25, 3) normalised, T at least 2: metres of a body of standard size,
            root-centred, so that walking away moves nobody but swinging legs do.

    Raises:
        ShapeError: Another shape.
    """
    if positions.ndim != 3 or positions.shape[1:] != (len(NTU_25), 3) or len(positions) < 2:
        raise ShapeError(f"wanted positions (T, {len(NTU_25)}, 3) with T >= 2, got {positions.shape}")
    main = positions[:, :_MAIN_JOINTS].reshape(len(positions), -1)
    away = (_deviations(len(positions)) @ main).reshape(-1, _MAIN_JOINTS, 3)
    return math.sqrt(np.einsum("tjc,tjc->tj", away, away).max())


@functools.lru_cache(maxsize=8)
def _deviations(frames: int) -> NDArray[np.float32]:
    """(T - L + 1, T): takes places to their averages over L frames in a row, less the mean of these."""
    length = min(AVERAGED_FRAMES, frames)
    averages = np.sum([np.eye(frames - length + 1, frames, k) for k in range(length)], axis=0) / length
    return (averages - averages.mean(axis=0)).astype(np.float32)
