"""How long each stage takes, over the latest frames."""

import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

_KEPT = 2048


class StageTimes:
    """Durations by stage, the latest 2048 of each. Not thread-safe."""

    def __init__(self) -> None:
        self._ms: dict[str, deque[float]] = {}

    def add(self, stage: str, ms: float) -> None:
        """Note one duration, milliseconds."""
        self._ms.setdefault(stage, deque(maxlen=_KEPT)).append(ms)

    @contextmanager
    def measured(self, stage: str) -> Generator[None]:
        """Note how long the block takes."""
        began_ns = time.monotonic_ns()
        try:
            yield
        finally:
            self.add(stage, (time.monotonic_ns() - began_ns) / 1e6)

    def summary(self) -> dict[str, dict[str, float]]:
        """Median, 95th percentile and maximum by stage, milliseconds."""
        return {
            stage: {
                "p50": round(float(np.percentile(values, 50)), 3),
                "p95": round(float(np.percentile(values, 95)), 3),
                "max": round(max(values), 3),
            }
            for stage, values in self._ms.items()
        }
