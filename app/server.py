"""The web server: our live channel and static files, and Gradio behind the same guard."""

import socket as sockets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from app import drawing, ui
from app.access import Access
from app.api import access as access_api
from app.api import actions, events, inside, metrics, teaching, turns, vocabulary
from app.api.replies import refuse_malformed
from app.board import Board
from app.browser_camera import MAX_BYTES, BrowserCamera
from app.controller import Controller
from app.guard import AllowedHosts, Guard
from app.inside import Inside
from app.kiosk.turns import Turns
from app.live_socket import MAX_TEXT, LiveChannel
from app.outward.forwarder import Feed
from app.outward.stream import ProgramChannel
from app.sets import Sets
from app.tabs.live import STATIC, STATIC_URL
from app.teaching import Teaching
from streams.skeleton.errors import AccessError, ConfigError

START_S = 120.0
API = "/api/v1"
"""Where the interface for programs begins; the page itself uses no other."""


@dataclass(frozen=True)
class Behind:
    """What the pages show and ask."""

    board: Board
    controller: Controller
    sets: Sets
    teaching: Teaching
    inside: Inside
    feed: Feed
    """What happened, for programs."""
    access: Access
    numbers: Callable[[], Mapping[str, float]]
    """Measurements, for ``/metrics``."""
    camera: BrowserCamera | None = None
    """Takes a browser's pictures; None where capture takes none."""
    turns: Turns | None = None
    """Of the kiosk; None where there is none."""


def create(behind: Behind, *, hosts: AllowedHosts) -> FastAPI:
    """The application. Make it within a running event loop: Gradio leaves one open otherwise.

    Args:
        behind: What the pages show and ask.
        hosts: Names the page may be called by.
    """
    return ui.mount(without_page(behind, hosts=hosts), host=hosts.bound)


def without_page(behind: Behind, *, hosts: AllowedHosts) -> FastAPI:
    """The application less Gradio's page: interface, live channel, kiosk; see ``create``."""
    app = FastAPI(
        title=ui.TITLE, version="1", docs_url=None, redoc_url=None, openapi_url=f"{API}/openapi.json"
    )
    app.add_middleware(Guard, hosts=hosts)
    app.add_exception_handler(RequestValidationError, refuse_malformed)
    app.add_exception_handler(AccessError, access_api.refuse_visitor)
    _add_interface(app, behind)

    def hello() -> dict[str, Any]:
        return {"limbs": drawing.limbs(), "takes_camera": behind.camera is not None}

    channel = LiveChannel(behind.board, hello)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await channel.serve(socket)

    if (taker := behind.camera) is not None:

        @app.websocket("/camera")
        async def camera(socket: WebSocket) -> None:
            await taker.serve(socket, allowed=access_api.role_of(behind.access, socket) == "operator")

    programs = ProgramChannel(behind.board, behind.feed)

    @app.websocket(f"{API}/stream")
    async def stream(socket: WebSocket) -> None:
        await programs.serve(socket)

    if behind.turns is not None:

        @app.get("/kiosk", include_in_schema=False)
        def kiosk() -> FileResponse:
            return FileResponse(STATIC / "kiosk.html")

    app.mount(STATIC_URL, StaticFiles(directory=STATIC), name="page")
    return app


def _add_interface(app: FastAPI, behind: Behind) -> None:
    """The routes under ``/api/v1``: everybody may read, operators change things."""
    operators = [Depends(access_api.operators_change(behind.access))]
    app.include_router(access_api.router(behind.access), prefix=API)
    app.include_router(actions.router(behind.controller), prefix=API, dependencies=operators)
    app.include_router(vocabulary.router(behind.sets), prefix=API, dependencies=operators)
    app.include_router(metrics.router(behind.numbers))
    app.include_router(events.router(behind.feed, behind.controller), prefix=API)
    app.include_router(inside.router(behind.inside), prefix=API, dependencies=operators)
    app.include_router(teaching.router(behind.teaching), prefix=API, dependencies=operators)
    if behind.turns is not None:
        only = access_api.operators_only(behind.access)
        app.include_router(turns.router(behind.turns, operators_only=only), prefix=API)


class PageServer:
    """Makes an application and serves it, in a thread and an event loop of its own.

    Args:
        make: Makes the application, for example by ``create``.
        host: Address to listen on.
        port: 0 takes any free one.

    Raises:
        ConfigError: The address cannot be listened on.
    """

    def __init__(self, make: Callable[[], FastAPI], *, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        config = uvicorn.Config(
            make,
            factory=True,
            log_level="warning",
            access_log=False,
            ws_max_size=max(MAX_TEXT, MAX_BYTES),
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def start(self, on_end: Callable[[], None] = lambda: None) -> None:
        """Return once pages are served; ``on_end`` is called when they no longer are."""
        self._on_end = on_end
        self._thread.start()
        self._server.serving.wait(START_S)

    def stop(self) -> None:
        """Return once the last page is gone and the address is free."""
        self._server.should_exit = True
        self._thread.join()

    @property
    def stopped(self) -> bool:
        """Whether pages are no longer served."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.serving.set()
            self._on_end()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()


def _listen(host: str, port: int) -> sockets.socket:
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listener = sockets.socket(family, sockets.SOCK_STREAM)
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"wanted to listen on {host}:{port}, got {error.strerror}; "
            "close what uses it or name another with --port"
        ) from None
    return listener
