"""A run with the page: processes, readers and web server tied together until someone stops it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI

from app import server
from app.board import Board
from app.config import RunConfig
from app.controller import Controller
from app.guard import AllowedHosts
from app.installation import CAPTURE, ENGINE, Installation
from app.live_state import LiveState
from app.preview import PreviewPump
from app.vitals import Vitals, label_of
from engine.client import EngineClient, PredictionReader
from engine.messages import Prediction
from streams.preview import PreviewReader
from streams.skeleton.errors import EngineError, EngineUnavailableError, VocabularyError

TICK_S = 0.25
TICKS_PER_STATUS = 4
ANSWER_S = 5.0


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
        self._synchronised: int | None = None
        """Process id of the engine whose actions are shown."""
        self._offered = False

    def run(self) -> None:
        """Return once someone has stopped it and every process has ended.

        Raises:
            ConfigError: The address cannot be listened on.
        """
        with self._installation as installation, contextlib.closing(self._client):
            page = server.PageServer(self._make, host=self._config.host, port=self._config.port)
            with _stopped_after(page), contextlib.closing(self._reader):
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
            self._synchronise()
            if ticks % TICKS_PER_STATUS == 0:
                self._board.post("status", self._vitals.message)
            ticks += 1

    def _synchronise(self) -> None:
        """Show the engine's actions whenever it has come up, or somebody else has changed them."""
        status = self._installation.supervisor.status()[ENGINE]
        if status.state != "ready" or (status.pid == self._synchronised and not self._state.is_outdated):
            return
        try:
            # It goes on trying by itself; this only starts it.
            with contextlib.suppress(EngineUnavailableError):
                self._reader.start(TICK_S)
            if self._offered:
                self._controller.refresh()
            else:
                self._offer()
            self._synchronised = status.pid
        except EngineError as error:
            self._vitals.complain(str(error))

    def _offer(self) -> None:
        """Give a newcomer something to see; a name that cannot be one is said on the page."""
        problem = None
        try:
            self._controller.offer(self._config.action_names)
        except VocabularyError as error:
            problem = str(error)
            self._controller.refresh()
        self._offered = True
        self._vitals.complain(problem)

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
def _stopped_after(page: server.PageServer) -> Iterator[None]:
    try:
        yield
    finally:
        page.stop()
