"""A run with the page: processes, readers and web server tied together until someone stops it."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Generator
from typing import Any

from fastapi import FastAPI

from app import server
from app.access import Access, read_secrets
from app.board import Board
from app.browser_camera import BrowserCamera
from app.config import RunConfig
from app.controller import Controller
from app.guard import AllowedHosts
from app.inside import Inside
from app.installation import CAPTURE, Installation
from app.kiosk import browser
from app.kiosk.manners import Manners
from app.kiosk.scores import ScoreBoard
from app.kiosk.turns import Turns
from app.kiosk.visitor import VisitorsAction
from app.live_state import LiveState
from app.outward.deliveries import Deliveries
from app.preview import PreviewPump
from app.sets import Sets
from app.shelf import Shelf
from app.synchroniser import Synchroniser
from app.teaching import Teaching
from app.vitals import Vitals, label_of
from engine.client import EngineClient, PredictionReader
from engine.messages import Prediction
from streams.config import home
from streams.preview import PreviewReader
from streams.skeleton.errors import ConfigError

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
        self._access = Access(read_secrets(home()))
        self._check_access()
        self._installation = Installation(config, on_line=self._note_line)
        self._board = Board()
        self._state = LiveState(self._board)
        supervisor = self._installation.supervisor
        self._client = EngineClient(self._installation.endpoints, timeout_s=ANSWER_S)
        self._deliveries = Deliveries(config, self._client, folder=home())
        self._vitals = Vitals(
            supervisor.status, outward=self._deliveries.status, label=_label_before(config.source)
        )
        self._controller = Controller(self._client, self._state)
        self._sets = Sets(self._client, self._controller, Shelf(home() / "sets"))
        self._teaching = Teaching(self._client, self._controller)
        self._visitor = VisitorsAction(home() / "visitor")
        self._turns = self._make_turns() if config.kiosk else None
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
                contextlib.closing(self._deliveries),
            ):
                self._synchroniser.start()
                self._deliveries.start()
                installation.start_engine()
                installation.start_capture(loop=True)
                page.start(on_end=self._stopping.set)
                pump = PreviewPump(PreviewReader(installation.endpoints.preview), self._board, self._vitals)
                with contextlib.closing(pump):
                    path = "/kiosk" if self._config.kiosk else ""
                    self._say(f"anymove: open {page.url}{path} in a browser; Ctrl-C stops everything")
                    if self._config.browser:
                        installation.start_browser(self._browser(), page.url + path)
                    self._keep_up()
                    if self._turns is not None:
                        self._turns.close()

    def _make(self) -> FastAPI:
        behind = server.Behind(
            board=self._board,
            controller=self._controller,
            sets=self._sets,
            teaching=self._teaching,
            inside=Inside(self._client, self._controller),
            feed=self._client,
            access=self._access,
            numbers=self._numbers,
            camera=BrowserCamera(
                self._installation.endpoints.browser, watch=self._installation.watch_browser
            ),
            turns=self._turns,
        )
        return server.create(behind, hosts=AllowedHosts(bound=self._config.host))

    def _numbers(self) -> dict[str, float]:
        return self._vitals.numbers() | self._deliveries.numbers()

    def _check_access(self) -> None:
        """Refuse to let strangers change things.

        Raises:
            ConfigError: There is no operator's password where one is needed.
        """
        others = self._config.host not in ("127.0.0.1", "localhost", "::1")
        if (others or self._config.kiosk) and not self._access.protected:
            what = "other machines can reach the page" if others else "visitors may stand at a kiosk"
            raise ConfigError(
                f"wanted an operator's password before {what}, got none; set one with `anymove password`"
            )

    def _browser(self) -> str:
        """The program that shows the kiosk.

        Raises:
            ConfigError: There is none.
        """
        wanted = self._config.browser
        program = browser.found() if wanted == "auto" else shutil.which(wanted)
        if program is None:
            raise ConfigError(f"wanted a browser for the kiosk, got none as {wanted!r}; install chromium")
        return program

    def _make_turns(self) -> Turns:
        return Turns(
            self._client,
            self._controller,
            self._board,
            manners=Manners(),
            scores=ScoreBoard(home() / "scores.json"),
            visitor=self._visitor,
            turn_s=self._config.turn_s,
        )

    def _keep_up(self) -> None:
        """Keep the page true, until stopped."""
        ticks = 0
        while not self._stopping.wait(TICK_S):
            self._state.tick()
            if self._turns is not None:
                self._turns.tick()
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
            self._visitor.sweep(patient)
            if self._wanted is None:
                # Decided once: an engine that goes away half-way must not leave half of them.
                self._wanted = self._config.action_names or controller.defaults()
            controller.offer(self._wanted)

    def _on_prediction(self, prediction: Prediction, transit_ms: float) -> None:
        self._vitals.on_prediction(prediction, transit_ms=transit_ms)
        self._state.on_prediction(prediction)
        if self._turns is not None:
            self._turns.on_prediction(prediction)

    def _note_line(self, name: str, value: dict[str, Any]) -> None:
        if name == CAPTURE and isinstance(value.get("ready"), dict):
            self._vitals.on_source(value["ready"])
        if name == CAPTURE and "gone" in value:
            reason = value["gone"]
            self._vitals.on_gone(None if reason is None else str(reason))


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
