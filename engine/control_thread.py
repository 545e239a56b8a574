"""The control thread: carries requests out, records events, saves what the bank has learnt."""

import contextlib
import logging
import queue
import time
from collections.abc import Callable

from engine.control import Control
from engine.messages import ActionEvent
from engine.outbox import Outbox
from engine.requests import Request
from engine.store import Store
from engine.telemetry import Telemetry
from engine.worker import Worker
from streams.skeleton.errors import AnymoveError, EngineError

logger = logging.getLogger(__name__)

MOST_WAITING = 256
"""Requests and batches of events that wait."""


class Inbox:
    """What waits for the control thread. Thread-safe; never blocks, refuses or drops, and counts."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._items: queue.Queue[Request | tuple[ActionEvent, ...] | None] = queue.Queue(MOST_WAITING)
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken in."""
        return self._closed

    def request(self, request: Request) -> bool:
        """Whether there is room for a request."""
        try:
            if not self._closed:
                self._items.put_nowait(request)
                return True
        except queue.Full:
            self._telemetry.count("requests_crowded_out")
        return False

    def record(self, events: tuple[ActionEvent, ...]) -> None:
        """Have these events recorded."""
        try:
            self._items.put_nowait(events)
        except queue.Full:
            self._telemetry.count("events_not_recorded", len(events))

    def take(self, timeout_s: float) -> Request | tuple[ActionEvent, ...] | None:
        """What has waited longest; None when time is over, and when the inbox is closed and empty."""
        try:
            return self._items.get(timeout=0.0 if self._closed else timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Take nothing more in."""
        self._closed = True
        # Where it is full, the thread is awake, and no longer waits when it is done.
        with contextlib.suppress(queue.Full):
            self._items.put_nowait(None)


class ControlThread:
    """Owns the ``Control`` and the ``Store`` while ``run`` runs.

    Args:
        control: Carries the operations out.
        store: The same as the control's.
        inbox: What it works on.
        outbox: Where answers go.
        worker: Has the bank.
        telemetry: What it counts in.
        snapshot_every_s: How often the bank is saved, seconds.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(
        self,
        control: Control,
        store: Store,
        *,
        inbox: Inbox,
        outbox: Outbox,
        worker: Worker,
        telemetry: Telemetry,
        snapshot_every_s: float,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._control = control
        self._store = store
        self._inbox = inbox
        self._outbox = outbox
        self._worker = worker
        self._telemetry = telemetry
        self._every_ns = round(snapshot_every_s * 1e9)
        self._clock = clock
        self._due_ns = clock() + self._every_ns
        self._saved = 0

    def run(self) -> None:
        """Work until the inbox is closed and empty."""
        while True:
            item = self._inbox.take(max(0.0, (self._due_ns - self._clock()) / 1e9))
            if isinstance(item, Request):
                self._answer(item)
            elif item is not None:
                self._record(item)
            elif self._inbox.closed:
                return
            if self._clock() >= self._due_ns:
                self._save()

    def _answer(self, request: Request) -> None:
        begun_ns = self._clock()
        try:
            if begun_ns >= request.deadline_ns:
                raise EngineError(
                    f"wanted {request.op:.40} sooner than the engine got to it; nothing was done, try again"
                )
            result = self._control.execute(request.op, request.args)
        except AnymoveError as error:
            self._telemetry.count("requests_failed")
            self._outbox.fail(request.client, request.id, error)
        except Exception:
            # The border of the process: a mistake of ours must not take the engine with it.
            logger.exception("%s failed", request.op)
            self._telemetry.count("requests_failed")
            failure = EngineError("the engine made a mistake of its own; its log has the details")
            self._outbox.fail(request.client, request.id, failure)
        else:
            self._outbox.reply(request, result)
        self._telemetry.observe_ns("request", begun_ns=begun_ns, ended_ns=self._clock())

    def _record(self, events: tuple[ActionEvent, ...]) -> None:
        try:
            self._control.record(events)
        except AnymoveError as error:
            self._telemetry.count("events_not_recorded", len(events))
            logger.error("events are not recorded: %s", error)  # noqa: TRY400 - words, not a traceback

    def _save(self) -> None:
        self._due_ns = self._clock() + self._every_ns
        try:
            snapshot, learnt = self._worker.snapshot()
            if learnt != self._saved:
                self._store.bank.save(snapshot)
                self._saved = learnt
        except AnymoveError as error:
            self._telemetry.count("snapshots_failed")
            logger.error("the bank is not saved: %s", error)  # noqa: TRY400 - words, not a traceback
