"""A run with the page: processes, readers and web server tied together until someone stops it."""

import contextlib
import threading
from collections.abc import Callable, Generator
from typing import Any

from fastapi import FastAPI

from app import server
from app.board import Board
from app.config import RunConfig
from app.controller import Controller
from app.guard import AllowedHosts
from app.installation import CAPTURE, Installation
from app.live_state import LiveState
from app.preview import PreviewPump
from app.synchroniser import Synchroniser
from app.vitals import Vitals, label_of
from engine.client import EngineClient, PredictionReader
from engine.messages import Prediction
from streams.preview import PreviewReader

TICK_S = 0.25
TICKS_PER_STATUS = 4
ANSWER_S = 5.0
OFFER_S = 60.0


class PageRun:
    """Everything behind one page.

    Args:
        config: What to run.
        say: Takes each line meant for whoever started it.
        stopping: Set by whoever wants it to end.
    """

    def __init__(self, config: RunConfig, *, say: Callable[[str], None], stopping: threading.Event) -> None:
        self._config = config
        self._say = say
        self._stopping = stopping
        self._installation = Installation(config, on_line=self._note_line)
        self._board = Board()
        self._state = LiveState(self._board)
        supervisor = self._installation.supervisor
        self._vitals = Vitals(supervisor.status, label=_label_before(config.source))
        self._client = EngineClient(self._installation.endpoints, timeout_s=ANSWER_S)
        self._controller = Controller(self._client, self._state)
        self._reader = PredictionReader(
            self._installation.endpoints, on_prediction=self._on_prediction, on_event=self._state.on_event
        )
        self._wanted: tuple[str, ...] | None = None
        self._synchroniser = Synchroniser(
            supervisor, self._controller, self._state, self._vitals, reader=self._reader, offer=self._offer
        )

    def run(self) -> None:
        """Return once someone has stopped it and every process has ended.

        Raises:
            ConfigError: The address cannot be listened on.
        """
        with self._installation as installation, contextlib.closing(self._client):
            page = server.PageServer(self._make, host=self._config.host, port=self._config.port)
            with (
                _stopped_after(page),
                contextlib.closing(self._reader),
                contextlib.closing(self._synchroniser),
            ):
                self._synchroniser.start()
                installation.start_engine()
                installation.start_capture(loop=True)
                page.start(on_end=self._stopping.set)
                pump = PreviewPump(PreviewReader(installation.endpoints.preview), self._board, self._vitals)
                with contextlib.closing(pump):
                    self._say(f"anymove: open {page.url} in a browser; Ctrl-C stops everything")
                    self._keep_up()

    def _make(self) -> FastAPI:
        return server.create(self._board, self._controller, hosts=AllowedHosts(bound=self._config.host))

    def _keep_up(self) -> None:
        """Keep the page true, until stopped."""
        ticks = 0
        while not self._stopping.wait(TICK_S):
            self._state.tick()
            if ticks % TICKS_PER_STATUS == 0:
                self._board.post("status", self._vitals.message)
            ticks += 1

    def _offer(self) -> None:
        """Give a newcomer something to see.

        Raises:
            EngineError: The engine does not answer.
            VocabularyError: A name given by option cannot be one.
        """
        # The first text of all takes the engine seconds.
        with contextlib.closing(EngineClient(self._installation.endpoints, timeout_s=OFFER_S)) as patient:
            controller = Controller(patient, self._state)
            if self._wanted is None:
                # Decided once: an engine that goes away half-way must not leave half of them.
                self._wanted = self._config.action_names or controller.defaults()
            controller.offer(self._wanted)

    def _on_prediction(self, prediction: Prediction, transit_ms: float) -> None:
        self._vitals.on_prediction(prediction, transit_ms=transit_ms)
        self._state.on_prediction(prediction)

    def _note_line(self, name: str, value: dict[str, Any]) -> None:
        if name == CAPTURE and isinstance(value.get("ready"), dict):
            self._vitals.on_source(value["ready"])


def _label_before(source: str) -> str:
    """What to call a source that has not said yet what it is."""
    if source == "auto":
        return "camera"
    return label_of(f"camera:{source}" if source.isdecimal() else source)


@contextlib.contextmanager
def _stopped_after(page: server.PageServer) -> Generator[None]:
    try:
        yield
    finally:
        page.stop()
