"""Rates and percentiles over the last few seconds, in bounded memory. Not thread-safe."""

from collections import deque

import numpy as np


class Rate:
    """Events a second over the last ``window_s`` seconds."""

    def __init__(self, window_s: float = 3.0, capacity: int = 512) -> None:
        self._window_ns = round(window_s * 1e9)
        self._instants: deque[int] = deque(maxlen=capacity)

    def count(self, now_ns: int) -> None:
        """Note one event."""
        self._instants.append(now_ns)

    def per_second(self, now_ns: int) -> float:
        """Events a second; 0 before the second event and after a silence as long as the window."""
        while self._instants and now_ns - self._instants[0] > self._window_ns:
            self._instants.popleft()
        if len(self._instants) < 2:
            return 0.0
        spanned = max(self._instants[-1] - self._instants[0], 1)
        return (len(self._instants) - 1) * 1e9 / spanned


class Percentiles:
    """Percentiles of the last ``capacity`` samples."""

    def __init__(self, capacity: int = 256) -> None:
        self._samples: deque[float] = deque(maxlen=capacity)

    def add(self, sample: float) -> None:
        """Note one sample; the oldest one goes."""
        self._samples.append(sample)

    def at(self, *percents: float) -> tuple[float, ...] | None:
        """One value per percent in [0, 100], linear between samples; None without samples."""
        if not self._samples:
            return None
        return tuple(float(value) for value in np.percentile(np.asarray(self._samples), percents))
