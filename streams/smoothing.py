"""The One-Euro filter on 3-D joints: still joints are held still, fast ones are followed at once.

Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems", CHI 2012. We depart in one point: the speed that opens the filter is
that of the joint in space, so that x, y and z of a joint are smoothed alike and no direction of
movement is favoured.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, TimestampError


@dataclass(frozen=True)
class OneEuroConfig:
    """How strongly joints are smoothed."""

    min_cutoff_hz: float = 1.0
    """Cut-off for a joint at rest, hertz: lower holds it stiller."""
    beta_per_m: float = 1.5
    """Hertz by which a speed of 1 m/s raises the cut-off: higher follows faster."""
    speed_cutoff_hz: float = 1.0
    """Cut-off for the speed itself, hertz."""

    def __post_init__(self) -> None:
        """Refuse a filter that would let nothing pass."""
        if self.min_cutoff_hz <= 0 or self.speed_cutoff_hz <= 0 or self.beta_per_m < 0:
            raise ConfigError(f"wanted cut-offs above 0 Hz and beta of 0 or more, got {self}")


class OneEuro:
    """Smoothed joints of one person. Not thread-safe.

    Args:
        config: How strongly to smooth.
    """

    def __init__(self, config: OneEuroConfig = OneEuroConfig()) -> None:
        self._config = config
        self._last_s = 0.0
        self._smooth: NDArray[np.float64] | None = None
        self._velocity: NDArray[np.float64] = np.zeros(0)

    def __call__(self, positions: NDArray[np.floating], time_s: float) -> NDArray[np.float32]:
        """Positions smoothed by everything seen before, (V, 3) float32; the first come back as they are.

        Args:
            positions: (V, 3), metres, finite, V the same in every call.
            time_s: When they were seen, seconds, later than in the call before.

        Raises:
            TimestampError: ``time_s`` is not later.
        """
        raw = positions.astype(np.float64)
        if self._smooth is None:
            self._smooth, self._velocity, self._last_s = raw, np.zeros_like(raw), time_s
            return raw.astype(np.float32)
        step_s = time_s - self._last_s
        if not step_s > 0:
            raise TimestampError(
                f"wanted a time after {self._last_s:.4f} s, got {time_s:.4f} s; drop or re-time the frame"
            )
        velocity = (raw - self._smooth) / step_s
        share = _share(np.array([self._config.speed_cutoff_hz]), step_s)
        self._velocity = share * velocity + (1 - share) * self._velocity
        speed = np.linalg.norm(self._velocity, axis=1, keepdims=True)
        share = _share(self._config.min_cutoff_hz + self._config.beta_per_m * speed, step_s)
        self._smooth = share * raw + (1 - share) * self._smooth
        self._last_s = time_s
        return self._smooth.astype(np.float32)


def _share(cutoff_hz: NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """Weight of the new value in a first-order low pass, (0, 1)."""
    turns = 2.0 * np.pi * step_s * cutoff_hz
    return turns / (turns + 1.0)


class Smoother:
    """A One-Euro filter for each track; a track not seen for a while starts afresh.

    Args:
        config: How strongly to smooth.
        forget_s: Time unseen after which a track's filter is thrown away, seconds.
    """

    def __init__(self, config: OneEuroConfig = OneEuroConfig(), *, forget_s: float = 0.5) -> None:
        self._config = config
        self._forget_s = forget_s
        self._filters: dict[int, tuple[OneEuro, float]] = {}

    def __call__(self, track: int, positions: NDArray[np.floating], time_s: float) -> NDArray[np.float32]:
        """Positions of a track, smoothed, (V, 3) float32.

        Args:
            track: Whose.
            positions: (V, 3), metres, finite.
            time_s: When they were seen, seconds, later than any call before for this track.

        Raises:
            TimestampError: ``time_s`` is not later.
        """
        stale = [t for t, (_, seen_s) in self._filters.items() if time_s - seen_s > self._forget_s]
        for forgotten in stale:
            del self._filters[forgotten]
        one_euro = self._filters[track][0] if track in self._filters else OneEuro(self._config)
        smooth = one_euro(positions, time_s)
        self._filters[track] = (one_euro, time_s)
        return smooth
