"""Frames to windows, by timestamp: every rate gives the same windows.

A track's window is the last ``length_s`` of it, resampled to the frames the encoder wants. A new
one is due ``hop_s`` of stream time after the last; it ends at a frame, the one nearest to the
moment it was due. The first is cut when half the length is covered: before that the person has
not been seen long enough for a guess to mean anything. What lies before the first frame is held
from it, what lies between two frames is interpolated, and a longer hole than half a second ends
the window's past: the track begins anew.

A window of two is that of a person with a companion's beside it, over the same time.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, TimestampError
from streams.skeleton.resample import resample, uniform_times
from streams.skeleton.window import Window, WindowSpec

MAX_FPS = 1000
LEAST_COVERED = 0.5
"""Share of the window's length that must have been seen."""
BRIDGED_S = 0.5
"""Longest hole between two frames that is interpolated, seconds."""


@dataclass(frozen=True, eq=False)
class _Frame:
    captured_ns: int
    positions: NDArray[np.float32]
    confidence: NDArray[np.float32]
    quality: float


@dataclass(eq=False)
class _Track:
    frames: deque[_Frame]
    sequence: int = 0
    due_ns: int | None = None
    """When the next window is due; None before the first."""


class Windower:
    """Cuts the windows of one stream. Not thread-safe.

    Memory is bounded by 1000 frames a second of a window's length for each track seen within the
    last half second; a track that has been forgotten should come back under another number.

    Args:
        stream: Name written into the windows.
        spec: Length and frames of a window.
        hop_s: Stream time between two windows of a track, seconds, (0, spec.length_s].

    Raises:
        ConfigError: The hop is out of its range.
    """

    def __init__(self, stream: str, spec: WindowSpec, *, hop_s: float) -> None:
        if not 0 < hop_s <= spec.length_s:
            raise ConfigError(
                f"wanted a hop above 0 and up to the window's {spec.length_s:g} s, got {hop_s:g}; "
                "change --hop-s"
            )
        self.stream = stream
        self.spec = spec
        self._hop_ns = round(hop_s * 1e9)
        self._length_ns = round(spec.length_s * 1e9)
        self._most = int(spec.length_s * MAX_FPS) + 2
        self._tracks: dict[int, _Track] = {}
        self.cut = 0
        """Windows cut so far."""
        self.restarted = 0
        """Tracks begun anew because of a hole."""
        self.crowded_out = 0
        """Frames forgotten early because they came faster than 1000 a second."""

    def push(
        self,
        track: int,
        positions: NDArray[np.floating],
        confidence: NDArray[np.floating],
        *,
        captured_ns: int,
        quality: float = 1.0,
        companion: int | None = None,
    ) -> Window | None:
        """The window that ends at this frame, if one is due.

        Args:
            track: Whose frame it is.
            positions: (25, 3), metres, Kinect camera space, finite.
            confidence: (25,) in [0, 1].
            captured_ns: ``time.monotonic_ns`` at exposure, later than the track's last frame.
            quality: How much of the person can be believed, [0, 1].
            companion: Track of whoever belongs into the window as a second person; left out where
                that one has not been seen for half of the window's length.

        Raises:
            TimestampError: The frame is not later than the track's last; it is left out.
        """
        state = self._tracks.get(track)
        if state is not None and captured_ns <= state.frames[-1].captured_ns:
            late_ms = (state.frames[-1].captured_ns - captured_ns) / 1e6
            raise TimestampError(
                f"wanted a frame after the last one of track {track}, got one {late_ms:.1f} ms before it; "
                "the frame is left out, check the source's clock"
            )
        self._forget(captured_ns)
        if state is None or track not in self._tracks:
            self.restarted += state is not None
            sequence = 0 if state is None else state.sequence
            state = self._tracks[track] = _Track(deque(maxlen=self._most), sequence)
        frames = state.frames
        self.crowded_out += len(frames) == frames.maxlen
        frames.append(
            _Frame(captured_ns, positions.astype(np.float32), confidence.astype(np.float32), quality)
        )
        # One frame before the window's beginning is kept: the beginning lies between the two.
        while len(frames) > 2 and frames[1].captured_ns <= captured_ns - self._length_ns:
            frames.popleft()
        if not self._due(state):
            return None
        beside = None if companion is None or companion == track else self._tracks.get(companion)
        return self._window(track, state, beside)

    def _forget(self, now_ns: int) -> None:
        hole_ns = round(BRIDGED_S * 1e9)
        gone = [t for t, s in self._tracks.items() if now_ns - s.frames[-1].captured_ns > hole_ns]
        for track in gone:
            del self._tracks[track]

    def _due(self, state: _Track) -> bool:
        """Whether the newest frame is nearer to the moment a window is due than the next will be."""
        frames = state.frames
        now_ns = frames[-1].captured_ns
        step_ns = now_ns - frames[-2].captured_ns if len(frames) > 1 else 0
        if state.due_ns is None:
            seen_ns = now_ns - frames[0].captured_ns + step_ns
            return len(frames) > 1 and seen_ns >= LEAST_COVERED * self._length_ns
        return now_ns + step_ns // 2 >= state.due_ns

    def _window(self, track: int, state: _Track, beside: _Track | None) -> Window:
        frames = state.frames
        end_ns = frames[-1].captured_ns
        persons = [self._resampled(frames, end_ns)]
        if beside is not None and self._covers(beside, end_ns):
            persons.append(self._resampled(beside.frames, end_ns))
        seen_s = (end_ns - frames[0].captured_ns) / 1e9
        window = Window(
            stream=self.stream,
            track=track,
            sequence=state.sequence,
            positions=np.stack([positions for positions, _ in persons]),
            confidence=np.stack([confidence for _, confidence in persons]),
            length_s=self.spec.length_s,
            source_fps=(len(frames) - 1) / seen_s,
            captured_ns=end_ns,
            quality=min(1.0, sum(frame.quality for frame in frames) / len(frames)),
        )
        self._schedule(state)
        return window

    def _covers(self, other: _Track, end_ns: int) -> bool:
        """Whether somebody else was seen for at least half of a window that ends then, and to its end."""
        first_ns, last_ns = other.frames[0].captured_ns, other.frames[-1].captured_ns
        seen_ns = last_ns - max(first_ns, end_ns - self._length_ns)
        return seen_ns >= LEAST_COVERED * self._length_ns and end_ns - last_ns <= BRIDGED_S * 1e9

    def _resampled(
        self, frames: deque[_Frame], end_ns: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(T, 25, 3) positions and (T, 25) confidence of the window that ends then."""
        times_s = np.array([frame.captured_ns - end_ns for frame in frames]) / 1e9
        targets_s = uniform_times(0.0, length_s=self.spec.length_s, frames=self.spec.frames)
        positions = resample(np.stack([frame.positions for frame in frames]), times_s, targets_s)
        confidence = resample(np.stack([frame.confidence for frame in frames]), times_s, targets_s)
        confidence[_guessed(times_s, targets_s)] = 0.0
        return positions, confidence

    def _schedule(self, state: _Track) -> None:
        """Count the window just cut, and set when the next one is due: moments passed over are skipped."""
        self.cut += 1
        state.sequence += 1
        end_ns, before_ns = state.frames[-1].captured_ns, state.frames[-2].captured_ns
        due_ns = end_ns if state.due_ns is None else state.due_ns
        passed = (end_ns + (end_ns - before_ns) // 2 - due_ns) // self._hop_ns
        state.due_ns = due_ns + (1 + max(0, passed)) * self._hop_ns


def _guessed(times_s: NDArray[np.float64], targets_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) True for targets before the first frame, or between two much further apart than usual."""
    steps = np.diff(times_s)
    hole = steps > 2.5 * np.median(steps)
    after = np.clip(np.searchsorted(times_s, targets_s), 1, len(times_s) - 1)
    between = (targets_s > times_s[after - 1]) & (targets_s < times_s[after])
    return (targets_s < times_s[0]) | (hole[after - 1] & between)
