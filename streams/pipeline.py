"""The capture loop: source, pose, tracks, smoothing, windows; then sender, preview and recorder."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from streams.companions import Companions
from streams.latency import StageTimes
from streams.person_check import check_person
from streams.preview_publisher import PreviewPublisher
from streams.recorder import SessionRecorder
from streams.session_block import stored_quality
from streams.skeleton.errors import (
    EngineUnavailableError,
    InputError,
    StoreError,
    TimestampError,
)
from streams.skeleton.window import Window, WindowSpec
from streams.smoothing import Smoother
from streams.sources.base import Person, Picture, PictureSource, SkeletonFrame, SkeletonSource
from streams.tracking import Tracked, Tracker
from streams.view_check import ViewCheck
from streams.windowing import Windower

_log = logging.getLogger(__name__)
_LIVE_PATIENCE_S = 10.0


class Estimator(Protocol):
    """What makes skeletons of pictures; ``streams.pose.PoseEstimator``."""

    smooths: bool

    def persons(self, picture: Picture) -> tuple[Person, ...]:
        """Everybody found."""
        ...


class Outlet(Protocol):
    """Where windows go; ``streams.sender.WindowSender``."""

    @property
    def spec(self) -> WindowSpec | None:
        """The window wanted there; None before it is known: none are cut."""
        ...

    def offer(self, window: Window) -> None:
        """Take the window, or a newer one of its track."""
        ...

    def put(self, window: Window, *, timeout_s: float) -> None:
        """Take the window, losing none."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Whether everything was taken within the time."""
        ...

    def counters(self) -> dict[str, Any]:
        """What became of the windows, JSON-safe."""
        ...


class Pipeline:
    """Runs one source until it ends. It closes nothing it was given.

    Args:
        source: Where pictures or skeletons come from. A live one never waits for the engine: the
            newest window wins. Of any other every window is sent.
        stream: Name written into windows.
        sender: Way to the engine, which must have answered.
        hop_s: Time between two windows of a track, seconds.
        estimator: Needed for a source of pictures.
        preview: Shows what is seen, if anybody watches.
        recorder: Records what is seen.
        pairs: Cut the windows of people who stand close together as windows of two.
        patience_s: Time the engine may take to accept a window that must not be lost, seconds.
    """

    def __init__(
        self,
        source: PictureSource | SkeletonSource,
        *,
        stream: str,
        sender: Outlet,
        hop_s: float,
        estimator: Estimator | None = None,
        preview: PreviewPublisher | None = None,
        recorder: SessionRecorder | None = None,
        pairs: bool = False,
        patience_s: float = 60.0,
    ) -> None:
        self._source = source
        self._stream = stream
        self._sender = sender
        self._hop_s = hop_s
        self._estimator = estimator
        self._preview = preview
        self._recorder = recorder
        self._patience_s = patience_s
        self._tracker = Tracker()
        self._smoother = Smoother()
        self._companions = Companions() if pairs else None
        self._view = ViewCheck()
        self._windower: Windower | None = None
        self._times = StageTimes()
        self._recent_ns: deque[int] = deque(maxlen=31)
        self._begin_ns: int | None = None
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._stopping = threading.Event()

    def run(self, on_ready: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """The final counters, once the source has ended and the engine has taken the last window.

        Args:
            on_ready: Called when the first frame has gone all the way.

        Raises:
            SourceError: The source is gone or damaged.
            EngineUnavailableError: The engine does not take windows that must not be lost.
        """
        for item in self._source:
            self._step(item)
            if self._counts["frames"] == 1:
                on_ready()
            if self._stopping.is_set():
                break
        patience_s = min(self._patience_s, _LIVE_PATIENCE_S) if self._source.live else self._patience_s
        if not self._sender.flush(patience_s) and not self._stopping.is_set():
            raise EngineUnavailableError(
                f"wanted the engine to take the last windows, got no answer for {patience_s:g} s; "
                "check whether it still runs"
            )
        return self.counters()

    def stop(self) -> None:
        """Let ``run`` return after the present frame; from any thread."""
        self._stopping.set()
        self._source.close()

    def counters(self) -> dict[str, Any]:
        """What happened so far, JSON-safe: frames, losses by cause, and milliseconds by stage."""
        windower, preview, recorder = self._windower, self._preview, self._recorder
        return {
            "source": self._source.name,
            "frames": self._counts["frames"],
            "frames_with_person": self._counts["frames_with_person"],
            "frames_dropped": self._source.dropped,
            "refused": dict(self._refused),
            "persons_ignored": self._tracker.ignored,
            "windows": self._counts["windows"],
            "windows_of_two": self._counts["windows_of_two"],
            "tracks_restarted": windower.restarted if windower else 0,
            "sender": self._sender.counters(),
            "previews": preview.sent if preview else 0,
            "previews_passed_over": preview.passed_over if preview else 0,
            "frames_recorded": recorder.frames if recorder else 0,
            "fps": round(self._fps(), 2),
            "view": {**self._view.estimates, "warnings": list(self._view.warnings)},
            "stages_ms": self._times.summary(),
        }

    def _step(self, item: Picture | SkeletonFrame) -> None:
        """One frame all the way; what is not usable of it is counted and left out."""
        self._counts["frames"] += 1
        try:
            frame = self._as_recorded(self._checked(self._estimated(item)))
        except InputError as error:
            self._refuse(error)
            return
        self._recent_ns.append(frame.captured_ns)
        self._counts["frames_with_person"] += bool(frame.persons)
        with self._times.measured("track"):
            tracked = self._tracker(frame)
            if self._recorder is not None:
                tracked = tuple(replace(one, quality=stored_quality(one.quality)) for one in tracked)
            smooth = tracked if frame.smoothed else self._smoothed(tracked, frame.captured_ns)
        companion_of = {} if self._companions is None else self._companions(smooth, frame)
        for one in smooth:
            self._cut(one, frame.captured_ns, companion_of.get(one.track))
        for warning in self._view(frame, tracked):
            _log.warning("%s: %s", self._source.name, warning)
        with self._times.measured("pass_on"):
            if self._preview is not None:
                self._preview.show(
                    frame,
                    smooth,
                    fps=self._fps(),
                    dropped=self._source.dropped,
                    warnings=self._view.warnings,
                )
            self._record(frame, tracked)

    def _estimated(self, item: Picture | SkeletonFrame) -> SkeletonFrame:
        if isinstance(item, SkeletonFrame):
            return item
        assert self._estimator is not None, "a source of pictures comes with an estimator"
        with self._times.measured("pose"):
            persons = self._estimator.persons(item)
        return SkeletonFrame(persons, item.captured_ns, picture=item, smoothed=self._estimator.smooths)

    def _checked(self, frame: SkeletonFrame) -> SkeletonFrame:
        """The frame with the persons that are usable.

        Raises:
            TimestampError: It is not later than the frame before.
        """
        if self._recent_ns and frame.captured_ns <= self._recent_ns[-1]:
            late_ms = (self._recent_ns[-1] - frame.captured_ns) / 1e6
            raise TimestampError(
                f"wanted a frame later than the last, got one {late_ms:.1f} ms before it from "
                f"{self._source.name}; it is left out, check the source's clock"
            )
        usable: list[Person] = []
        for person in frame.persons:
            try:
                check_person(person)
            except InputError as error:
                self._refuse(error)
            else:
                usable.append(person)
        return frame if len(usable) == len(frame.persons) else replace(frame, persons=tuple(usable))

    def _as_recorded(self, frame: SkeletonFrame) -> SkeletonFrame:
        """Rounded as the recording is, where there is one: a replay then sees what was seen."""
        return frame if self._recorder is None else self._recorder.as_stored(frame)

    def _refuse(self, error: InputError) -> None:
        self._refused[error.code] += 1
        if self._refused[error.code] == 1:
            _log.warning("left out (further ones are only counted): %s", error)

    def _smoothed(self, tracked: tuple[Tracked, ...], captured_ns: int) -> tuple[Tracked, ...]:
        smooth: list[Tracked] = []
        # From the first frame on, so that a replay rounds its times as this run does.
        self._begin_ns = captured_ns if self._begin_ns is None else self._begin_ns
        time_s = (captured_ns - self._begin_ns) / 1e9
        for one in tracked:
            positions = self._smoother(one.track, one.person.positions, time_s)
            smooth.append(replace(one, person=replace(one.person, positions=positions)))
        return tuple(smooth)

    def _cut(self, one: Tracked, captured_ns: int, companion: int | None) -> None:
        spec = self._sender.spec
        if spec is None:
            return
        # The engine may come back with another bundle, and that with another window.
        if self._windower is None or self._windower.spec != spec:
            self._windower = Windower(self._stream, spec, hop_s=min(self._hop_s, spec.length_s))
        with self._times.measured("window"):
            window = self._windower.push(
                one.track,
                one.person.positions,
                one.person.confidence,
                captured_ns=captured_ns,
                quality=one.quality,
                companion=companion,
            )
        if window is not None:
            self._counts["windows"] += 1
            self._counts["windows_of_two"] += len(window.positions) > 1
            self._send(window)

    def _send(self, window: Window) -> None:
        with self._times.measured("send"):
            if self._source.live:
                self._sender.offer(window)
            else:
                self._sender.put(window, timeout_s=self._patience_s)
        if self._source.live:
            self._times.add("exposure_to_sent", (time.monotonic_ns() - window.captured_ns) / 1e6)

    def _record(self, frame: SkeletonFrame, tracked: tuple[Tracked, ...]) -> None:
        """Record who was seen, before smoothing: a replay goes the rest of the way again."""
        if self._recorder is None:
            return
        # The identities go with them: joints that are all centred on the hips do not tell people apart.
        persons = tuple(replace(one.person, track=one.track, quality=one.quality) for one in tracked)
        try:
            self._recorder.write(replace(frame, persons=persons, identified=True))
        except StoreError as error:
            self._recorder = None
            _log.warning("recording ends: %s", error)

    def _fps(self) -> float:
        if len(self._recent_ns) < 2:
            return 0.0
        return (len(self._recent_ns) - 1) / ((self._recent_ns[-1] - self._recent_ns[0]) / 1e9)
