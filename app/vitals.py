"""The page's measurements: rates, latency, drops, and how the processes fare. Thread-safe."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.child import ChildStatus
from app.meter import Percentiles, Rate
from engine.messages import Prediction

SLOW_MS = 400.0
"""From capture to caption; a page slower than this says so, milliseconds."""
_LABELS = {"synthetic": "synthetic person", "kinect": "sensor", "browser": "browser's camera"}


class Vitals:
    """Counts what passes by and tells it once a second.

    Args:
        processes: Reads how the processes fare, by name.
        outward: Reads how those fare who events are handed on to; see ``app.outward.deliveries``.
        label: What people call the capture process until it has said what it watches.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(
        self,
        processes: Callable[[], Mapping[str, ChildStatus]],
        *,
        outward: Callable[[], list[dict[str, Any]]] = list,
        label: str = "camera",
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._processes = processes
        self._outward = outward
        self._labels = {"capture": label}
        self._source: dict[str, Any] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._frames = Rate()
        self._predictions = Rate()
        self._latency_ms = Percentiles()
        self._replaced: dict[tuple[str, int], int] = {}
        self._camera_fps = 0.0
        self._missed = 0
        self._problem: str | None = None
        self._gone: str | None = None
        self._failure: str | None = None
        self._advice: tuple[str, ...] = ()

    def on_preview(self, *, camera_fps: float, missed: int, advice: Sequence[str] = ()) -> None:
        """Note a frame of the preview.

        Args:
            camera_fps: Rate of its source.
            missed: Previews that did not arrive so far.
            advice: What is wrong with the view, a sentence each.
        """
        with self._lock:
            self._frames.count(self._clock())
            self._camera_fps, self._missed = camera_fps, missed
            self._advice = tuple(advice)

    def on_prediction(self, prediction: Prediction, *, transit_ms: float = 0.0) -> None:
        """Note a prediction, and the time it took from the engine to here."""
        with self._lock:
            self._predictions.count(self._clock())
            if "decided" in prediction.ages_ms:
                self._latency_ms.add(prediction.ages_ms["decided"] + transit_ms)
            if len(self._replaced) > 256:
                self._replaced.clear()
            self._replaced[prediction.stream, prediction.track] = prediction.replaced

    def on_source(self, source: dict[str, Any]) -> None:
        """Note what the capture process says it watches, ``{"ready": ...}`` of ``streams.__main__``."""
        with self._lock:
            self._source, self._gone, self._advice = source, None, ()
            self._labels["capture"] = label_of(str(source.get("source", "")))

    def on_gone(self, reason: str | None) -> None:
        """Note why a live source gives nothing, or that it is back."""
        with self._lock:
            self._gone = reason

    def on_engine(self, health: Mapping[str, Any]) -> None:
        """Note what the engine says it is."""
        failure = health.get("backend_failure")
        with self._lock:
            self._failure = (
                None if failure is None else f"engine: {failure}; a slower encoder has taken over"
            )

    def complain(self, problem: str | None) -> None:
        """Show a problem of this process's own, or that it is over."""
        with self._lock:
            self._problem = problem

    def message(self) -> dict[str, Any]:
        """The board's ``status`` topic."""
        processes = self._processes()
        with self._lock:
            return {
                "processes": {name: self._process(status) for name, status in processes.items()},
                "outward": self._outward(),
                "problem": self._trouble(processes) or self._problem or self._absence() or self._failure,
                "advice": list(self._advice) if self._frames.per_second(self._clock()) else [],
                "joints_only": self._source.get("joints_only") is True and self._is_camera(),
                # Only who stands before a camera looks for a mirror.
                "mirror": self._is_camera(),
                "meters": self._meters(),
            }

    def numbers(self) -> dict[str, float]:
        """What a monitoring system may want to record; names carry their units."""
        now = self._clock()
        processes = self._processes()
        with self._lock:
            p50, p95 = self._latency_ms.at(50, 95) or (None, None)
            found = {
                "captured_frames_per_second": self._camera_fps if self._frames.per_second(now) else 0.0,
                "shown_frames_per_second": self._frames.per_second(now),
                "predictions_per_second": self._predictions.per_second(now),
                "replaced_windows": float(sum(self._replaced.values())),
                "missed_pictures": float(self._missed),
            }
        if p50 is not None and p95 is not None:
            found |= {"capture_to_caption_p50_ms": p50, "capture_to_caption_p95_ms": p95}
        for name, status in processes.items():
            found[f"{name}_ready"] = float(status.state == "ready")
            found[f"{name}_restarts"] = float(status.restarts)
        return found

    def _is_camera(self) -> bool:
        return str(self._source.get("source", "")).startswith(("camera:", "browser:"))

    def _process(self, status: ChildStatus) -> dict[str, Any]:
        label = self._labels.get(status.name, status.name)
        return {"label": label, "state": status.state, "restarts": status.restarts}

    def _trouble(self, processes: Mapping[str, ChildStatus]) -> str | None:
        for name, status in processes.items():
            if status.detail and status.state in ("waiting", "failed"):
                again = "; trying again" if status.state == "waiting" else ""
                return f"{self._labels.get(name, name)}: {status.detail}{again}"
        return None

    def _absence(self) -> str | None:
        return None if self._gone is None else f"{self._labels['capture']}: {self._gone}"

    def _meters(self) -> list[dict[str, Any]]:
        now = self._clock()
        shown, captions = self._frames.per_second(now), self._predictions.per_second(now)
        p50, p95 = self._latency_ms.at(50, 95) or (None, None)
        replaced = sum(self._replaced.values())
        return [
            _meter("capture to caption", _ms(p50), "median", warn=(p50 or 0) > SLOW_MS),
            _meter("", _ms(p95), "95th percentile"),
            _meter("captured", f"{self._camera_fps if shown else 0:.0f}", "a second"),
            _meter("shown", f"{shown:.0f}", "a second"),
            _meter("recognised", f"{captions:.1f}", "a second"),
            _meter("dropped", str(replaced), "windows"),
            _meter("", str(self._missed), "pictures"),
        ]


def label_of(source: str) -> str:
    """What people call a source, from its own name: "camera:0", "synthetic:squat" or a path."""
    kind, _, rest = source.partition(":")
    if kind in _LABELS:
        return _LABELS[kind]
    return f"camera {rest}" if kind == "camera" else Path(source).name or "source"


def _meter(before: str, value: str, after: str, *, warn: bool = False) -> dict[str, Any]:
    return {"before": before, "value": value, "after": after, "warn": warn}


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
