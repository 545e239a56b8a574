"""The board: the newest message of each topic, for any number of readers. Thread-safe.

A writer replaces a topic's message; a reader asks for what changed since it last looked. Nothing
queues: a slow reader gets the newest of everything, and a new one gets all there is.
"""

import json
import threading
from collections.abc import Callable, Collection
from typing import Any

Build = Callable[[], dict[str, Any]]
"""Makes a topic's message at the moment it is sent, so that ages in it are true."""


class Board:
    """Topics and the newest picture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._topics: dict[str, tuple[int, Build]] = {}
        self._frame: tuple[int, bytes] = (0, b"")
        self._wakers: set[Callable[[], None]] = set()

    def post(self, topic: str, build: Build) -> None:
        """Replace a topic's message and wake the readers."""
        with self._lock:
            version = self._topics.get(topic, (0, build))[0] + 1
            self._topics[topic] = (version, build)
        self._wake()

    def post_frame(self, make: Callable[[int], bytes]) -> None:
        """Replace the newest frame by what ``make`` returns for its number, and wake the readers."""
        with self._lock:
            number = self._frame[0] + 1
        payload = make(number)
        with self._lock:
            self._frame = (number, payload)
        self._wake()

    def news(self, seen: dict[str, int], *, topics: Collection[str] | None = None) -> list[str]:
        """JSON texts of the topics that changed since ``seen``, which is brought up to date.

        Args:
            seen: Versions by topic.
            topics: The only ones of interest; all if None.
        """
        with self._lock:
            changed = [
                (topic, version, build)
                for topic, (version, build) in self._topics.items()
                if seen.get(topic) != version and (topics is None or topic in topics)
            ]
        texts: list[str] = []
        for topic, version, build in changed:
            seen[topic] = version
            texts.append(json.dumps({"type": topic, **build()}, ensure_ascii=False, allow_nan=False))
        return texts

    def frame(self) -> tuple[int, bytes]:
        """Number and payload of the newest frame; number 0 before the first."""
        with self._lock:
            return self._frame

    def subscribe(self, waker: Callable[[], None]) -> Callable[[], None]:
        """Call ``waker`` from any thread after each change, until the returned function is called."""
        with self._lock:
            self._wakers.add(waker)

        def unsubscribe() -> None:
            with self._lock:
                self._wakers.discard(waker)

        return unsubscribe

    def _wake(self) -> None:
        with self._lock:
            wakers = list(self._wakers)
        for waker in wakers:
            waker()
