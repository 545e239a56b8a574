"""A whole page over fakes, served for real."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app import server
from app.access import Access, PasswordHash, Secrets
from app.board import Board
from app.browser_camera import BrowserCamera
from app.child import ChildStatus
from app.controller import Controller
from app.guard import AllowedHosts
from app.inside import Inside
from app.kiosk.manners import Manners
from app.kiosk.scores import ScoreBoard
from app.kiosk.turns import Turns
from app.kiosk.visitor import VisitorsAction
from app.live_state import LiveState
from app.server import Behind, PageServer
from app.sets import Sets
from app.shelf import Shelf
from app.teaching import Teaching
from app.vitals import Vitals
from tests.app.fakes import FakeEngine
from tests.app.outward.feed import FakeFeed


@dataclass
class ServedPage:
    """A page and everything behind it."""

    url: str
    serve: Callable[[], PageServer]
    engine: FakeEngine
    board: Board
    state: LiveState
    controller: Controller
    processes: dict[str, ChildStatus]
    feed: FakeFeed
    outward: list[dict[str, Any]]
    vitals: Vitals
    turns: Turns
    pictures: str
    """Where pictures of a browser's camera go."""
    watched: "queue.Queue[bool]"
    """Each time capture was told to watch through a browser, or no longer."""

    def set_process(self, status: ChildStatus) -> None:
        """Let a process fare otherwise, and the page know."""
        self.processes[status.name] = status
        self.post_status()

    def post_status(self) -> None:
        """What the ticker does each second."""
        self.vitals.on_source({"source": "synthetic", "joints_only": False})
        self.board.post("status", self.vitals.message)


PASSWORD = "open sesame"
TOKEN = "a-token-of-programs"
TURN_S = 0.6


@pytest.fixture
def page(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServedPage]:
    """A page with the actions wave, squat and bow, both processes ready, and nobody in view.

    With the mark ``protected`` there is an operator's password.
    """
    yield from _served(tmp_path, request, server.create)


@pytest.fixture
def bare(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServedPage]:
    """The same without Gradio, which takes seconds: interface, live channel, kiosk."""
    yield from _served(tmp_path, request, server.without_page)


def _served(
    tmp_path: Path, request: pytest.FixtureRequest, create: Callable[..., FastAPI]
) -> Iterator[ServedPage]:
    protected = request.node.get_closest_marker("protected") is not None
    access = Access(Secrets(PasswordHash.of(PASSWORD) if protected else None, TOKEN))
    engine, board = FakeEngine("wave", "squat", "bow"), Board()
    state = LiveState(board)
    controller = Controller(engine, state)
    controller.refresh()
    turns = Turns(
        engine,
        controller,
        board,
        manners=Manners(),
        scores=ScoreBoard(tmp_path / "scores.json"),
        visitor=VisitorsAction(tmp_path / "visitor"),
        turn_s=TURN_S,
    )
    pictures, watched = f"ipc://{tmp_path}/pictures", queue.Queue[bool]()
    processes = {name: ChildStatus(name, "ready") for name in ("engine", "capture")}
    feed = FakeFeed()
    outward: list[dict[str, Any]] = []
    vitals = Vitals(lambda: processes, outward=lambda: outward)
    behind = Behind(
        board=board,
        controller=controller,
        sets=Sets(engine, controller, Shelf(tmp_path / "sets")),
        teaching=Teaching(engine, controller),
        inside=Inside(engine, controller),
        feed=feed,
        access=access,
        numbers=vitals.numbers,
        camera=BrowserCamera(pictures, watch=watched.put, linger_s=0.1),
        turns=turns,
    )

    def make() -> FastAPI:
        return create(behind, hosts=AllowedHosts())

    servers = [PageServer(make, host="127.0.0.1", port=0)]
    servers[0].start()

    def serve() -> PageServer:
        """The server in charge; a new one at the same address once the last was stopped."""
        if servers[-1].stopped:
            servers.append(PageServer(make, host="127.0.0.1", port=servers[0].port))
            servers[-1].start()
        return servers[-1]

    made = ServedPage(
        servers[0].url,
        serve,
        engine,
        board,
        state,
        controller,
        processes,
        feed,
        outward,
        vitals,
        turns,
        pictures,
        watched,
    )
    made.post_status()
    yield made
    servers[-1].stop()
