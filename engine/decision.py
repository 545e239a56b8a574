"""From what each window says to what is shown: captions, onsets and offsets.

Per track a small state machine. The probabilities of successive windows are averaged with
exponentially falling weights; an action begins with the second of two windows in a row whose best
class is the same and clearly more likely than the unnamed one; it ends with
the second in a row in which it is below the lower one. Another class takes over on the terms on
which an action begins. Being idle, the class's removal and the track's disappearance end an
action at once. Per track, onsets and offsets therefore alternate, whatever comes in.

Nothing here reads a clock: time is what the windows and the caller say it is, nanoseconds of one
monotonic clock, and within a track it never runs backwards.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.messages import State
from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class DecisionConfig:
    """When an action begins and ends."""

    smoothing_s: float = 0.3
    """Time constant of the average over windows, seconds; 0 believes each window alone."""
    on_share: float = 0.55
    """Least share p / (p + u) to begin, [0.5, 1]: p the class's averaged probability, u the unnamed
    class's. Unlike p it does not fall as actions are added."""
    off_share: float = 0.45
    """Share below which an action is no longer supported, at most on_share."""
    onset_windows: int = 2
    """Windows in a row that must agree before an action begins."""
    offset_windows: int = 2
    """Windows in a row without support that end an action."""
    vanish_s: float = 2.0
    """A track without a window for this long is over, seconds."""
    least_quality: float = 0.3
    """Quality of a window below which it counts as unknown, [0, 1]: its person is cut off, too small
    or hardly seen."""
    max_tracks: int = 256
    """Most tracks followed at once; one more, and the one unheard of for longest is over."""

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other.

        Raises:
            ConfigError: A setting out of its range.
        """
        if not 0.0 <= self.off_share <= self.on_share <= 1.0 or self.on_share < 0.5:
            raise ConfigError(
                "wanted 0 <= off_share <= on_share <= 1 and on_share of 0.5 or more, "
                f"got {self.off_share} and {self.on_share}; what ends an action must be less"
            )
        if not (0.0 <= self.smoothing_s <= 60.0 and 0.1 <= self.vanish_s <= 600.0):
            raise ConfigError(
                "wanted smoothing_s in [0, 60] and vanish_s in [0.1, 600], "
                f"got {self.smoothing_s} and {self.vanish_s}; both are seconds"
            )
        if not 0.0 <= self.least_quality <= 1.0:
            raise ConfigError(f"wanted least_quality in [0, 1], got {self.least_quality}; it is a share")
        counts = (self.onset_windows, self.offset_windows, self.max_tracks)
        if min(counts) < 1 or max(counts) > 10_000:
            raise ConfigError(
                "wanted onset_windows, offset_windows and max_tracks from 1 to 10,000, "
                f"got {counts}; count windows and tracks"
            )


@dataclass(frozen=True, eq=False)
class Standing:
    """What one window says by itself.

    Attributes:
        stream: Its stream.
        track: Its track within the stream.
        captured_ns: Instant of its last frame, nanoseconds.
        class_ids: K ids.
        probabilities: (K,) in the same order; with ``unknown`` they sum to 1.
        unknown: Probability of the unnamed class.
        idle: Nobody in it moves.
        quality: How much of the person can be believed, [0, 1].
        heard_ns: Instant at which the caller heard of it; ``captured_ns`` if None.
    """

    stream: str
    track: int
    captured_ns: int
    class_ids: tuple[str, ...]
    probabilities: NDArray[np.float64]
    unknown: float
    idle: bool
    quality: float = 1.0
    heard_ns: int | None = None


@dataclass(frozen=True)
class Transition:
    """An action's beginning or end."""

    event_id: str
    phase: Literal["onset", "offset"]
    stream: str
    track: int
    class_id: str
    peak: float
    """Highest averaged probability so far."""
    began_ns: int
    """Instant of the first window that agreed."""
    ended_ns: int
    """Instant of the last window that supported the action."""


@dataclass(frozen=True)
class Decision:
    """What is shown after a window, and what changed with it."""

    state: State
    action: Transition | None
    """The onset of the action in progress, its peak and end up to date; None unless ``state`` is
    ``"action"``."""
    probability: float
    """Averaged probability of its class, [0, 1]; 0 without an action."""
    supported: bool
    """Whether this window bears the action in progress out."""
    transitions: tuple[Transition, ...]
    """In the order in which they came about; of other tracks, too, where their time is over."""


@dataclass(eq=False)
class _Track:
    """What is remembered of one track."""

    last_ns: int
    heard_ns: int = 0
    """When it was last heard of by the caller's clock: windows may come late."""
    class_ids: tuple[str, ...] = ()
    average: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """(K + 1,): the classes and the unnamed one; empty before there is anything to average."""
    candidate: str | None = None
    agreeing: int = 0
    first_agreed_ns: int = 0
    lacking: int = 0
    action: Transition | None = None


class Decider:
    """The state machines of all tracks. Not thread-safe; one owner.

    Args:
        config: When actions begin and end.
        new_id: Gives ids of events; counts from ``"1"`` by default.
    """

    def __init__(
        self, config: DecisionConfig = DecisionConfig(), *, new_id: Callable[[], str] | None = None
    ) -> None:
        self.config = config
        self.thresholds: Mapping[str, float] = {}
        """By id of a class, what it takes to begin in the place of ``config.on_share``."""
        counter = itertools.count(1)
        self._new_id = new_id or (lambda: str(next(counter)))
        # The track heard of last comes last.
        self._tracks: dict[tuple[str, int], _Track] = {}

    def threshold(self, class_id: str) -> float:
        """Least share p / (p + u) at which the class begins, [0.5, 1]."""
        return self.thresholds.get(class_id, self.config.on_share)

    def step(self, standing: Standing) -> Decision:
        """What is shown after this window."""
        key = (standing.stream, standing.track)
        over = [*self._expire(standing.captured_ns, stream=standing.stream), *self._make_room(key)]
        track = self._tracks.pop(key, None) or _Track(last_ns=standing.captured_ns)
        self._tracks[key] = track
        now_ns = max(track.last_ns, standing.captured_ns)
        if standing.idle:
            changes = _end(track)
            _forget_candidate(track)
            # What a person who stands still resembles says nothing about the next action.
            track.average = np.empty(0)
        else:
            self._average(track, standing, elapsed_ns=now_ns - track.last_ns)
            changes = self._change(track, standing, now_ns)
        track.last_ns = now_ns
        track.heard_ns = max(now_ns, standing.heard_ns or now_ns)
        action = track.action
        return Decision(
            state="idle" if standing.idle else "unknown" if action is None else "action",
            action=action,
            probability=0.0 if action is None else _probability(track, action.class_id),
            supported=action is not None and track.lacking == 0,
            transitions=(*over, *changes),
        )

    def expire(self, now_ns: int) -> tuple[Transition, ...]:
        """Ends of the actions whose tracks no window has come of for ``vanish_s`` before now.

        A file is played more slowly than it was filmed where the machine is busy: what counts is
        when a window was heard of, not how old its frames are.
        """
        vanish_ns = round(self.config.vanish_s * 1e9)
        return self._drop(
            [key for key, track in self._tracks.items() if now_ns - track.heard_ns > vanish_ns]
        )

    def remove(self, class_id: str) -> tuple[Transition, ...]:
        """Ends of the actions in progress of a class that is no more."""
        ended: list[Transition] = []
        for track in self._tracks.values():
            if track.candidate == class_id:
                _forget_candidate(track)
            if track.action is not None and track.action.class_id == class_id:
                ended += _end(track)
        return tuple(ended)

    def finish(self) -> tuple[Transition, ...]:
        """Ends of every action in progress; all tracks are forgotten."""
        return self._drop(list(self._tracks))

    def _average(self, track: _Track, standing: Standing, *, elapsed_ns: int) -> None:
        current = np.append(standing.probabilities, standing.unknown)
        if standing.quality < self.config.least_quality:
            # What is hardly seen resembles something all the same.
            current[:-1], current[-1] = 0.0, 1.0
        # Averages over other classes say nothing about these: they begin anew.
        same = track.class_ids is standing.class_ids or track.class_ids == standing.class_ids
        known = same and len(track.average) > 0
        if known and self.config.smoothing_s > 0.0:
            fresh = 1.0 - math.exp(-elapsed_ns / (1e9 * self.config.smoothing_s))
            current = track.average + fresh * (current - track.average)
        track.class_ids, track.average = standing.class_ids, current

    def _change(self, track: _Track, standing: Standing, now_ns: int) -> tuple[Transition, ...]:
        """Begin, continue, end or replace the track's action."""
        self._note_candidate(track, now_ns)
        action = track.action
        if action is not None:
            likely = _probability(track, action.class_id)
            # What ends an action stays as far below what begins it, whatever that is.
            ends = self.threshold(action.class_id) - (self.config.on_share - self.config.off_share)
            if _share(likely, track) >= ends:
                track.lacking = 0
                track.action = replace(action, peak=max(action.peak, likely), ended_ns=now_ns)
            else:
                track.lacking += 1
        agreed = track.agreeing >= self.config.onset_windows
        if agreed and (action is None or track.candidate != action.class_id):
            return (*_end(track, before_ns=track.first_agreed_ns), self._begin(track, standing, now_ns))
        return _end(track) if track.lacking >= self.config.offset_windows else ()

    def _note_candidate(self, track: _Track, now_ns: int) -> None:
        """Count how many windows in a row have had the same convincing best class."""
        likely = track.average[:-1].max(initial=0.0)
        if likely <= track.average[-1]:
            return _forget_candidate(track)
        best = track.class_ids[int(np.argmax(track.average[:-1]))]
        if _share(likely, track) < self.threshold(best):
            return _forget_candidate(track)
        if best != track.candidate:
            track.candidate, track.agreeing, track.first_agreed_ns = best, 0, now_ns
        track.agreeing += 1
        return None

    def _begin(self, track: _Track, standing: Standing, now_ns: int) -> Transition:
        assert track.candidate is not None
        track.lacking = 0
        track.action = Transition(
            event_id=self._new_id(),
            phase="onset",
            stream=standing.stream,
            track=standing.track,
            class_id=track.candidate,
            peak=_probability(track, track.candidate),
            began_ns=track.first_agreed_ns,
            ended_ns=now_ns,
        )
        return track.action

    def _expire(self, captured_ns: int, *, stream: str) -> tuple[Transition, ...]:
        """Ends on tracks of the stream whose last window is ``vanish_s`` older than this one."""
        vanish_ns = round(self.config.vanish_s * 1e9)
        return self._drop(
            [
                key
                for key, track in self._tracks.items()
                if key[0] == stream and captured_ns - track.last_ns > vanish_ns
            ]
        )

    def _make_room(self, key: tuple[str, int]) -> tuple[Transition, ...]:
        if key in self._tracks or len(self._tracks) < self.config.max_tracks:
            return ()
        return self._drop([next(iter(self._tracks))])

    def _drop(self, keys: Iterable[tuple[str, int]]) -> tuple[Transition, ...]:
        return tuple(offset for key in keys for offset in _end(self._tracks.pop(key)))


def _end(track: _Track, *, before_ns: int | None = None) -> tuple[Transition, ...]:
    """The end of the track's action, if it has one; not after ``before_ns``, nor before it began."""
    action, track.action, track.lacking = track.action, None, 0
    if action is None:
        return ()
    ended_ns = action.ended_ns if before_ns is None else min(action.ended_ns, before_ns)
    return (replace(action, phase="offset", ended_ns=max(action.began_ns, ended_ns)),)


def _probability(track: _Track, class_id: str) -> float:
    """Averaged probability of a class; 0 where it is none of the track's classes."""
    if class_id not in track.class_ids:
        return 0.0
    return float(track.average[track.class_ids.index(class_id)])


def _forget_candidate(track: _Track) -> None:
    track.candidate, track.agreeing = None, 0


def _share(likely: float, track: _Track) -> float:
    """Of a class's averaged probability in the sum of its own and the unnamed class's."""
    return likely / max(likely + float(track.average[-1]), 1e-12)
