"""A browser's camera: one WebSocket that takes its pictures, and hands the newest on to capture.

    page -> server   binary  u16, little-endian: age in milliseconds; then a JPEG
    page -> server   text    "stop"             nothing more will come
    server -> page   text    {"taken": n}       the next picture may come; 0 once capture listens

One browser at a time. While it sends, the capture process watches through it; when it has stopped, or
a few seconds after it was last heard of, capture watches again what it watched before.
"""

import asyncio
import json
import struct
from collections.abc import Callable

import zmq
from starlette.websockets import WebSocket, WebSocketDisconnect

from streams.picture_wire import MAX_JPEG_BYTES, pack_picture

SILENT_S = 2.0
"""Time without a picture after which a browser is let go, seconds."""
LINGER_S = 5.0
"""Time for which a browser that was not stopped may come back, as when its page is loaded again."""
MAX_BYTES = MAX_JPEG_BYTES + 2
STOP = "stop"
TAKEN, NOT_ALLOWED, TRY_LATER, BAD_MESSAGE = 1000, 4001, 1013, 1008
_AGE = struct.Struct("<H")
_JPEG = b"\xff\xd8\xff"


class BrowserCamera:
    """Takes the pictures of one browser after the other. Belongs to one event loop.

    Args:
        endpoint: Where the capture process takes pictures.
        watch: Has capture watch through the browser, or again what it watched before; may take seconds.
        linger_s: Time for which a browser may come back, seconds.
        silent_s: Time without a picture after which it is let go, seconds.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        watch: Callable[[bool], None],
        linger_s: float = LINGER_S,
        silent_s: float = SILENT_S,
    ) -> None:
        self._endpoint = endpoint
        self._watch = watch
        self._linger_s, self._silent_s = linger_s, silent_s
        self._changing = asyncio.Lock()
        self._watching = self._busy = False
        self._visits = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self.passed_over = 0
        """Pictures that capture had no time for."""

    async def serve(self, socket: WebSocket, *, allowed: bool) -> None:
        """Take a browser's pictures until it stops, leaves or falls silent.

        Args:
            socket: Not accepted yet.
            allowed: Whether whoever connects is an operator.
        """
        await socket.accept()
        if not allowed:
            await socket.close(NOT_ALLOWED, "wanted an operator, got a visitor; log in")
            return
        if self._busy:
            await socket.close(TRY_LATER, "another page's camera is in use; stop it there first")
            return
        self._busy, self._visits = True, self._visits + 1
        stopped = False
        try:
            await self._have_watched(True)
            stopped = await self._take_from(socket)
        except WebSocketDisconnect:
            pass
        finally:
            self._busy = False
            task = asyncio.create_task(self._leave(self._visits, 0.0 if stopped else self._linger_s))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _take_from(self, socket: WebSocket) -> bool:
        """Whether the browser said that it stops.

        Raises:
            WebSocketDisconnect: It has left.
        """
        await socket.send_text(json.dumps({"taken": 0}))
        taken = 0
        with zmq.Context() as context, context.socket(zmq.PUSH) as push:
            push.linger, push.sndhwm, push.immediate = 0, 2, 1
            push.connect(self._endpoint)
            while True:
                try:
                    message = await asyncio.wait_for(socket.receive(), self._silent_s)
                except TimeoutError:
                    await socket.close(TRY_LATER, f"no picture came for {self._silent_s:g} s")
                    return False
                if message["type"] == "websocket.disconnect":
                    return False
                if message.get("text") == STOP:
                    await socket.close(TAKEN)
                    return True
                if not self._pass_on(message.get("bytes") or b"", push):
                    await socket.close(BAD_MESSAGE, "wanted an age and a JPEG")
                    return False
                taken += 1
                await socket.send_text(json.dumps({"taken": taken}))

    def _pass_on(self, picture: bytes, push: "zmq.Socket[bytes]") -> bool:
        """False for what is no picture."""
        if len(picture) > MAX_BYTES or picture[_AGE.size : _AGE.size + len(_JPEG)] != _JPEG:
            return False
        (age_ms,) = _AGE.unpack_from(picture)
        try:
            push.send_multipart(pack_picture(picture[_AGE.size :], age_ns=age_ms * 1_000_000), zmq.NOBLOCK)
        except zmq.Again:
            self.passed_over += 1
        return True

    async def _leave(self, visit: int, after_s: float) -> None:
        """Go back to what was watched before, unless a browser has come meanwhile."""
        await asyncio.sleep(after_s)
        if visit == self._visits and not self._busy:
            await self._have_watched(False)

    async def _have_watched(self, on: bool) -> None:
        async with self._changing:
            if on != self._watching:
                # It waits for a process to end.
                await asyncio.to_thread(self._watch, on)
                self._watching = on
