"""Capture to caption, and typing to live, through the three real processes' sockets.

A video plays at its own rate, as a camera would deliver it. Latency is the age of a window's last
frame when its prediction reaches a subscriber; what a hop adds on average is not part of it.
Targets: 150 ms at the 95th percentile, and a new action live within 1 s.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import percentiles
from engine.client import EngineClient, PredictionReader
from engine.messages import Prediction
from streams.config import Endpoints
from streams.sources.synthetic import ACTIONS

_START_S = 60.0
_NEW_ACTIONS = (
    "fly like a bird",
    "play the guitar",
    "row a boat",
    "comb your hair",
    "throw a ball",
    "touch your toes",
    "salute",
    "swim",
    "drink a glass of water",
    "climb a ladder",
    "play golf",
    "conduct an orchestra",
    "look at your watch",
    "shrug",
    "stir a pot",
    "ride a horse",
    "hammer a nail",
    "sweep the floor",
    "dance the robot",
    "hail a taxi",
)


@dataclass(frozen=True)
class EndToEndConfig:
    """Bench of the whole road."""

    source: str = "synthetic"
    """A video, played in real time in a loop, or "synthetic"."""
    seconds: float = 40.0
    """How long to listen, seconds."""


def endpoint_flags(endpoints: Endpoints) -> list[str]:
    """Command-line flags of these addresses."""
    names = ("windows", "predictions", "control", "preview")
    return [part for name in names for part in (f"--endpoints.{name}", str(getattr(endpoints, name)))]


@contextmanager
def process(module: str, *flags: str) -> Generator[subprocess.Popen[str]]:
    """A process of this project that has said it is ready; stopped at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", module, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert started.stdout is not None
    try:
        deadline = threading.Timer(_START_S, started.kill)
        deadline.start()
        line = started.stdout.readline()
        deadline.cancel()
        if "ready" not in line:
            raise RuntimeError(f"{module} did not get ready: {line!r}")
        yield started
    finally:
        started.terminate()
        started.wait(timeout=10)


def run(config: EndToEndConfig) -> dict[str, Any]:
    """Latencies in milliseconds, losses by cause, and the capture process's own stages."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="am")))
        endpoints = Endpoints.in_folder(folder)
        flags = endpoint_flags(endpoints)
        stack.enter_context(process("engine", "--store", str(folder / "engine.db"), *flags))
        client = EngineClient(endpoints, timeout_s=10)
        stack.callback(client.close)
        for name in ACTIONS:
            client.add_action(name)
        heard = _Heard()
        reader = PredictionReader(endpoints, on_prediction=heard.note)
        stack.callback(reader.close)
        reader.start(timeout_s=10)
        loop = [] if config.source.startswith("synthetic") else ["--loop"]
        capture = stack.enter_context(process("streams", "--source", config.source, *loop, *flags))
        heard.wait(10)
        heard.forget()
        threading.Event().wait(config.seconds)
        latencies = heard.taken()
        # Where a video begins again nobody is seen for seconds, and no typing could be live.
        live_ms = [] if loop else [_typing_to_live(client, heard, name) for name in _NEW_ACTIONS]
        stats = client.stats()
        capture.terminate()
        assert capture.stdout is not None
        counters = json.loads(capture.stdout.read().strip().splitlines()[-1])["end"]
    return {
        "source": Path(config.source).name,
        "seconds": config.seconds,
        "predictions_per_s": round(len(latencies) / config.seconds, 2),
        "capture_to_caption_ms": percentiles(latencies),
        "target_capture_to_caption_p95_ms": 150.0,
        "typing_to_live_ms": percentiles(live_ms) if live_ms else None,
        "target_typing_to_live_p95_ms": 1000.0,
        "capture": {key: counters[key] for key in ("fps", "frames_dropped", "sender", "stages_ms")},
        "engine_latencies_ms": stats["latencies_ms"],
        "engine_counters": stats["counters"],
        "predictions_missed": reader.missed,
    }


class _Heard:
    """Predictions as they come; thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latencies_ms: list[float] = []
        self._version = 0
        self._count = 0

    def note(self, prediction: Prediction, transit_ms: float) -> None:
        with self._changed:
            self._latencies_ms.append(prediction.ages_ms["decided"] + transit_ms)
            self._version = prediction.vocabulary
            self._count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, _START_S):
                raise RuntimeError(f"wanted {count} predictions within {_START_S:g} s, got {self._count}")

    def wait_version(self, version: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._version >= version, _START_S):
                raise RuntimeError("wanted a prediction with the new action, got none")

    def forget(self) -> None:
        with self._changed:
            self._latencies_ms.clear()

    def taken(self) -> list[float]:
        with self._changed:
            return list(self._latencies_ms)


def _typing_to_live(client: EngineClient, heard: _Heard, name: str) -> float:
    """Milliseconds from the request to the first prediction that could name the action."""
    began_ns = time.monotonic_ns()
    client.add_action(name)
    heard.wait_version(client.vocabulary)
    return (time.monotonic_ns() - began_ns) / 1e6
