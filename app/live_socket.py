"""The page's live channel: one WebSocket a page, newest first, never a backlog.

    server -> page   text    {"type": "hello" | "people" | "events" | "actions" | "status", ...}
    server -> page   binary  a frame, see ``app.drawing``
    page -> server   text    {"type": "drawn", "frame": n}

A frame is sent only after the page has drawn the one before last; a hidden page draws nothing and
so receives no frames. WebSockets do not count towards a browser's six connections to a server, so
any number of open pages leaves the others alone.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.board import Board

logger = logging.getLogger(__name__)

FRAMES_IN_FLIGHT = 2
MAX_PAGES = 24
MAX_TEXT = 256
TRY_LATER = 1013
BAD_MESSAGE = 1008
FAILED = 1011


class LiveChannel:
    """Serves the board to pages. Belongs to one event loop.

    Args:
        board: What to show.
        hello: Makes the first message to each page.
    """

    def __init__(self, board: Board, hello: Callable[[], dict[str, Any]]) -> None:
        self._board = board
        self._hello = hello
        self._pages = 0

    @property
    def pages(self) -> int:
        """Pages connected now."""
        return self._pages

    async def serve(self, socket: WebSocket) -> None:
        """Serve one page until it leaves."""
        await socket.accept()
        if self._pages >= MAX_PAGES:
            await socket.close(TRY_LATER, f"{MAX_PAGES} pages are open already; close one of them")
            return
        self._pages += 1
        try:
            await self._serve(socket)
        finally:
            self._pages -= 1

    async def _serve(self, socket: WebSocket) -> None:
        page = _Page(socket, self._board)
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # The loop may close while a reader thread still posts.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(page.changed.set)

        unsubscribe = self._board.subscribe(wake)
        talking = asyncio.create_task(page.talk({"type": "hello", **self._hello()}))
        try:
            await page.listen()
        except WebSocketDisconnect:
            return
        finally:
            unsubscribe()
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talking
        await socket.close(BAD_MESSAGE, "wanted the number of a drawn frame")


class _Page:
    """One connected page."""

    def __init__(self, socket: WebSocket, board: Board) -> None:
        self.changed = asyncio.Event()
        self.changed.set()
        self._socket = socket
        self._board = board
        self._seen: dict[str, int] = {}
        self._sent = 0
        self._in_flight: set[int] = set()

    async def talk(self, hello: dict[str, Any]) -> None:
        """Send whatever is new, until cancelled."""
        try:
            await self._socket.send_text(json.dumps(hello))
            while True:
                await self.changed.wait()
                self.changed.clear()
                await self._send_news()
        except WebSocketDisconnect:
            return  # who listens hears of it, too
        except Exception:
            # Better no page than one that looks alive and shows nothing new.
            logger.exception("a page is given up")
            await self._socket.close(FAILED)

    async def _send_news(self) -> None:
        for text in self._board.news(self._seen):
            await self._socket.send_text(text)
        number, payload = self._board.frame()
        if number > self._sent and len(self._in_flight) < FRAMES_IN_FLIGHT:
            self._sent = number
            self._in_flight.add(number)
            await self._socket.send_bytes(payload)

    async def listen(self) -> None:
        """Note what the page has drawn; return when it says what no page of ours says.

        Raises:
            WebSocketDisconnect: It has left.
        """
        while (drawn := _drawn(await self._socket.receive_text())) is not None:
            # A page that skipped a frame has overtaken it: everything up to this one is done.
            self._in_flight = {number for number in self._in_flight if number > drawn}
            self.changed.set()


def _drawn(text: str) -> int | None:
    if len(text) > MAX_TEXT:
        return None
    try:
        message = json.loads(text)
        number = message["frame"] if message["type"] == "drawn" else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if isinstance(number, int) else None
