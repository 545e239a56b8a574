import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from app.board import Board
from app.live_socket import FRAMES_IN_FLIGHT, MAX_PAGES, LiveChannel


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def client(board: Board) -> Iterator[TestClient]:
    app = FastAPI()
    channel = LiveChannel(board, lambda: {"mirror": True})

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await channel.serve(socket)

    with TestClient(app) as client:
        yield client


def _read(socket: WebSocketTestSession) -> dict[str, Any]:
    return json.loads(socket.receive_text())


def _frame(board: Board) -> int:
    board.post_frame(lambda number: f"frame {number}".encode())
    return board.frame()[0]


def test_a_page_gets_hello_and_all_there_is(client: TestClient, board: Board) -> None:
    board.post("people", lambda: {"people": ["somebody"]})
    with client.websocket_connect("/live") as socket:
        assert _read(socket) == {"type": "hello", "mirror": True}
        assert _read(socket) == {"type": "people", "people": ["somebody"]}
        board.post("people", lambda: {"people": []})
        assert _read(socket) == {"type": "people", "people": []}


def test_frames_wait_until_the_page_has_drawn(client: TestClient, board: Board) -> None:
    with client.websocket_connect("/live") as socket:
        _read(socket)
        for number in range(1, FRAMES_IN_FLIGHT + 1):
            _frame(board)
            assert socket.receive_bytes() == f"frame {number}".encode()
        # The page draws nothing: frames pass by, and only messages come through.
        newest = [_frame(board) for _ in range(10)][-1]
        board.post("mark", dict)
        assert _read(socket)["type"] == "mark"
        socket.send_text(json.dumps({"type": "drawn", "frame": FRAMES_IN_FLIGHT}))
        assert socket.receive_bytes() == f"frame {newest}".encode()


def test_one_page_that_draws_nothing_starves_no_other(client: TestClient, board: Board) -> None:
    with client.websocket_connect("/live") as hidden, client.websocket_connect("/live") as shown:
        _read(hidden)
        _read(shown)
        for _ in range(20):
            number = _frame(board)
            assert shown.receive_bytes() == f"frame {number}".encode()
            shown.send_text(json.dumps({"type": "drawn", "frame": number}))


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"type": "drawn"}', '{"type": "drawn", "frame": "1"}', "x" * 300, "[" * 200],
)
def test_nonsense_is_answered_by_hanging_up(client: TestClient, text: str) -> None:
    with client.websocket_connect("/live") as socket:
        _read(socket)
        socket.send_text(text)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert closed.value.code == 1008


def test_too_many_pages_are_told_so_and_a_place_is_given_back(client: TestClient) -> None:
    with ExitStack() as pages:
        for _ in range(MAX_PAGES - 1):
            pages.enter_context(client.websocket_connect("/live"))
        with client.websocket_connect("/live"):
            with client.websocket_connect("/live") as extra, pytest.raises(WebSocketDisconnect) as closed:
                extra.receive_text()
            assert closed.value.code == 1013
            assert "close one of them" in closed.value.reason
        with client.websocket_connect("/live") as socket:
            assert _read(socket)["type"] == "hello"


def test_a_message_that_cannot_be_made_ends_the_connection(
    client: TestClient, board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    with client.websocket_connect("/live") as socket:
        _read(socket)
        board.post("people", lambda: {"share": float("nan")})
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1011
    assert "a page is given up" in caplog.text
