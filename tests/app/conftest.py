"""A whole page over fakes, served for real."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from app import server
from app.board import Board
from app.child import ChildStatus
from app.controller import Controller
from app.guard import AllowedHosts
from app.live_state import LiveState
from app.server import PageServer
from app.vitals import Vitals
from tests.app.fakes import FakeEngine


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

    def set_process(self, status: ChildStatus) -> None:
        """Let a process fare otherwise, and the page know."""
        self.processes[status.name] = status
        self.post_status()

    def post_status(self) -> None:
        """What the ticker does each second."""
        vitals = Vitals(lambda: self.processes)
        vitals.on_source({"source": "synthetic", "joints_only": False})
        self.board.post("status", vitals.message)


@pytest.fixture
def page() -> Iterator[ServedPage]:
    """A page with the actions wave, squat and bow, both processes ready, and nobody in view."""
    engine, board = FakeEngine("wave", "squat", "bow"), Board()
    state = LiveState(board)
    controller = Controller(engine, state)
    controller.refresh()

    def make() -> FastAPI:
        return server.create(board, controller, hosts=AllowedHosts())

    servers = [PageServer(make, host="127.0.0.1", port=0)]
    servers[0].start()

    def serve() -> PageServer:
        """The server in charge; a new one at the same address once the last was stopped."""
        if servers[-1].stopped:
            servers.append(PageServer(make, host="127.0.0.1", port=servers[0].port))
            servers[-1].start()
        return servers[-1]

    processes = {name: ChildStatus(name, "ready") for name in ("engine", "capture")}
    made = ServedPage(servers[0].url, serve, engine, board, state, controller, processes)
    made.post_status()
    yield made
    servers[-1].stop()
