import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient, WebSocketTestSession

from app.browser_camera import BAD_MESSAGE, MAX_BYTES, NOT_ALLOWED, STOP, TAKEN, TRY_LATER, BrowserCamera
from streams.picture_wire import unpack_picture

TIMEOUT_S = 20.0
PICTURE = b"\x28\x00\xff\xd8\xff\xe0 and so on"


class Capture:
    """What the capture process watches, and the pictures it takes."""

    def __init__(self, folder: Path) -> None:
        self.endpoint = f"ipc://{folder}/camera"
        self.changed = threading.Condition()
        self.watched: list[bool] = []
        self._context = zmq.Context()
        self.pull = self._context.socket(zmq.PULL)
        self.pull.linger, self.pull.rcvtimeo = 0, round(1000 * TIMEOUT_S)
        self.pull.bind(self.endpoint)

    def watch(self, on: bool) -> None:
        with self.changed:
            self.watched.append(on)
            self.changed.notify_all()

    def wait(self, *watched: bool) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.watched == list(watched), TIMEOUT_S), self.watched

    def close(self) -> None:
        self.pull.close()
        self._context.term()


@pytest.fixture
def capture(tmp_path: Path) -> Iterator[Capture]:
    capture = Capture(tmp_path)
    yield capture
    capture.close()


Serve = Callable[..., TestClient]


@pytest.fixture
def serve(capture: Capture) -> Iterator[Serve]:
    clients: list[TestClient] = []

    def made(*, allowed: bool = True, linger_s: float = 3600.0, silent_s: float = TIMEOUT_S) -> TestClient:
        app = FastAPI()
        camera = BrowserCamera(capture.endpoint, watch=capture.watch, linger_s=linger_s, silent_s=silent_s)

        @app.websocket("/camera")
        async def serve(socket: WebSocket) -> None:
            await camera.serve(socket, allowed=allowed)

        clients.append(TestClient(app))
        clients[-1].__enter__()
        return clients[-1]

    yield made
    for client in clients:
        client.__exit__(None, None, None)


def taken(socket: WebSocketTestSession) -> int:
    return json.loads(socket.receive_text())["taken"]


def closed(socket: WebSocketTestSession) -> tuple[int, str]:
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    return message["code"], message["reason"]


def test_pictures_go_to_capture_and_back_it_goes_at_the_end(serve: Serve, capture: Capture) -> None:
    with serve().websocket_connect("/camera") as socket:
        assert taken(socket) == 0
        assert capture.watched == [True]
        # What is sent before the two have found each other is passed over.
        for number in range(1, 200):
            socket.send_bytes(PICTURE)
            assert taken(socket) == number
            if capture.pull.poll(20):
                break
        jpeg, taken_ns = unpack_picture(capture.pull.recv_multipart(), received_ns=10**12)
        assert jpeg == PICTURE[2:]
        assert taken_ns <= 10**12 - 40_000_000
        socket.send_text(STOP)
        assert closed(socket)[0] == TAKEN
    capture.wait(True, False)


def test_a_page_that_is_loaded_again_goes_on(serve: Serve, capture: Capture) -> None:
    client = serve()
    for _ in range(3):
        with client.websocket_connect("/camera") as socket:
            taken(socket)
    assert capture.watched == [True]


def test_a_tab_that_is_closed_is_given_up(serve: Serve, capture: Capture) -> None:
    client = serve(linger_s=0.01)
    for times in range(1, 4):
        with client.websocket_connect("/camera") as socket:
            taken(socket)
        capture.wait(*(True, False) * times)


def test_a_browser_that_falls_silent_is_let_go(serve: Serve, capture: Capture) -> None:
    with serve(silent_s=0.05, linger_s=0.0).websocket_connect("/camera") as socket:
        taken(socket)
        assert closed(socket) == (TRY_LATER, "no picture came for 0.05 s")
    capture.wait(True, False)


def test_one_browser_at_a_time(serve: Serve) -> None:
    client = serve()
    with client.websocket_connect("/camera") as socket:
        taken(socket)
        with client.websocket_connect("/camera") as other:
            assert closed(other) == (TRY_LATER, "another page's camera is in use; stop it there first")


def test_a_visitor_is_kept_out(serve: Serve, capture: Capture) -> None:
    with serve(allowed=False).websocket_connect("/camera") as socket:
        assert closed(socket)[0] == NOT_ALLOWED
    assert capture.watched == []


@pytest.mark.parametrize(
    "noise",
    [b"", b"\xff", b"\x00\x00GIF89a", PICTURE + bytes(MAX_BYTES)],
    ids=["none", "byte", "gif", "big"],
)
def test_what_is_no_picture_ends_it(serve: Serve, noise: bytes) -> None:
    with serve().websocket_connect("/camera") as socket:
        taken(socket)
        socket.send_bytes(noise)
        assert closed(socket)[0] == BAD_MESSAGE


def test_words_it_does_not_know_end_it(serve: Serve) -> None:
    with serve().websocket_connect("/camera") as socket:
        taken(socket)
        socket.send_text("go")
        assert closed(socket)[0] == BAD_MESSAGE
