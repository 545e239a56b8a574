"""The engine's sockets, all owned by one thread.

The windows plane is documented in ``streams.wire``; every WINDOW is answered once, with CREDIT
when it was used or replaced, or with REFUSED.

The control plane, DEALER (client) to ROUTER (engine):

    REQUEST client -> engine   {id, op, args, deadline_ms}   what is wanted, and for how long
    REPLY   engine -> client   {id, ok: true} + result       a buffer of UTF-8 JSON
    REPLY   engine -> client   {id, ok: false, error: {code, message}}

``id`` is the client's own, 1 to 64 characters; it is null in the answer to what has none. A request
that has waited longer than its deadline is refused, not carried out: nobody waits for it any more.

The predictions plane, PUB (engine) to SUB, a topic frame before each message:

    prediction.<stream>  PREDICTION  {prediction, number}
    event.<stream>       EVENT       {event, number}
    ready.<word>         READY       {}                      in answer to that very subscription

``number`` counts all predictions and events sent, so that a subscriber to both sees what it has
missed. Subscriptions take effect in the order they were made, so one to ``ready.<word>`` after the
others proves, once it is answered, that nothing said from then on is lost.
"""

import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import zmq

from engine.arrivals import TrackLedger, check_arrival, check_stream
from engine.embedding import check_window
from engine.outbox import Outbox
from engine.requests import Request, id_of, request_from
from engine.telemetry import Telemetry
from engine.window_queue import Waiting, WindowQueue
from streams.config import Endpoints
from streams.skeleton.errors import AnymoveError, EngineError, WireError
from streams.skeleton.window import WindowSpec
from streams.wire import MAX_BUFFER_BYTES, Message, field, pack, unpack, unpack_window

_AT_ONCE = 64
"""Messages read from one socket before the others have their turn."""
_LINGER_MS = 300
_READY = b"\x01ready."
_LONGEST_READY = 80


class Network:
    """Moves messages between the sockets and the other threads.

    Args:
        endpoints: Where to listen.
        spec: The window the bundle wants.
        credit: Windows a capture process may have on their way.
        windows: Where windows go.
        request: Where requests go; False where there is no room for one.
        outbox: Where answers come from.
        telemetry: What it counts in.
        clock: ``time.monotonic_ns`` or a test's own.

    Raises:
        EngineError: An address cannot be listened on.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        spec: WindowSpec,
        *,
        credit: int,
        windows: WindowQueue,
        request: Callable[[Request], bool],
        outbox: Outbox,
        telemetry: Telemetry,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._spec = spec
        self._credit = credit
        self._waiting = windows
        self._request = request
        self._outbox = outbox
        self._telemetry = telemetry
        self._clock = clock
        self._ledger = TrackLedger()
        self._closing = threading.Event()
        self._context = zmq.Context[zmq.Socket[bytes]]()
        try:
            # Made here so that a taken address is known at once; from ``run`` on they are its own.
            self._windows = self._bound(zmq.ROUTER, endpoints.windows)
            self._control = self._bound(zmq.ROUTER, endpoints.control)
            self._predictions = self._bound(zmq.XPUB, endpoints.predictions)
        except EngineError:
            self._context.destroy(linger=0)
            raise

    @property
    def endpoints(self) -> dict[str, str]:
        """The addresses by plane, with the ports that were found where ``*`` was asked for."""
        sockets = {"windows": self._windows, "predictions": self._predictions, "control": self._control}
        return {
            plane: cast(bytes, bound.last_endpoint).decode().rstrip("\0")
            for plane, bound in sockets.items()
        }

    def run(self) -> None:
        """Serve until ``close``; then send what is waiting and close the sockets."""
        poller = zmq.Poller()
        readers = {
            self._windows: self._on_window_frames,
            self._control: self._on_control_frames,
            self._predictions: self._on_subscription,
        }
        for readable in (*readers, self._outbox.ear):
            poller.register(readable, zmq.POLLIN)
        while not self._closing.is_set():
            ready = dict(poller.poll())
            if self._outbox.ear.fileno() in ready:
                self._outbox.ear.recv(4096)
            for readable, read in readers.items():
                if readable in ready:
                    self._drain(readable, read)
            self._send_waiting()
        self._send_waiting()
        self._context.destroy(linger=_LINGER_MS)

    def close(self) -> None:
        """Make ``run`` return. From any thread."""
        self._closing.set()
        self._outbox.ring()

    def _bound(self, kind: int, endpoint: str) -> "zmq.Socket[bytes]":
        bound = self._context.socket(kind)
        bound.linger = _LINGER_MS
        bound.sndhwm = bound.rcvhwm = 1000
        bound.maxmsgsize = MAX_BUFFER_BYTES
        try:
            _refuse_answered(endpoint)
            bound.bind(endpoint)
        except (OSError, zmq.ZMQError) as error:
            raise EngineError(
                f"wanted to listen on {endpoint}, got {error.strerror}; stop the engine that is running "
                "there, or choose other --endpoints"
            ) from error
        return bound

    def _drain(self, readable: "zmq.Socket[bytes]", read: Callable[[list[bytes], int], None]) -> None:
        for _ in range(_AT_ONCE):
            try:
                frames = readable.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            read(frames, self._clock())

    def _send_waiting(self) -> None:
        sockets = {"windows": self._windows, "control": self._control, "predictions": self._predictions}
        while (message := self._outbox.take()) is not None:
            plane, frames = message
            try:
                sockets[plane].send_multipart(frames, zmq.NOBLOCK)
            except zmq.Again:
                self._telemetry.count("outgoing_dropped")

    def _on_window_frames(self, frames: list[bytes], received_ns: int) -> None:
        sender, *rest = frames
        try:
            message = unpack(rest, received_ns=received_ns)
            if message.type == "hello":
                self._welcome(sender, message)
            elif message.type == "window":
                self._accept(sender, message, received_ns)
            else:
                raise WireError(f"wanted hello or window, got {message.type!r:.40}; see streams/wire.py")
        except AnymoveError as error:
            self._telemetry.count("windows_refused")
            self._outbox.refuse(sender, error)

    def _welcome(self, sender: bytes, message: Message) -> None:
        check_stream(field(message, "stream", str))
        self._telemetry.count("hellos")
        header = {"frames": self._spec.frames, "length_s": self._spec.length_s, "credit": self._credit}
        self._outbox.send("windows", [sender, *pack("welcome", header)])

    def _accept(self, sender: bytes, message: Message, received_ns: int) -> None:
        try:
            window = unpack_window(message, received_ns=received_ns)
        except OverflowError as error:
            raise WireError(f"wanted numbers of this world in a window, got {error}") from None
        check_arrival(window, received_ns=received_ns)
        check_window(window, self._spec)
        self._telemetry.count("windows_received")
        gap = self._ledger.note(window)
        self._telemetry.count("sequence_gaps", gap)
        missed = self._ledger.missed(window)
        waiting = Waiting(window, sender, received_ns=received_ns, missed=missed)
        displaced = self._waiting.put(waiting)
        if displaced is not None:
            self._ledger.replaced(displaced.window)
            self._telemetry.count("windows_replaced")
            self._outbox.credit(displaced.sender)

    def _on_control_frames(self, frames: list[bytes], received_ns: int) -> None:
        client, *rest = frames
        request_id: str | None = None
        try:
            message = unpack(rest, received_ns=received_ns)
            request_id = id_of(message)
            request = request_from(message, client=client, received_ns=received_ns)
            self._telemetry.count("requests")
            if not self._request(request):
                raise EngineError("wanted room for a request, but too many are waiting; try again")
        except AnymoveError as error:
            self._telemetry.count("requests_refused")
            self._outbox.fail(client, request_id, error)

    def _on_subscription(self, frames: list[bytes], received_ns: int) -> None:
        wish = frames[0]
        if wish.startswith(_READY) and len(wish) <= _LONGEST_READY:
            self._outbox.send("predictions", [wish[1:], *pack("ready")])


def _refuse_answered(endpoint: str) -> None:
    """Refuse an ipc address somebody answers at: ZeroMQ would take it away from them without a word.

    Raises:
        OSError: Somebody does.
    """
    scheme, _, path = endpoint.partition("://")
    if scheme != "ipc" or not hasattr(socket, "AF_UNIX") or not Path(path).exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(path) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
