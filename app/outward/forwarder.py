"""Hands every event on, once and in order, however long the receiver is away.

The engine keeps the last 10,000 events with growing numbers: that is the queue, bounded and on the
disk. Here only the number of the last event delivered is kept, in a file. What the engine has
forgotten in the meantime is counted as lost. An event is delivered twice only where this process is
killed between the receiver's answer and the write; its number tells the receiver.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from app.shelf import write_atomically
from engine.messages import RecordedEvent
from streams.skeleton.errors import EngineError

logger = logging.getLogger(__name__)

LOOK_S = 0.25
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
AT_ONCE = 100
KEPT = "10,000"
"""Events the engine remembers."""


class Feed(Protocol):
    """Remembers events; ``engine.client.EngineClient`` is one."""

    def events(self, since: int | None = None, *, limit: int = AT_ONCE) -> Sequence[RecordedEvent]:
        """Events in order: the first ones after number ``since``, or the newest ones."""
        ...


class DeliveryError(Exception):
    """The receiver did not take an event; it is to be tried again."""


class Forwarder:
    """Delivers what the feed holds. ``step`` is all it does; ``start`` calls it from a thread of its own.

    Args:
        feed: Where events come from.
        deliver: Returns once the receiver has the event; raises DeliveryError where it has not.
        cursor: File that holds the number of the last event delivered. Without one, only what
            happens from now on is delivered.
    """

    def __init__(self, feed: Feed, deliver: Callable[[RecordedEvent], None], *, cursor: Path) -> None:
        self._feed = feed
        self._deliver = deliver
        self._path = cursor
        self._number = _read(cursor)
        self._failures = 0
        self.delivered = 0
        self.lost = 0
        self.failed = 0
        self.problem: str | None = None
        """Why the event in hand is still there, in words; None while the receiver takes what comes."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the event in hand; the rest is delivered after the next start."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> float:
        """Deliver what there is; seconds until the next step makes sense."""
        try:
            if self._number is None or self._is_other_store():
                newest = self._feed.events(limit=1)
                self._keep(newest[-1].number if newest else 0)
            assert self._number is not None
            for event in self._feed.events(self._number, limit=AT_ONCE):
                if self._closing.is_set():
                    break
                self._deliver(event)
                self.delivered += 1
                self.lost += event.number - self._number - 1
                self._failures, self.problem = 0, None
                self._keep(event.number)
        except EngineError:
            return LOOK_S
        except DeliveryError as error:
            self.failed += 1
            if self._failures == 0:
                logger.warning("%s; trying again", error)
            self._failures += 1
            self.problem = f"{error}; trying again, nothing is lost for {KEPT} events"
            return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 10))
        return LOOK_S

    def _is_other_store(self) -> bool:
        """Whether the engine has started from nothing: its numbers are smaller than ours."""
        newest = self._feed.events(limit=1)
        return self._number is not None and (newest[-1].number if newest else 0) < self._number

    def _keep(self, number: int) -> None:
        self._number = number
        try:
            write_atomically(self._path, str(number).encode())
        except OSError as error:
            logger.warning("wanted to note event %d in %s, got %s", number, self._path, error.strerror)

    def _run(self) -> None:
        pause_s = 0.0
        while not self._closing.wait(pause_s):
            pause_s = self.step()


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
