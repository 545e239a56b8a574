"""Windows waiting for the recogniser: the newest of each track, fair between streams, bounded."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from streams.skeleton.window import Window


@dataclass(frozen=True, eq=False)
class Waiting:
    """A window and where it came from."""

    window: Window
    sender: bytes
    """Routing id of the capture process, to be answered once."""
    received_ns: int
    """``time.monotonic_ns`` when it arrived."""
    missed: int = 0
    """Windows of this track that newer ones replaced so far, here or before they were sent."""


class WindowQueue:
    """The windows that wait, each stream's in order of arrival, the streams taking turns. Thread-safe.

    Args:
        most: Windows of all streams that may wait. When one more comes, the stream with the most
            waiting gives up its oldest.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        # The stream whose turn it is comes first; so does, within a stream, the track waiting longest.
        self._streams: OrderedDict[str, OrderedDict[int, Waiting]] = OrderedDict()
        self._count = 0
        self._woken = False

    def __len__(self) -> int:
        """Windows that wait now."""
        with self._changed:
            return self._count

    def put(self, waiting: Waiting) -> Waiting | None:
        """The window that gave way to this one, if one did: of the same track, or for want of room."""
        window = waiting.window
        with self._changed:
            tracks = self._streams.setdefault(window.stream, OrderedDict())
            displaced = tracks.get(window.track)
            if displaced is not None:
                # In its place: a track's turn comes, however often it is renewed.
                tracks[window.track] = replace(waiting, missed=waiting.missed + 1)
            else:
                tracks[window.track] = waiting
                self._count += 1
                displaced = self._give_way() if self._count > self._most else None
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float) -> Waiting | None:
        """The window whose turn it is; None when time is over or ``wake`` was called."""
        with self._changed:
            self._changed.wait_for(lambda: self._count or self._woken, timeout_s)
            self._woken = False
            if not self._count:
                return None
            stream, tracks = self._streams.popitem(last=False)
            _, waiting = tracks.popitem(last=False)
            self._count -= 1
            if tracks:
                self._streams[stream] = tracks
            return waiting

    def wake(self) -> None:
        """Make ``take`` return now, or the next time it is called."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _give_way(self) -> Waiting:
        stream = max(self._streams, key=lambda name: len(self._streams[name]))
        _, oldest = self._streams[stream].popitem(last=False)
        if not self._streams[stream]:
            del self._streams[stream]
        self._count -= 1
        return oldest
