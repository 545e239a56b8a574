"""Plain sockets that speak the engine's wire, for tests of the engine's side."""

import itertools
import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq

from streams.config import Endpoints
from streams.skeleton.window import Window
from streams.wire import Message, pack, pack_window, unpack

TIMEOUT_MS = 10_000


@contextmanager
def short_endpoints() -> Generator[Endpoints]:
    """Ipc addresses in a folder whose path is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="am", dir="/tmp") as folder:
        yield Endpoints.in_folder(Path(folder))


class Peer:
    """A DEALER that waits for its answers, but not for ever."""

    def __init__(self, endpoint: str) -> None:
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._dealer = self._context.socket(zmq.DEALER)
        self._dealer.linger = 0
        self._dealer.rcvtimeo = self._dealer.sndtimeo = TIMEOUT_MS
        self._dealer.connect(endpoint)
        self._ids = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dealer.close()
        self._context.term()

    def send(self, *frames: bytes) -> None:
        self._dealer.send_multipart(frames)

    def receive(self) -> Message:
        return unpack(self._dealer.recv_multipart())

    def hello(self, stream: str = "camera") -> Message:
        self.send(*pack("hello", {"stream": stream}))
        return self.receive()

    def send_window(self, window: Window) -> None:
        self.send(*pack_window(window))

    def receive_refusal(self) -> tuple[str, str]:
        message = self.receive()
        assert message.type == "refused", message
        return message.header["code"], message.header["message"]

    def receive_credit(self, times: int = 1) -> None:
        for _ in range(times):
            message = self.receive()
            assert (message.type, message.header["credit"]) == ("credit", 1), message

    def ask(self, op: str, *, deadline_ms: float = TIMEOUT_MS, **args: Any) -> dict[str, Any]:
        """The reply: ``result`` where it is ok, ``error`` where it is not."""
        request_id = f"r{next(self._ids)}"
        header = {"id": request_id, "op": op, "args": args, "deadline_ms": deadline_ms}
        self.send(*pack("request", header))
        return self.receive_reply(request_id)

    def receive_reply(self, request_id: str | None) -> dict[str, Any]:
        message = self.receive()
        assert (message.type, message.header["id"]) == ("reply", request_id)
        if message.header["ok"]:
            return {"result": json.loads(message.arrays["result"].tobytes())}
        return {"error": message.header["error"]}
