"""What the last ten minutes looked like to the encoder, so that another action can be tried on them."""

from collections import deque
from dataclasses import dataclass

from engine.bank.contract import Rows
from streams.skeleton.window import Window

REMEMBERED_S = 600.0
"""How far back one can look, seconds."""
MOST_MOMENTS = 6_000
"""Two people at five windows a second for ten minutes; some 10 MB."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One window, after the encoder.

    Attributes:
        stream: Its stream.
        track: Its track within the stream.
        captured_ns: Instant of its last frame.
        rows: (P, D) float32, unit rows.
        idle: Nobody in it moved.
        quality: How much of the person could be believed, [0, 1].
    """

    stream: str
    track: int
    captured_ns: int
    rows: Rows
    idle: bool
    quality: float


def moment_of(window: Window, rows: Rows, *, idle: bool) -> Moment:
    """The moment of an embedded window; its skeletons are not part of it."""
    return Moment(window.stream, window.track, window.captured_ns, rows, idle, window.quality)


class Past:
    """The newest moments, oldest first. Not thread-safe; one owner. Memory is bounded."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque(maxlen=MOST_MOMENTS)

    def remember(self, moment: Moment) -> None:
        """Keep a moment, in the place of one too old."""
        self._moments.append(moment)
        while moment.captured_ns - self._moments[0].captured_ns > REMEMBERED_S * 1e9:
            self._moments.popleft()

    def last(self, *, seconds: float, now_ns: int) -> tuple[Moment, ...]:
        """The moments since ``seconds`` before now, oldest first."""
        return tuple(m for m in self._moments if now_ns - m.captured_ns <= seconds * 1e9)
