"""Plays a recording through the very stages of the live program, as fast as it goes.

Time is the recording's own, no window is dropped and no clock is read: two replays of a file
against the same actions and bundle come to the same decisions, bit by bit.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.backends.base import Backend
from engine.backends.select import open_backend
from engine.bank.select import bank_settings, open_bank
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.messages import Action, ActionEvent, Prediction, to_json
from engine.recognizer import Recognizer
from engine.text.contract import TextEncoder
from engine.text.descriptions import class_feature, describe
from engine.text.projection import TextProjection
from streams.pipeline import Pipeline
from streams.skeleton.errors import SourceError
from streams.skeleton.window import Window, WindowSpec
from streams.sources.base import SkeletonFrame
from streams.sources.playback import Playback
from streams.sources.select import open_source

STREAM = "replay"
BANK = "text-only"
"""The rule of a replay: one that learnt would judge the recording's end by its beginning."""


@dataclass(frozen=True)
class Replayed:
    """What a replay came to."""

    source: str
    frames: int
    duration_s: float
    windows: int
    digest: str
    """SHA-256 over every prediction and event: equal for equal decisions."""


def recognizer_of(
    names: Sequence[str],
    bundle: Bundle,
    encoder: TextEncoder,
    *,
    rule: str = BANK,
    backend: Backend | None = None,
) -> Recognizer:
    """A recogniser of these actions, described as when somebody types them.

    Args:
        names: As typed.
        bundle: Whose encoder and text projection.
        encoder: The one the bundle was made with.
        rule: Of the bank.
        backend: Runs the bundle's encoder; the reference if None.

    Raises:
        ActionNameError: One of the names is none.
        BundleError, ModelFileError: The bundle cannot be run.
    """
    manifest = bundle.manifest
    bank = open_bank(rule, bank_settings(manifest, fingerprint=STREAM))
    recognizer = Recognizer(
        manifest,
        backend or open_backend(bundle),
        bank,
        config=DecisionConfig(),
        background=bundle.background,
    )
    projection = TextProjection(bundle)
    for number, name in enumerate(names, start=1):
        text = describe(name, encoder)
        rows = projection.rows(class_feature(text.texts, encoder)[None])[0]
        action = Action(id=str(number), name=text.name, texts=text.texts, source=text.source)
        recognizer.set_action(action, rows, version=number)
    return recognizer


def replay(
    path: Path,
    recognizer: Recognizer,
    spec: WindowSpec,
    *,
    hop_s: float = 0.2,
    pairs: bool = False,
    on_prediction: Callable[[Prediction, float], None] = lambda prediction, at_s: None,
    on_event: Callable[[ActionEvent, float], None] = lambda event, at_s: None,
) -> Replayed:
    """What the recording came to.

    Args:
        path: A recorded session or a file of skeletons.
        recognizer: Knows the actions; as fresh as it was built.
        spec: The window its bundle wants.
        hop_s: Time between two windows of a person, seconds.
        pairs: Cut the windows of people who stand close together as windows of two.
        on_prediction: Takes each prediction and the time of its window's end in the recording, seconds.
        on_event: Takes each event and the time at which it was known, seconds.

    Raises:
        SourceError: The file cannot be read, or has pictures.
        CoordinateError, ShapeError: It holds what is no person.
    """
    return replay_frames(
        str(path),
        _frames_of(path),
        recognizer,
        spec,
        hop_s=hop_s,
        pairs=pairs,
        on_prediction=on_prediction,
        on_event=on_event,
    )


def replay_frames(
    name: str,
    frames: Iterable[SkeletonFrame],
    recognizer: Recognizer,
    spec: WindowSpec,
    *,
    hop_s: float = 0.2,
    pairs: bool = False,
    on_prediction: Callable[[Prediction, float], None] = lambda prediction, at_s: None,
    on_event: Callable[[ActionEvent, float], None] = lambda event, at_s: None,
) -> Replayed:
    """What these frames came to; arguments as of ``replay``.

    Args:
        name: Where they come from.
        frames: In order of time, which begins at any instant.
        recognizer: Knows the actions; no person is in sight.
        spec: The window its bundle wants.
        hop_s: Time between two windows of a person, seconds.
        pairs: Cut the windows of people who stand close together as windows of two.
        on_prediction: Takes each prediction and the time of its window's end, seconds from the first frame.
        on_event: Takes each event and the time at which it was known, seconds from the first frame.
    """
    source = _FromNought(name, frames)
    sink = _Sink(recognizer, spec, on_prediction, on_event)
    counters = Pipeline(source, stream=STREAM, sender=sink, hop_s=hop_s, pairs=pairs).run()
    sink.finish(source.last_ns)
    return Replayed(
        source=name,
        frames=counters["frames"],
        duration_s=source.last_ns / 1e9,
        windows=sink.windows,
        digest=sink.digest.hexdigest(),
    )


def _frames_of(path: Path) -> Iterator[SkeletonFrame]:
    """A recording's frames, in its own time."""
    source = open_source(str(path), fast=True)
    if not isinstance(source, Playback):
        source.close()
        raise SourceError(
            f"wanted a recorded session or a file of skeletons, got {path}, which has pictures; "
            f"record it first: anymove record a.session --source {path} --fast"
        )
    return (replace(frame, captured_ns=offset_ns) for offset_ns, frame in source.frames())


class _FromNought:
    """Frames as a source that loses none, in a time that begins at nought."""

    live = False
    dropped = 0

    def __init__(self, name: str, frames: Iterable[SkeletonFrame]) -> None:
        self.name = name
        self.last_ns = 0
        self._frames = frames

    def __iter__(self) -> Iterator[SkeletonFrame]:
        first_ns: int | None = None
        for frame in self._frames:
            first_ns = frame.captured_ns if first_ns is None else first_ns
            self.last_ns = frame.captured_ns - first_ns
            yield replace(frame, captured_ns=self.last_ns)

    def close(self) -> None:
        pass


class _Sink:
    """Takes windows where the live program would send them, and recognises each at once."""

    def __init__(
        self,
        recognizer: Recognizer,
        spec: WindowSpec,
        on_prediction: Callable[[Prediction, float], None],
        on_event: Callable[[ActionEvent, float], None],
    ) -> None:
        self.spec = spec
        self.windows = 0
        self.digest = hashlib.sha256()
        self._recognizer = recognizer
        self._on_prediction = on_prediction
        self._on_event = on_event

    def put(self, window: Window, *, timeout_s: float) -> None:
        now_ns = window.captured_ns
        found = self._recognizer.recognize(window, now_ns=now_ns)
        self.windows += 1
        self._note(found.prediction)
        self._on_prediction(found.prediction, now_ns / 1e9)
        self._tell(found.events, now_ns)

    def offer(self, window: Window) -> None:
        self.put(window, timeout_s=0.0)

    def flush(self, timeout_s: float) -> bool:
        return True

    def counters(self) -> dict[str, Any]:
        return {"sent": self.windows}

    def finish(self, now_ns: int) -> None:
        self._tell(self._recognizer.finish(now_ns), now_ns)

    def _tell(self, events: Sequence[ActionEvent], now_ns: int) -> None:
        for event in events:
            self._note(event)
            self._on_event(event, now_ns / 1e9)

    def _note(self, said: Prediction | ActionEvent) -> None:
        # Python writes a float as the shortest digits that give the same bits back.
        self.digest.update(json.dumps(to_json(said), sort_keys=True).encode())
