"""The recogniser's thread: sole owner of the ``Recognizer`` while it runs."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol, TypeVar

from engine.bank.contract import BankSnapshot
from engine.embedding import Embedded, Prepared
from engine.messages import ActionEvent, Prediction
from engine.recognizer import Recognizer
from engine.telemetry import Telemetry
from engine.window_queue import Waiting, WindowQueue
from streams.skeleton.errors import AnymoveError, EngineError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Command = Callable[[Recognizer, int], tuple[ActionEvent, ...]]
"""A change of the recogniser, given the time; returns the events it brought about."""

_TICK_S = 0.25
_MOST_COMMANDS = 8
_PATIENCE_S = 5.0


class Outlet(Protocol):
    """Where the worker's results go. Called from the worker's thread; never blocks."""

    def answer(self, waiting: Waiting, error: AnymoveError | None) -> None:
        """A window has been used, or refused."""
        ...

    def predicted(self, prediction: Prediction) -> None:
        """A window has been recognised."""
        ...

    def happened(self, events: tuple[ActionEvent, ...]) -> None:
        """Actions have begun or ended; at least one."""
        ...


class Worker:
    """Takes windows off the queue, and changes of the vocabulary from the control thread.

    Args:
        recognizer: Its own from ``run`` until ``run`` returns.
        windows: What it takes from.
        outlet: What it gives to.
        telemetry: What it counts in.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        windows: WindowQueue,
        *,
        outlet: Outlet,
        telemetry: Telemetry,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._recognizer = recognizer
        self._windows = windows
        self._outlet = outlet
        self._telemetry = telemetry
        self._clock = clock
        self._commands: queue.Queue[Callable[[], None]] = queue.Queue(_MOST_COMMANDS)
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._tick_ns = clock()

    def run(self) -> None:
        """Work until ``close``; then end every action in progress."""
        try:
            while not self._closing.is_set():
                crowd = self._take()
                self._obey()
                if crowd:
                    self._recognize(crowd)
                self._expire()
            self._obey()
            self._tell(self._recognizer.finish(self._clock()))
        finally:
            self._ended.set()

    def close(self) -> None:
        """Make ``run`` return. From any thread."""
        self._closing.set()
        self._windows.wake()

    def change(self, command: Command) -> None:
        """Return once the command was carried out, between two windows. From another thread.

        Raises:
            BankError: The recogniser refuses the change.
            EngineError: The recogniser's thread does not get to it.
        """

        def carry_out() -> None:
            self._tell(command(self._recognizer, self._clock()))

        self._submit(carry_out)

    def snapshot(self) -> tuple[BankSnapshot, int]:
        """The bank's state and how much it has learnt since the start. From another thread.

        Raises:
            EngineError: The recogniser's thread does not get to it.
        """
        return self._submit(lambda: (self._recognizer.snapshot(), self._recognizer.learnt))

    def _submit(self, call: Callable[[], T]) -> T:
        answer: Future[T] = Future()

        def carry_out() -> None:
            try:
                answer.set_result(call())
            except AnymoveError as error:
                answer.set_exception(error)

        try:
            self._commands.put(carry_out, timeout=_PATIENCE_S)
        except queue.Full:
            raise _overloaded() from None
        self._windows.wake()
        for _ in range(round(_PATIENCE_S / _TICK_S)):
            try:
                return answer.result(_TICK_S)
            except TimeoutError:
                if self._ended.is_set():
                    break
        raise _overloaded()

    def _obey(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            command()

    def _take(self) -> list[Waiting]:
        """The window whose turn it is and as many others that wait as are worth embedding with it.

        Nobody waits for a batch to fill: while one is embedded the next one gathers.
        """
        crowd: list[Waiting] = []
        while len(crowd) < self._recognizer.batch:
            waiting = self._windows.take(0.0 if crowd else _TICK_S)
            if waiting is None:
                break
            crowd.append(waiting)
        return crowd

    def _recognize(self, crowd: list[Waiting]) -> None:
        started_ns = self._clock()
        ready: list[tuple[Waiting, Prepared]] = []
        for waiting in crowd:
            try:
                ready.append((waiting, self._recognizer.prepare(waiting.window)))
            except AnymoveError as error:
                self._refuse(waiting, error)
        try:
            embedded = self._recognizer.embed_all([prepared for _, prepared in ready])
        except AnymoveError as error:
            for waiting, _ in ready:
                self._refuse(waiting, error)
            return
        for (waiting, _), one in zip(ready, embedded, strict=True):
            self._decide(waiting, one, started_ns=started_ns)

    def _refuse(self, waiting: Waiting, error: AnymoveError) -> None:
        self._telemetry.count("windows_refused")
        self._outlet.answer(waiting, error)

    def _decide(self, waiting: Waiting, embedded: Embedded, *, started_ns: int) -> None:
        window, embedded_ns = waiting.window, self._clock()
        try:
            recognition = self._recognizer.decide(embedded, now_ns=embedded_ns)
        except AnymoveError as error:
            self._refuse(waiting, error)
            return
        decided_ns = self._clock()
        moments = {
            "arrived": waiting.received_ns,
            "started": started_ns,
            "embedded": embedded_ns,
            "decided": decided_ns,
        }
        ages_ms = {name: max(0, at - window.captured_ns) / 1e6 for name, at in moments.items()}
        prediction = replace(recognition.prediction, ages_ms=ages_ms, replaced=waiting.missed)
        # Counted before it is told, so that who has been told finds it counted.
        self._telemetry.count("windows_recognized")
        self._telemetry.observe_ns("wait", begun_ns=waiting.received_ns, ended_ns=started_ns)
        self._telemetry.observe_ns("embed", begun_ns=started_ns, ended_ns=embedded_ns)
        self._telemetry.observe_ns("decide", begun_ns=embedded_ns, ended_ns=decided_ns)
        self._telemetry.observe("capture_to_decision", ages_ms["decided"])
        self._outlet.predicted(prediction)
        self._tell(recognition.events)
        self._outlet.answer(waiting, None)

    def _expire(self) -> None:
        now_ns = self._clock()
        if now_ns - self._tick_ns >= _TICK_S * 1e9:
            self._tick_ns = now_ns
            self._tell(self._recognizer.expire(now_ns))

    def _tell(self, events: tuple[ActionEvent, ...]) -> None:
        if events:
            self._outlet.happened(events)


def ask(change: Callable[[Command], None], call: Callable[[Recognizer, int], T]) -> T:
    """What a call in the recogniser's thread returned; it brings no events about.

    Args:
        change: ``Worker.change`` or a test's own.
        call: Given the recogniser and the time.

    Raises:
        BankError: The recogniser refuses it.
        EngineError: The recogniser's thread does not get to it.
    """
    answers: list[T] = []

    def command(recognizer: Recognizer, now_ns: int) -> tuple[ActionEvent, ...]:
        answers.append(call(recognizer, now_ns))
        return ()

    change(command)
    return answers[0]


def _overloaded() -> EngineError:
    return EngineError(
        f"wanted the recogniser to take a change, got nothing for up to {_PATIENCE_S:g} s; "
        "it is overloaded or has ended: restart the engine if this persists"
    )
