import json
import threading

from app.board import Board


def test_a_reader_gets_what_changed_and_only_once() -> None:
    board, seen = Board(), {}
    board.post("people", lambda: {"people": []})
    board.post("events", lambda: {"events": [1]})
    first = {json.loads(text)["type"] for text in board.news(seen)}
    assert first == {"people", "events"}
    assert board.news(seen) == []
    board.post("events", lambda: {"events": [1, 2]})
    assert [json.loads(text) for text in board.news(seen)] == [{"type": "events", "events": [1, 2]}]


def test_a_late_reader_gets_only_the_newest() -> None:
    board = Board()
    for number in range(1000):
        board.post("people", lambda number=number: {"number": number})
    assert [json.loads(text)["number"] for text in board.news({})] == [999]


def test_messages_are_built_when_they_are_read() -> None:
    board, clock = Board(), [1]
    board.post("events", lambda: {"ago": clock[0]})
    clock[0] = 7
    assert json.loads(board.news({})[0])["ago"] == 7


def test_frames_are_numbered_and_replaced() -> None:
    board = Board()
    assert board.frame() == (0, b"")
    board.post_frame(lambda number: f"first {number}".encode())
    board.post_frame(lambda number: f"second {number}".encode())
    assert board.frame() == (2, b"second 2")


def test_subscribers_are_woken_until_they_leave() -> None:
    board, woken = Board(), threading.Event()
    leave = board.subscribe(woken.set)
    board.post("people", dict)
    assert woken.is_set()
    woken.clear()
    board.post_frame(lambda number: b"")
    assert woken.is_set()
    woken.clear()
    leave()
    board.post("people", dict)
    assert not woken.is_set()
