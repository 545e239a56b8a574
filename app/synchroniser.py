"""Keeps the actions shown the same as the engine's, whoever changes them and however often it restarts."""

import contextlib
import threading
from collections.abc import Callable

from app.controller import Controller
from app.installation import ENGINE
from app.live_state import LiveState
from app.processes import Supervisor
from app.vitals import Vitals
from engine.client import PredictionReader
from streams.skeleton.errors import EngineError, EngineUnavailableError, VocabularyError

LOOK_S = 0.25
LOOKS_PER_HEALTH = 20
"""How often the engine is asked how it fares: every 5 s."""


class Synchroniser:
    """A thread that asks the engine for its actions when they may be others than those shown.

    Args:
        supervisor: Knows whether the engine is there, and whether it is another one.
        controller: Shows the engine's actions.
        state: Knows whether predictions tell of newer ones.
        vitals: Shows what goes wrong.
        reader: Started once the engine is there.
        offer: Called once, with the first engine, before its actions are shown.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        controller: Controller,
        state: LiveState,
        vitals: Vitals,
        *,
        reader: PredictionReader,
        offer: Callable[[], None],
    ) -> None:
        self._supervisor = supervisor
        self._controller = controller
        self._state = state
        self._vitals = vitals
        self._reader = reader
        self._offer: Callable[[], None] | None = offer
        self._shown_pid: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="synchroniser", daemon=True)

    def start(self) -> None:
        """Begin to look; the engine has yet to be started."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        looks = 0
        while not self._closing.wait(LOOK_S):
            status = self._supervisor.status().get(ENGINE)
            if status is None or status.state != "ready":
                continue
            if status.pid != self._shown_pid or self._state.is_outdated:
                self._synchronise(status.pid)
                looks = 0
            if looks % LOOKS_PER_HEALTH == 0:
                self._ask_health()
            looks += 1

    def _synchronise(self, pid: int | None) -> None:
        problem = None
        try:
            # It goes on trying by itself once it has been started.
            with contextlib.suppress(EngineUnavailableError):
                self._reader.start(LOOK_S)
            if self._offer is not None:
                problem = self._offered(self._offer)
                self._offer = None
            self._controller.refresh()
            self._shown_pid = pid
        except EngineError as error:
            problem = str(error)
        self._vitals.complain(problem)

    def _ask_health(self) -> None:
        # One that does not answer is noticed elsewhere.
        with contextlib.suppress(EngineError):
            self._vitals.on_engine(self._controller.health())

    def _offered(self, offer: Callable[[], None]) -> str | None:
        """What was wrong with the names offered, in words; None if nothing."""
        try:
            offer()
        except VocabularyError as error:
            return str(error)
        return None
