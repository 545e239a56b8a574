"""Cost of more people: two in one window, and several tracks of one stream at once.

A frame of several people is tracked, smoothed and cut as capture does it, without pose estimation, which is
the landmarker's; the windows that fall due with it go through the engine's stages as the worker takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import milliseconds, percentiles
from bench.engine_core import synthetic_windows
from engine.backends.select import open_backend
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from engine.config import EngineConfig
from engine.recognizer import Recognizer
from engine.replay import recognizer_of
from engine.text.encoders import load_text_encoder
from streams.skeleton.window import Window, WindowSpec
from streams.smoothing import Smoother
from streams.sources.base import Person, SkeletonFrame
from streams.sources.synthetic import ACTIONS, SyntheticSource
from streams.tracking import Tracker, TrackingConfig
from streams.windowing import Windower

_APART_M = 0.9
_HOP_S = 0.2
_FPS = 30.0


@dataclass(frozen=True)
class PersonsConfig:
    """Bench of several persons."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    tracks: tuple[int, ...] = (1, 2, 4, 6)
    """Numbers of people side by side."""
    repeats: int = 100
    """Hops timed at each number."""


def run(config: PersonsConfig) -> dict[str, Any]:
    """By number of tracks: milliseconds of capture a frame and of the engine a hop; two in a window."""
    bundle = load_bundle(config.bundle)
    spec = bundle.manifest.window
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    recognizer = recognizer_of(tuple(ACTIONS), bundle, encoder, rule=EngineConfig().bank)
    windows = synthetic_windows(config.repeats, spec)
    return {
        "bundle": bundle.manifest.name,
        "hop_s": _HOP_S,
        "tracks": {
            str(count): {
                "capture_frame_ms": percentiles(_capture_ms(count, spec, frames=config.repeats)),
                "engine_hop_ms": percentiles([_engine_ms(recognizer, one, count) for one in windows]),
            }
            for count in config.tracks
        },
        "in_a_window_ms": _in_a_window(bundle, config.repeats),
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    rows = [
        (
            f"{count} people side by side",
            f"capture {found['capture_frame_ms']['p50']:.2f} ms a frame, engine "
            f"{found['engine_hop_ms']['p50']:.1f} ms for the windows of a hop",
            "",
        )
        for count, found in results["tracks"].items()
    ]
    persons = results["in_a_window_ms"]
    twice = f"{persons['2']['p50'] / persons['1']['p50']:.2f} x one"
    return [*rows, ("two persons in a window", twice, "2 x")]


def _capture_ms(count: int, spec: WindowSpec, *, frames: int) -> list[float]:
    """Of each frame once windows are full: tracking, smoothing and cutting."""
    tracker, smoother = Tracker(TrackingConfig(max_persons=count)), Smoother()
    windower = Windower("bench", spec, hop_s=_HOP_S)

    def step(frame: SkeletonFrame) -> None:
        for one in tracker(frame):
            smooth = smoother(one.track, one.person.positions, frame.captured_ns / 1e9)
            windower.push(one.track, smooth, one.person.confidence, captured_ns=frame.captured_ns)

    source = SyntheticSource("synthetic", fps=_FPS, realtime=False)
    taken: list[float] = []
    for number, frame in enumerate(source):
        crowd = _crowd(frame, count)
        spent_ms = milliseconds(lambda crowd=crowd: step(crowd))
        if number > _FPS * spec.length_s:
            taken.append(spent_ms)
        if len(taken) == frames:
            source.close()
            break
    return taken


def _crowd(frame: SkeletonFrame, count: int) -> SkeletonFrame:
    """The frame with its person ``count`` times, side by side."""
    (person,) = frame.persons
    persons = tuple(
        Person(person.positions + np.array([_APART_M * n, 0, 0], np.float32), person.confidence)
        for n in range(count)
    )
    return replace(frame, persons=persons, identified=False)


def _engine_ms(recognizer: Recognizer, window: Window, count: int) -> float:
    """Of the windows of so many tracks, in the batches the worker makes."""
    crowd = [replace(window, track=n) for n in range(count)]
    return milliseconds(lambda: _recognize(recognizer, crowd))


def _recognize(recognizer: Recognizer, crowd: Sequence[Window]) -> None:
    for at in range(0, len(crowd), recognizer.batch):
        prepared = [recognizer.prepare(window) for window in crowd[at : at + recognizer.batch]]
        for embedded in recognizer.embed_all(prepared):
            recognizer.decide(embedded, now_ns=embedded.window.captured_ns)


def _in_a_window(bundle: Bundle, repeats: int) -> dict[str, Any]:
    """Milliseconds of the encoder for one and two persons, taking turns."""
    backend = open_backend(bundle)
    frames = bundle.manifest.window.frames
    rng = np.random.default_rng(0)
    given = {n: rng.normal(0, 0.5, (1, n, frames, 25, 3)).astype(np.float32) for n in (1, 2)}
    samples: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for persons, positions in given.items():
            samples[persons].append(milliseconds(lambda p=positions: backend.embed(p)))
    backend.close()
    return {str(persons): percentiles(values[repeats // 10 :]) for persons, values in samples.items()}
