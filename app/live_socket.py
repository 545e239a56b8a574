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
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.board import Board

FRAMES_IN_FLIGHT = 2
MAX_PAGES = 24
MAX_TEXT = 256
TRY_LATER = 1013
BAD_MESSAGE = 1008


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
        except WebSocketDisconnect:
            pass
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
        await socket.send_text(json.dumps({"type": "hello", **self._hello()}))
        talking = asyncio.create_task(page.talk())
        try:
            await page.listen()
        finally:
            unsubscribe()
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                await talking


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

    async def talk(self) -> None:
        while self._socket.application_state is WebSocketState.CONNECTED:
            await self.changed.wait()
            self.changed.clear()
            for text in self._board.news(self._seen):
                await self._socket.send_text(text)
            number, payload = self._board.frame()
            if number > self._sent and len(self._in_flight) < FRAMES_IN_FLIGHT:
                self._sent = number
                self._in_flight.add(number)
                await self._socket.send_bytes(payload)

    async def listen(self) -> None:
        while True:
            text = await self._socket.receive_text()
            drawn = _drawn(text)
            if drawn is None:
                await self._socket.close(BAD_MESSAGE, "wanted the number of a drawn frame")
                return
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
