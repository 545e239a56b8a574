"""When the frames of a recording are given out: like a camera's, or as fast as they are taken."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from streams.sources.base import SkeletonFrame

_LONGEST_SKIP_NS = 500_000_000
# The engine refuses what is older than an hour.
_HEAD_START_NS = 3000 * 1_000_000_000
_LONGEST_LAG_NS = 3300 * 1_000_000_000
LOOP_PAUSE_NS = 1_000_000_000
"""Between a recording's end and its next beginning: long enough for nobody to be taken for moving
from where they ended to where they began."""


class Pace:
    """The clock of one playback.

    In real time a frame is held back until it is due and left out when it comes too late, as a
    camera would. Fast playback leaves nothing out; its clock is set so that the recording ends
    now, and thus never runs ahead of ours: ages stay positive and keep their differences. Of a
    recording of more than 50 minutes the rest is played in real time at most; one that falls 55
    minutes behind is set to the present, which is a hole in it.

    Args:
        fast: Give every frame as soon as it is taken.
        duration_s: Length of the recording, seconds; used when fast.
        now_ns: The clock, ``time.monotonic_ns`` but for tests.
    """

    def __init__(
        self, *, fast: bool, duration_s: float, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.live = not fast
        self.dropped = 0
        """Frames left out because they came too late."""
        self._head_start_ns = min(_HEAD_START_NS, round(duration_s * 1e9))
        self._now_ns = now_ns
        self._closed = threading.Event()
        self._origin_ns: int | None = None
        self._offset_ns = 0
        self._taken_ns = 0

    @property
    def closed(self) -> bool:
        """Whether playback was ended from outside."""
        return self._closed.is_set()

    def close(self) -> None:
        """End the playback, also while it waits for the next frame; from any thread."""
        self._closed.set()

    def instant(self, offset_ns: int) -> int | None:
        """``captured_ns`` of a frame, once it is due; None if it is to be left out.

        Args:
            offset_ns: The frame's time within the recording, nanoseconds, later than in the call before.
        """
        if self._origin_ns is None:
            self._origin_ns = self._now_ns() - offset_ns - (0 if self.live else self._head_start_ns)
            self._taken_ns = self._offset_ns = offset_ns
        late_ns = self._now_ns() - self._origin_ns - offset_ns
        step_ns, self._offset_ns = offset_ns - self._offset_ns, offset_ns
        # Whatever the load, two frames a second are shown, however late.
        if self.live and late_ns > step_ns and offset_ns - self._taken_ns < _LONGEST_SKIP_NS:
            self.dropped += 1
            return None
        if late_ns > _LONGEST_LAG_NS:
            self._origin_ns += late_ns
        elif late_ns < 0:
            self._closed.wait(-late_ns / 1e9)
        self._taken_ns = offset_ns
        return None if self.closed else self._origin_ns + offset_ns


def replay(
    pass_over: Callable[[], Iterable[tuple[int, SkeletonFrame]]], pace: Pace, *, loop: bool
) -> Iterator[SkeletonFrame]:
    """The frames of a recording, stamped as they are given out.

    Args:
        pass_over: The frames from the beginning, each with its nanoseconds since then.
        pace: When to give them out, and whether to stop.
        loop: Begin again at the end, time going on, after one second.
    """
    begin_ns = offset_ns = 0
    while True:
        for offset_ns, frame in pass_over():
            captured_ns = pace.instant(begin_ns + offset_ns)
            if pace.closed:
                return
            if captured_ns is not None:
                yield replace(frame, captured_ns=captured_ns)
        if not loop:
            return
        begin_ns += offset_ns + LOOP_PAUSE_NS
