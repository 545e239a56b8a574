"""Joint positions at the times we want, from the times we have."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError, TimestampError


def check_increasing(times_s: NDArray[np.floating]) -> None:
    """Refuse times that are not finite and strictly increasing.

    Raises:
        TimestampError: Names the first offending position.
    """
    if not np.isfinite(times_s).all():
        raise TimestampError(
            f"wanted finite times, got {times_s[~np.isfinite(times_s)][0]} "
            f"at frame {int(np.argmin(np.isfinite(times_s)))}"
        )
    steps = np.diff(times_s)
    if steps.size and steps.min() <= 0:
        at = int(np.argmax(steps <= 0)) + 1
        raise TimestampError(
            f"wanted strictly increasing times, got {times_s[at]:.4f} s after "
            f"{times_s[at - 1]:.4f} s at frame {at}; drop or re-time the frame"
        )


def resample(
    values: NDArray[np.floating], times_s: NDArray[np.floating], targets_s: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Values at the target times, (N, ...) float32, by linear interpolation; held at both ends.

    Args:
        values: (T, ...) samples, T at least 1.
        times_s: (T,) strictly increasing, seconds.
        targets_s: (N,) times wanted, seconds, any order.

    Raises:
        ShapeError: ``values`` is empty or has another length than ``times_s``.
        TimestampError: ``times_s`` is not strictly increasing.
    """
    if times_s.ndim != 1 or len(values) != len(times_s) or len(values) == 0:
        raise ShapeError(f"wanted T values and T times, T >= 1, got {values.shape} and {times_s.shape}")
    check_increasing(times_s)
    if len(values) == 1:
        return np.repeat(values.astype(np.float32), len(targets_s), axis=0)
    after = np.clip(np.searchsorted(times_s, targets_s), 1, len(times_s) - 1)
    before = after - 1
    share = (targets_s - times_s[before]) / (times_s[after] - times_s[before])
    share = np.clip(share, 0.0, 1.0).reshape(-1, *[1] * (values.ndim - 1))
    return (values[before] * (1.0 - share) + values[after] * share).astype(np.float32)


def uniform_times(end_s: float, *, length_s: float, frames: int) -> NDArray[np.float64]:
    """``frames`` times, evenly spaced, the last at ``end_s``, the span ``length_s``."""
    return end_s - length_s + length_s * np.arange(1, frames + 1) / frames
