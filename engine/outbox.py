"""What the other threads have to say, on its way to the network thread."""

import contextlib
import itertools
import json
import socket
import threading
from collections import deque
from typing import Any, Literal

import numpy as np

from engine.requests import Request, described
from engine.telemetry import Telemetry
from streams.skeleton.errors import AnymoveError
from streams.wire import pack

Plane = Literal["windows", "control", "predictions"]
"""The engine's sockets."""

MOST_OUTGOING = 1024
"""Messages that wait; one more is dropped and counted."""


class Outbox:
    """Messages on their way to the network thread. Thread-safe; never blocks, drops and counts."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._lock = threading.Lock()
        self._messages: deque[tuple[Plane, list[bytes]]] = deque()
        self._numbers = itertools.count(1)
        self.ear, self._bell = socket.socketpair()
        self.ear.setblocking(False)
        self._bell.setblocking(False)

    def send(self, plane: Plane, frames: list[bytes]) -> None:
        """Have the frames sent; for a ROUTER they begin with the routing id."""
        with self._lock:
            waiting = len(self._messages)
            if waiting < MOST_OUTGOING:
                self._messages.append((plane, frames))
        if waiting >= MOST_OUTGOING:
            self._telemetry.count("outgoing_dropped")
        if not waiting:
            # Others wait: the network thread has been told, and takes until there is nothing.
            self.ring()

    def publish(self, kind: Literal["prediction", "event"], stream: str, content: dict[str, Any]) -> None:
        """Have a prediction or event sent to its subscribers."""
        header = {kind: content, "number": next(self._numbers)}
        self.send("predictions", [f"{kind}.{stream}".encode(), *pack(kind, header)])

    def reply(self, request: Request, result: dict[str, Any]) -> None:
        """Have a request's result sent."""
        body = np.frombuffer(json.dumps(result, allow_nan=False).encode(), np.uint8)
        self.send("control", [request.client, *pack("reply", {"id": request.id, "ok": True}, result=body)])

    def fail(self, client: bytes, request_id: str | None, error: AnymoveError) -> None:
        """Have it said why a request came to nothing."""
        header = {"id": request_id, "ok": False, "error": described(error)}
        self.send("control", [client, *pack("reply", header)])

    def credit(self, sender: bytes) -> None:
        """Let a capture process send one more window."""
        self.send("windows", [sender, *pack("credit", {"credit": 1})])

    def refuse(self, sender: bytes, error: AnymoveError) -> None:
        """Have it said why a window was not used; the next one may come."""
        self.send("windows", [sender, *pack("refused", described(error))])

    def take(self) -> tuple[Plane, list[bytes]] | None:
        """The message that has waited longest; None if there is none."""
        with self._lock:
            return self._messages.popleft() if self._messages else None

    def ring(self) -> None:
        """Wake the network thread."""
        # A full pipe means it has been told already; a closed one, that it has ended.
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def close(self) -> None:
        """Close the pipe that wakes the network thread."""
        self.ear.close()
        self._bell.close()
