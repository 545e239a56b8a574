"""What other programs send to a source: one ZeroMQ PULL socket, the newest message, nothing older."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import zmq

from streams.skeleton.errors import InputError, SourceError, WireError
from streams.sources.presence import Presence

SILENT_S = 2.0
"""Time without a usable message after which the sender counts as gone, seconds."""

T = TypeVar("T")
_log = logging.getLogger(__name__)
_POLL_MS = 100
_LOCAL = ("ipc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:")


class Inbox(Generic[T]):
    """Messages in order of arrival, decoded; one that a newer one overtook is dropped and counted.

    Args:
        name: Of the source.
        endpoint: Where to bind; loopback or ipc.
        decode: Makes of the parts of a message, and the ``time.monotonic_ns`` at which they came, what
            the source gives; raises ``WireError`` or ``InputError`` for what is not usable.
        max_bytes: Largest part of a message.
        what: What is sent, in the plural.
        start: What to do when nobody sends.

    Raises:
        SourceError: The address is none, is taken, or can be reached from other machines.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        *,
        decode: Callable[[list[bytes], int], T],
        max_bytes: int,
        what: str,
        start: str,
    ) -> None:
        if not endpoint.startswith(_LOCAL):
            scheme = name.partition(":")[0]
            raise SourceError(
                f"wanted {scheme}:tcp://127.0.0.1:PORT or {scheme}:ipc://PATH, got {endpoint!r:.60}; "
                f"{what} are taken from this machine only, forward them with ssh from another"
            )
        self.dropped = 0
        """Messages that a newer one replaced before they were taken."""
        self.refused: Counter[str] = Counter()
        """Messages that were not usable, by the code of their error."""
        self._wanted, self._start = f"wanted {what} from another program, got none", start
        self.presence = Presence(name, absent=f"{self._wanted} yet; {start}")
        """Whether somebody sends."""
        self._name = name
        self._decode = decode
        self._refusal: str | None = None
        self._closed = threading.Event()
        self._iterated = False
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._socket = self._context.socket(zmq.PULL)
        self._socket.linger = 0
        self._socket.rcvhwm = 8
        self._socket.maxmsgsize = max_bytes
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._give_back()
            raise SourceError(
                f"wanted to receive {what} at {endpoint}, got {error.strerror}; end the other program "
                "or choose another address"
            ) from None

    @property
    def endpoint(self) -> str:
        """The address bound, a free port filled in."""
        return self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def __iter__(self) -> Iterator[T]:
        """What is sent, until ``close``; nothing while nobody sends."""
        self._iterated = True
        heard_ns = time.monotonic_ns()
        try:
            while not self._closed.is_set():
                parts, now_ns = self._newest(), time.monotonic_ns()
                made = None if parts is None else self._decoded(parts, now_ns)
                if made is not None:
                    heard_ns = now_ns
                    self.presence.find()
                    yield made
                elif now_ns - heard_ns > SILENT_S * 1e9:
                    silent = self.presence.absent or f"{self._wanted} for {SILENT_S:g} s; {self._start}"
                    self.presence.lose(self._refusal or silent)
        finally:
            self._give_back()

    def close(self) -> None:
        """End the iteration; from any thread. The address is free once it has ended."""
        self._closed.set()
        # Whoever iterates owns the socket.
        if not self._iterated:
            self._give_back()

    def _give_back(self) -> None:
        self._socket.close()
        self._context.term()

    def _newest(self) -> list[bytes] | None:
        """The message sent last, once there is one; None after a while without."""
        if not self._socket.poll(_POLL_MS):
            return None
        parts = self._socket.recv_multipart()
        while self._socket.poll(0):
            self.dropped += 1
            parts = self._socket.recv_multipart()
        return parts

    def _decoded(self, parts: list[bytes], now_ns: int) -> T | None:
        try:
            made = self._decode(parts, now_ns)
        except (WireError, InputError) as error:
            self.refused[error.code] += 1
            if self.refused[error.code] == 1:
                _log.warning("%s: left out (further ones are only counted): %s", self._name, error)
            self._refusal = str(error)
            return None
        self._refusal = None
        return made
