"""The clock of a source that makes its frames: an even rate, in real time or as fast as they are taken."""

import threading
import time
from collections.abc import Iterator

from streams.skeleton.errors import SourceError


class Beat:
    """When frames are due. Ends only when closed.

    Args:
        fps: Frames a second.
        realtime: Hold each frame back until it is due, and leave out one that is a period late.

    Raises:
        SourceError: A rate no source has.
    """

    def __init__(self, fps: float, *, realtime: bool) -> None:
        if not 1.0 <= fps <= 240.0:
            raise SourceError(f"wanted 1 to 240 frames a second, got {fps}; leave it at 30")
        self.fps = fps
        self.realtime = realtime
        self.dropped = 0
        """Frames that nobody took in time."""
        self._closed = threading.Event()

    def close(self) -> None:
        """End the beat, also while it waits; from any thread."""
        self._closed.set()

    def due_ns(self) -> Iterator[int | None]:
        """For one frame after the other when it is due, at that time; None for one to be left out."""
        period_ns, due_ns = round(1e9 / self.fps), time.monotonic_ns()
        while not self._closed.is_set():
            late_ns = time.monotonic_ns() - due_ns
            if self.realtime and late_ns > period_ns:
                self.dropped += 1
                yield None
            else:
                if self.realtime:
                    self._closed.wait(max(0, -late_ns) / 1e9)
                if self._closed.is_set():
                    return
                yield due_ns
            due_ns += period_ns
