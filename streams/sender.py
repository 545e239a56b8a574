"""Sends windows to the engine: as many as it can take, always the newest, whoever restarts."""

import contextlib
import logging
import socket
import threading
import time
from collections import Counter
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

from streams.skeleton.errors import AnymoveError, EngineUnavailableError, InputError, WireError
from streams.skeleton.window import Window, WindowSpec
from streams.wire import MAX_HEADER_BYTES, Message, field, pack, pack_window, unpack

_log = logging.getLogger(__name__)

_HELLO_S = 1.0
_SILENT_S = 3.0
_TICK_MS = 200
_LINGER_MS = 500
_QUIET_S = 60.0
_MOST_CODES = 32
MAX_WAITING = 16
"""Tracks whose newest window may wait; one more, and the window waiting longest gives way."""
MAX_CREDIT = 64
"""More credit than this is not believed: it would only make windows wait in sockets."""


class WindowSender:
    """Hands windows to one engine, from a thread that owns the socket. Thread-safe.

    At most one window of a track waits; a newer one takes its place, which is counted. A window
    leaves only against credit from the engine. When the engine goes away or does not answer for
    3 s it is greeted anew, once a second, until it is back; what was on the way is lost and counted.

    Args:
        endpoint: ROUTER of the engine.
        stream: Name of this stream.
    """

    def __init__(self, endpoint: str, stream: str) -> None:
        self._endpoint = endpoint
        self._stream = stream
        self._changed = threading.Condition()
        # Guarded by the condition.
        self._waiting: dict[int, Window] = {}
        self._spec: WindowSpec | None = None
        self._welcomed = False
        self._granted = self._credit = self._in_flight = 0
        self._counts: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._closing = False
        self._patient = False
        # Of the thread alone.
        self._hello_due_ns = self._heard_ns = self._quiet_until_ns = time.monotonic_ns()
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"sender-{stream}", daemon=True)
        self._thread.start()

    @property
    def spec(self) -> WindowSpec | None:
        """The window the engine wants, or wanted last while it is away; None before it first answered."""
        with self._changed:
            return self._spec

    @property
    def welcomed(self) -> bool:
        """Whether the engine is there."""
        with self._changed:
            return self._welcomed

    def wait_welcome(self, timeout_s: float) -> WindowSpec:
        """The window the engine wants, once it answers.

        Raises:
            EngineUnavailableError: It does not answer in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._spec is not None or self._closing, timeout_s)
            if self._spec is None:
                raise EngineUnavailableError(
                    f"wanted an engine at {self._endpoint}, got no answer for {timeout_s:g} s; "
                    "start it with `anymove run` or check the address"
                )
            return self._spec

    def offer(self, window: Window) -> None:
        """Send the window as soon as there is credit; it replaces one of the same track still waiting."""
        with self._changed:
            crowded = window.track not in self._waiting and len(self._waiting) == MAX_WAITING
            if crowded:
                del self._waiting[next(iter(self._waiting))]
            self._counts["replaced"] += crowded or window.track in self._waiting
            # In the place of the one it replaces: a track's turn comes, however often it is renewed.
            self._waiting[window.track] = window
        self._ring()

    def put(self, window: Window, *, timeout_s: float) -> None:
        """Send the window without replacing any: returns once there is room for it to wait.

        From then on a window leaves only when the engine has taken the one before: of two of a track
        that wait there, it would keep the newer.

        Raises:
            EngineUnavailableError: The engine takes nothing in time.
        """
        with self._changed:
            self._patient = True
            free = self._changed.wait_for(
                lambda: (
                    self._closing
                    or (window.track not in self._waiting and len(self._waiting) < MAX_WAITING)
                ),
                timeout_s,
            )
            if not free:
                raise EngineUnavailableError(
                    f"wanted the engine at {self._endpoint} to take a window, got no credit for "
                    f"{timeout_s:g} s; check whether it still runs"
                )
        self.offer(window)

    def flush(self, timeout_s: float) -> bool:
        """Whether the engine took every window waiting or on the way, within the time."""
        with self._changed:
            lost = self._counts["lost"]
            self._changed.wait_for(
                lambda: self._closing or not (self._waiting or self._in_flight), timeout_s
            )
            return not (self._waiting or self._in_flight) and self._counts["lost"] == lost

    def counters(self) -> dict[str, Any]:
        """What became of the windows.

        ``sent``, ``waiting``, ``replaced`` by a newer one before they were sent, ``refused`` by the
        engine (``refusals`` by code), ``lost`` with an engine that went away; and how often it
        came (``welcomes``), went (``farewells``) and said what is no message (``garbled``).
        """
        with self._changed:
            names = ("sent", "replaced", "refused", "lost", "welcomes", "farewells", "garbled")
            known: dict[str, Any] = {name: self._counts[name] for name in names}
            known["refusals"] = dict(self._refusals)
            known["waiting"] = len(self._waiting)
            return known

    def close(self) -> None:
        """End the thread and close its socket; windows still waiting are left, those who wait are woken."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._ring()
        self._thread.join()
        self._ear.close()
        self._bell.close()

    def _ring(self) -> None:
        # A full pipe means the thread has been told already; a closed one, that it has ended.
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _run(self) -> None:
        """The thread: sole owner of the sockets."""
        context = zmq.Context()
        dealer = _dealer(context)
        monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        dealer.connect(self._endpoint)
        poller = zmq.Poller()
        for readable in (dealer, monitor, self._ear):
            poller.register(readable, zmq.POLLIN)
        try:
            while not self._closing:
                events = dict(poller.poll(_TICK_MS))
                if self._ear.fileno() in events:
                    self._ear.recv(4096)
                if monitor in events:
                    self._notice(recv_monitor_message(monitor)["event"])
                if dealer in events:
                    self._receive(dealer)
                self._greet(dealer)
                self._send(dealer)
        finally:
            dealer.disable_monitor()
            monitor.close(linger=0)
            dealer.close()
            context.term()

    def _notice(self, event: int) -> None:
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._hello_due_ns = time.monotonic_ns()
        else:
            self._part("it closed the connection")

    def _part(self, why: str) -> None:
        """The engine is gone: what it had not taken is lost, and it must be greeted again."""
        with self._changed:
            if not self._welcomed:
                return
            self._welcomed = False
            self._counts["farewells"] += 1
            self._counts["lost"] += self._in_flight
            self._credit = self._in_flight = 0
            self._hello_due_ns = time.monotonic_ns()
            self._changed.notify_all()
        now_ns = time.monotonic_ns()
        if now_ns >= self._quiet_until_ns:
            self._quiet_until_ns = now_ns + int(_QUIET_S * 1e9)
            _log.warning("the engine at %s is gone: %s", self._endpoint, why)

    def _greet(self, dealer: "zmq.Socket[bytes]") -> None:
        now_ns = time.monotonic_ns()
        if self._in_flight and now_ns - self._heard_ns > _SILENT_S * 1e9:
            self._part(f"it has not answered for {_SILENT_S:g} s")
        if self._welcomed or now_ns < self._hello_due_ns:
            return
        self._hello_due_ns = now_ns + int(_HELLO_S * 1e9)
        with contextlib.suppress(zmq.Again):
            dealer.send_multipart(pack("hello", {"stream": self._stream}), zmq.NOBLOCK)

    def _send(self, dealer: "zmq.Socket[bytes]") -> None:
        """Send what credit allows, the tracks waiting longest first."""
        while True:
            with self._changed:
                if not (self._welcomed and self._credit and self._waiting):
                    return
                if self._patient and self._in_flight:
                    return
                track = next(iter(self._waiting))
                window = self._waiting.pop(track)
                if not self._in_flight:
                    self._heard_ns = time.monotonic_ns()
                self._credit -= 1
                self._in_flight += 1
                self._counts["sent"] += 1
                self._changed.notify_all()
            try:
                dealer.send_multipart(pack_window(window), zmq.NOBLOCK)
            except zmq.Again:
                self._part("it takes no bytes")

    def _receive(self, dealer: "zmq.Socket[bytes]") -> None:
        with contextlib.suppress(zmq.Again):
            while True:
                frames = dealer.recv_multipart(zmq.NOBLOCK)
                try:
                    self._take(unpack(frames))
                except (WireError, InputError) as error:
                    self._count_garbled(error)

    def _take(self, message: Message) -> None:
        self._heard_ns = time.monotonic_ns()
        if message.type == "welcome":
            self._begin(message)
        elif message.type == "credit":
            self._regain(field(message, "credit", int))
        elif message.type == "refused":
            self._note_refusal(field(message, "code", str)[:40], field(message, "message", str)[:500])
            self._regain(1)
        else:
            raise WireError(f"wanted welcome, credit or refused, got {message.type!r:.40}")

    def _begin(self, message: Message) -> None:
        spec = WindowSpec(
            frames=field(message, "frames", int), length_s=float(field(message, "length_s", (int, float)))
        )
        granted = max(1, min(MAX_CREDIT, field(message, "credit", int)))
        with self._changed:
            # The answer to a second HELLO must not grant what is on the way once more.
            if self._welcomed and spec == self._spec:
                return
            if spec != self._spec:
                self._counts["lost"] += len(self._waiting)
                self._waiting.clear()
            self._spec, self._welcomed = spec, True
            self._granted, self._credit, self._in_flight = granted, granted, 0
            self._counts["welcomes"] += 1
            self._changed.notify_all()

    def _regain(self, credit: int) -> None:
        with self._changed:
            if not self._welcomed or credit < 1:
                return
            self._credit = min(self._granted, self._credit + credit)
            self._in_flight = max(0, self._in_flight - credit)
            self._changed.notify_all()

    def _note_refusal(self, code: str, message: str) -> None:
        with self._changed:
            first = code not in self._refusals
            if not first or len(self._refusals) < _MOST_CODES:
                self._refusals[code] += 1
            self._counts["refused"] += 1
        if first:
            _log.warning("the engine refuses windows (%s): %s", code, message)

    def _count_garbled(self, error: AnymoveError) -> None:
        with self._changed:
            self._counts["garbled"] += 1
            first = self._counts["garbled"] == 1
        if first:
            _log.warning("the engine at %s sends what is not understood: %s", self._endpoint, error)


def _dealer(context: "zmq.Context[zmq.Socket[bytes]]") -> "zmq.Socket[bytes]":
    dealer = context.socket(zmq.DEALER)
    dealer.linger = _LINGER_MS
    dealer.sndhwm = dealer.rcvhwm = 2 * MAX_CREDIT
    dealer.maxmsgsize = MAX_HEADER_BYTES
    # Nothing is queued for an engine that is not there.
    dealer.immediate = 1
    dealer.heartbeat_ivl, dealer.heartbeat_timeout = 1000, 3000
    return dealer
