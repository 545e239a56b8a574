"""What a headless run comes to: how often each caption was shown, and how late."""

from collections import Counter
from typing import Any

from app.meter import Percentiles
from engine.messages import Prediction


class Summary:
    """Counts predictions. Not thread-safe."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._captions: Counter[str] = Counter()
        self._replaced: dict[tuple[str, int], int] = {}
        self._latency_ms = Percentiles(capacity=4096)

    @property
    def windows(self) -> int:
        """Predictions counted."""
        return self._states.total()

    @property
    def windows_replaced(self) -> int:
        """Windows that newer ones of their track replaced before they were recognised."""
        return sum(self._replaced.values())

    def add(self, prediction: Prediction, *, transit_ms: float = 0.0) -> None:
        """Count one prediction, which took so long from the engine to here."""
        self._states[prediction.state] += 1
        if prediction.state == "action" and prediction.caption is not None:
            self._captions[prediction.caption.name] += 1
        self._replaced[prediction.stream, prediction.track] = prediction.replaced
        if "decided" in prediction.ages_ms:
            self._latency_ms.add(prediction.ages_ms["decided"] + transit_ms)

    def result(self) -> dict[str, Any]:
        """JSON-safe: ``windows``; shares of them by caption, idle and unknown, which sum to 1; and more.

        ``most_frequent`` is the caption shown most often, None if there was none; ``latency_ms`` is from
        exposure of a window's last frame to here, None without a window.
        """
        windows = self.windows
        shares = {name: round(count / windows, 4) for name, count in self._captions.most_common()}
        percentiles = self._latency_ms.at(50, 95)
        return {
            "windows": windows,
            "most_frequent": next(iter(shares), None),
            "captions": shares,
            "idle": round(self._states["idle"] / windows, 4) if windows else 0.0,
            "unknown": round(self._states["unknown"] / windows, 4) if windows else 0.0,
            "latency_ms": dict(zip(("p50", "p95"), map(_rounded, percentiles), strict=True))
            if percentiles
            else None,
        }


def _rounded(value: float) -> float:
    return round(value, 1)
