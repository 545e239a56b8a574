"""Events and captions for programs: a WebSocket at ``/api/v1/stream``, JSON both documented and versioned.

    server -> program   {"type": "hello", "newest": 17}
                        {"type": "event", "number": 18, "recorded": "...", "event": {...}}
                        {"type": "captions", "people": [{"stream", "track", "state", "name", ...}]}
    program -> server   nothing

``?since=17`` asks for the events after that number first, as far back as the engine remembers; without it
they begin with what happens next. Every event comes once and in order: they are fetched by number from the
engine, so that a slow or absent program loses none of the last 10,000. Captions are the newest alone.
"""

import asyncio
import contextlib
import json
import logging
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.board import Board
from app.outward.forwarder import AT_ONCE, Feed
from engine.messages import to_json
from streams.skeleton.errors import EngineError

logger = logging.getLogger(__name__)

MAX_PROGRAMS = 16
LOOK_S = 0.5
"""How often the engine is asked for events nobody has been woken for, seconds."""
TRY_LATER = 1013
BAD_MESSAGE = 1008
FAILED = 1011
_TOPICS = frozenset({"people", "events"})


class ProgramChannel:
    """Serves events and captions to programs. Belongs to one event loop.

    Args:
        board: Has the captions, and is woken when something happens.
        feed: Remembers the events.
    """

    def __init__(self, board: Board, feed: Feed) -> None:
        self._board = board
        self._feed = feed
        self._programs = 0

    async def serve(self, socket: WebSocket) -> None:
        """Serve one program until it leaves."""
        await socket.accept()
        if self._programs >= MAX_PROGRAMS:
            await socket.close(TRY_LATER, f"{MAX_PROGRAMS} programs listen already; close one of them")
            return
        since = socket.query_params.get("since")
        if since is not None and not (since.isdecimal() and len(since) <= 15):
            await socket.close(BAD_MESSAGE, "wanted the number of an event as since")
            return
        self._programs += 1
        try:
            await self._serve(socket, None if since is None else int(since))
        finally:
            self._programs -= 1

    async def _serve(self, socket: WebSocket, since: int | None) -> None:
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            # The loop may close while a reader thread still posts.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(changed.set)

        unsubscribe = self._board.subscribe(wake)
        talking = asyncio.create_task(self._talk(socket, since, changed))
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            return
        finally:
            unsubscribe()
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talking
        await socket.close(BAD_MESSAGE, "wanted a program that listens, got a message")

    async def _talk(self, socket: WebSocket, since: int | None, changed: asyncio.Event) -> None:
        """Send whatever is new, until cancelled."""
        try:
            newest = await self._newest()
            await socket.send_text(json.dumps({"type": "hello", "newest": newest}))
            number, seen = newest if since is None else since, dict[str, int]()
            while True:
                number = await self._send_events(socket, number)
                for text in self._board.news(seen, topics=_TOPICS):
                    people = json.loads(text)
                    if people["type"] == "people":
                        said = {"type": "captions", "people": people["people"]}
                        await socket.send_text(json.dumps(said, ensure_ascii=False))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_S)
                changed.clear()
        except WebSocketDisconnect:
            return  # who listens hears of it, too
        except Exception:
            # Better no line than one that looks alive and says nothing new.
            logger.exception("a program is given up")
            await socket.close(FAILED)

    async def _newest(self) -> int:
        """Number of the newest event; 0 where there is none."""
        while True:
            with contextlib.suppress(EngineError):
                newest = await asyncio.to_thread(self._feed.events, limit=1)
                return newest[-1].number if newest else 0
            await asyncio.sleep(LOOK_S)

    async def _send_events(self, socket: WebSocket, number: int) -> int:
        """Send the events after a number; the number of the last one sent."""
        while True:
            try:
                events = await asyncio.to_thread(self._feed.events, number, limit=AT_ONCE)
            except EngineError:
                return number
            for event in events:
                said: dict[str, Any] = {"type": "event", **to_json(event)}
                await socket.send_text(json.dumps(said, ensure_ascii=False, allow_nan=False))
                number = event.number
            if len(events) < AT_ONCE:
                return number
