"""How far a person moves within a window."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError
from streams.skeleton.layouts import NTU_25, Joint

AVERAGED_FRAMES = 5
"""Length of the moving average, frames: a quarter of a second of a window of 48 in 2.4 s."""

# Thumbs and hand tips are the noisiest joints of every sensor, and no action lives in them alone.
_MAIN_JOINTS = [
    joint
    for joint in Joint
    if joint not in (Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT, Joint.HAND_TIP_RIGHT, Joint.THUMB_RIGHT)
]


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
    smooth = _moving_average(positions[:, _MAIN_JOINTS], min(AVERAGED_FRAMES, len(positions)))
    away = np.linalg.norm(smooth - smooth.mean(axis=0), axis=-1)
    return float(away.max())


def _moving_average(values: NDArray[np.floating], length: int) -> NDArray[np.float64]:
    """(T - length + 1, ...): means of every stretch of ``length`` frames."""
    sums = np.cumsum(values, axis=0, dtype=np.float64)
    sums = np.concatenate([np.zeros_like(sums[:1]), sums])
    return (sums[length:] - sums[:-length]) / length
