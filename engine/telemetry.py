"""What the engine counts and times."""

import threading
from collections import Counter, deque
from typing import Any

import numpy as np

RESERVOIR = 1024
"""Latest samples of each stage that percentiles are taken over."""


class Telemetry:
    """Counters and latencies by name. Thread-safe.

    Names are the program's own, never a peer's, so that there are only so many of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._samples_ms: dict[str, deque[float]] = {}
        self._seen: Counter[str] = Counter()

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += by

    def observe(self, stage: str, milliseconds: float) -> None:
        """Note how long a stage took."""
        with self._lock:
            self._samples_ms.setdefault(stage, deque(maxlen=RESERVOIR)).append(milliseconds)
            self._seen[stage] += 1

    def observe_ns(self, stage: str, *, begun_ns: int, ended_ns: int) -> None:
        """Note how long a stage took, from two instants of one clock."""
        self.observe(stage, (ended_ns - begun_ns) / 1e6)

    def counters(self) -> dict[str, int]:
        """Every counter that ever moved."""
        with self._lock:
            return dict(self._counts)

    def latencies_ms(self) -> dict[str, dict[str, float]]:
        """By stage: samples so far, and p50, p95, p99 and the longest of the latest 1024, milliseconds."""
        with self._lock:
            samples = {stage: np.array(values) for stage, values in self._samples_ms.items()}
            seen = dict(self._seen)
        return {stage: {"n": seen[stage], **_percentiles(values)} for stage, values in samples.items()}

    def snapshot(self) -> dict[str, Any]:
        """Counters and latencies, JSON-safe."""
        return {"counters": self.counters(), "latencies_ms": self.latencies_ms()}


def _percentiles(values: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, float]:
    p50, p95, p99, longest = np.percentile(values, [50, 95, 99, 100])
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "max": float(longest)}
