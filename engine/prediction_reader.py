"""Hears what the engine says about each window."""

import logging
import queue
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from engine.messages import ActionEvent, Prediction, event_from, prediction_from
from streams.config import Endpoints
from streams.skeleton.errors import EngineUnavailableError, WireError
from streams.wire import MAX_BUFFER_BYTES, Message, field, unpack

logger = logging.getLogger(__name__)

MOST_TRACKS = 256
_TICK_MS = 100


@dataclass(frozen=True)
class Received:
    """A prediction as it came."""

    prediction: Prediction
    received_ns: int
    """``time.monotonic_ns`` when it came."""
    transit_ms: float
    """Time on the way, milliseconds; 0 from another machine, where it cannot be known."""


class PredictionReader:
    """Keeps what the engine says last about each track, and its events. Thread-safe.

    A thread of its own owns the socket and calls the callbacks, which must be quick and must not
    raise. When the engine restarts, the reader hears it again by itself.

    Args:
        endpoints: Where the engine listens.
        on_prediction: Called with every prediction and its time on the way, milliseconds.
        on_event: Called with every event.
        most_events: Events that wait for ``next_event``; the oldest beyond are dropped and counted.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        on_prediction: Callable[[Prediction, float], None] | None = None,
        on_event: Callable[[ActionEvent], None] | None = None,
        most_events: int = 256,
    ) -> None:
        self._endpoint = endpoints.predictions
        self._on_prediction = on_prediction
        self._on_event = on_event
        self._lock = threading.Lock()
        self._latest: OrderedDict[tuple[str, int], Received] = OrderedDict()
        self._events: queue.Queue[ActionEvent] = queue.Queue(most_events)
        self._live = threading.Event()
        self._closing = threading.Event()
        self._number: int | None = None
        self.received = 0
        """Predictions and events received."""
        self.missed = 0
        """Predictions and events the engine sent that did not arrive, by the gaps in their numbers."""
        self.events_dropped = 0
        """Events that waited for ``next_event`` in vain."""
        self.garbled = 0
        """Messages that are neither."""
        self._thread = threading.Thread(target=self._run, name="prediction-reader", daemon=True)

    def start(self, timeout_s: float = 2.0) -> None:
        """Return once nothing the engine says from now on is lost.

        Raises:
            EngineUnavailableError: It does not answer in time; the reader goes on trying.
        """
        if not self._thread.is_alive():
            self._thread.start()
        if not self._live.wait(timeout_s):
            raise EngineUnavailableError(
                f"wanted predictions from the engine at {self._endpoint}, got nothing for {timeout_s:g} s; "
                "start it with `anymove run`, or check the address"
            )

    def latest(self) -> dict[tuple[str, int], Received]:
        """The last prediction of each stream and track, of at most 256 tracks."""
        with self._lock:
            return dict(self._latest)

    def next_event(self, timeout_s: float) -> ActionEvent | None:
        """The event that has waited longest; None if none comes in time."""
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """End the thread and close its socket."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        """The thread: sole owner of the socket."""
        context = zmq.Context[zmq.Socket[bytes]]()
        subscriber = context.socket(zmq.SUB)
        subscriber.linger = 0
        subscriber.rcvhwm = 1000
        subscriber.maxmsgsize = MAX_BUFFER_BYTES
        subscriber.rcvtimeo = _TICK_MS
        subscriber.reconnect_ivl_max = 1000
        subscriber.heartbeat_ivl, subscriber.heartbeat_timeout = 1000, 3000
        subscriber.connect(self._endpoint)
        # In this order, and the last in the alphabet, too: its answer proves the others live.
        for topic in ("event.", "prediction.", f"ready.{uuid.uuid4().hex}"):
            subscriber.subscribe(topic)
        while not self._closing.is_set():
            try:
                _, *frames = subscriber.recv_multipart()
                received_ns = time.monotonic_ns()
                self._take(unpack(frames, received_ns=received_ns), received_ns)
            except zmq.Again:
                continue
            except (WireError, TypeError, KeyError) as error:
                self.garbled += 1
                if self.garbled == 1:
                    logger.warning("what %s publishes is not understood: %r", self._endpoint, error)
        subscriber.close()
        context.term()

    def _take(self, message: Message, received_ns: int) -> None:
        if message.type == "ready":
            # A new engine counts anew.
            self._number = None
            self._live.set()
            return
        number = field(message, "number", int)
        self.missed += 0 if self._number is None else max(0, number - self._number - 1)
        self._number = number
        self.received += 1
        if message.type == "prediction":
            self._keep(prediction_from(field(message, "prediction", dict)), message, received_ns)
        else:
            self._queue(event_from(field(message, "event", dict)))

    def _keep(self, prediction: Prediction, message: Message, received_ns: int) -> None:
        transit_ms = (message.transit_ns or 0) / 1e6
        key = (prediction.stream, prediction.track)
        with self._lock:
            self._latest[key] = Received(prediction, received_ns, transit_ms)
            self._latest.move_to_end(key)
            if len(self._latest) > MOST_TRACKS:
                self._latest.popitem(last=False)
        if self._on_prediction is not None:
            self._on_prediction(prediction, transit_ms)

    def _queue(self, event: ActionEvent) -> None:
        while True:
            try:
                self._events.put_nowait(event)
                break
            except queue.Full:
                self.events_dropped += self._discard_oldest()
        if self._on_event is not None:
            self._on_event(event)

    def _discard_oldest(self) -> int:
        try:
            self._events.get_nowait()
        except queue.Empty:
            return 0
        return 1
