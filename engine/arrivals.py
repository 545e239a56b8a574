"""What the border asks of an arriving window beyond its shape, and what it knows of its track."""

import math
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from streams.skeleton.errors import ShapeError, TimestampError, WireError
from streams.skeleton.window import Window

MOST_TRACKS = 1024
"""Tracks whose sequence is followed; one more, and the one unheard of for longest is forgotten."""
LONGEST_STREAM_NAME = 64
OLDEST_S = 3600.0
_LARGEST = 2**53
"""Whole numbers up to here are the same in JSON, SQLite and floating point."""


def check_stream(name: str) -> None:
    """Refuse a stream name that cannot be a topic.

    Raises:
        WireError: It is empty, longer than 64 characters or not printable.
    """
    if not (1 <= len(name) <= LONGEST_STREAM_NAME and name.isprintable()):
        raise WireError(
            f"wanted a stream name of 1 to {LONGEST_STREAM_NAME} printable characters, got {name[:80]!a}; "
            "rename the stream"
        )


def check_arrival(window: Window, *, received_ns: int) -> None:
    """Refuse what no capture process sends: the window came over a wire.

    Args:
        window: As decoded.
        received_ns: ``time.monotonic_ns`` when it arrived.

    Raises:
        WireError: Stream, track, sequence or rate are not of this world.
        ShapeError: The arrays are not float32.
        TimestampError: It was captured in the future, or more than an hour ago.
    """
    check_stream(window.stream)
    if not (0 <= window.track < _LARGEST and 0 <= window.sequence < _LARGEST):
        raise WireError(
            "wanted track and sequence from 0 to 2^53, "
            f"got {window.track!r:.20} and {window.sequence!r:.20}; count from 0"
        )
    if not (math.isfinite(window.source_fps) and window.source_fps >= 0):
        raise WireError(f"wanted a frame rate, got {window.source_fps}; send frames per second")
    if window.positions.dtype != np.float32 or window.confidence.dtype != np.float32:
        raise ShapeError(
            f"wanted float32 positions and confidence, got {window.positions.dtype} and "
            f"{window.confidence.dtype}; convert them"
        )
    age_ns = received_ns - window.captured_ns
    if not 0 <= age_ns <= OLDEST_S * 1e9:
        raise TimestampError(
            f"wanted an age of 0 to {OLDEST_S:g} s, got {'less' if age_ns < 0 else 'more'}; "
            "check the source's clock"
        )


@dataclass(eq=False)
class _Known:
    sequence: int
    missed: int = 0


class TrackLedger:
    """Counts, per track, the windows that never reach the recogniser. Not thread-safe; bounded."""

    def __init__(self) -> None:
        # The track heard of last comes last.
        self._tracks: OrderedDict[tuple[str, int], _Known] = OrderedDict()

    def note(self, window: Window) -> int:
        """Number of windows skipped since the track's last one, which were replaced before sending.

        A sequence that does not grow is another capture process under the same name: nothing is
        known of what it skipped.
        """
        key = (window.stream, window.track)
        known = self._tracks.pop(key, None)
        if known is None or window.sequence <= known.sequence:
            known, gap = _Known(window.sequence), 0
        else:
            gap = window.sequence - known.sequence - 1
            known.sequence, known.missed = window.sequence, known.missed + gap
        self._tracks[key] = known
        if len(self._tracks) > MOST_TRACKS:
            self._tracks.popitem(last=False)
        return gap

    def replaced(self, window: Window) -> None:
        """Count a window that gave way to another one here."""
        known = self._tracks.get((window.stream, window.track))
        if known is not None:
            known.missed += 1

    def missed(self, window: Window) -> int:
        """Windows of this track that newer ones replaced so far, here or before they were sent."""
        known = self._tracks.get((window.stream, window.track))
        return 0 if known is None else known.missed
