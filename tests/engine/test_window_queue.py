"""The newest window of each track waits, streams take turns, and there is a bound."""

import threading

import pytest

from engine.window_queue import Waiting, WindowQueue
from tests.engine.fakes import window


def _waiting(stream: str = "a", track: int = 0, sequence: int = 0, missed: int = 0) -> Waiting:
    shown = window(stream=stream, track=track, sequence=sequence)
    return Waiting(shown, sender=stream.encode(), received_ns=0, missed=missed)


def _taken(windows: WindowQueue) -> list[tuple[str, int, int]]:
    taken: list[tuple[str, int, int]] = []
    while (waiting := windows.take(0.0)) is not None:
        taken.append((waiting.window.stream, waiting.window.track, waiting.window.sequence))
    return taken


def test_windows_come_out_as_they_came_in():
    windows = WindowQueue(8)
    for track in (2, 0, 1):
        assert windows.put(_waiting(track=track)) is None
    assert len(windows) == 3
    assert _taken(windows) == [("a", 2, 0), ("a", 0, 0), ("a", 1, 0)]
    assert len(windows) == 0


def test_the_newest_of_a_track_replaces_the_one_waiting_in_its_place():
    windows = WindowQueue(8)
    old = _waiting(track=0, sequence=0)
    windows.put(old)
    windows.put(_waiting(track=1))
    assert windows.put(_waiting(track=0, sequence=1, missed=3)) is old
    taken = windows.take(0.0)
    assert taken is not None
    assert (taken.window.track, taken.window.sequence, taken.missed) == (0, 1, 4)
    assert len(windows) == 1


def test_streams_take_turns_however_much_one_of_them_sends():
    windows = WindowQueue(64)
    for track in range(10):
        windows.put(_waiting("busy", track))
    windows.put(_waiting("quiet", 0))
    order = [stream for stream, _, _ in _taken(windows)]
    assert order[:2] == ["busy", "quiet"]


def test_a_stream_that_keeps_sending_does_not_keep_another_waiting():
    windows = WindowQueue(64)
    windows.put(_waiting("busy", 0))
    windows.put(_waiting("quiet", 0))
    order: list[str] = []
    for sequence in range(1, 5):
        taken = windows.take(0.0)
        assert taken is not None
        order.append(taken.window.stream)
        windows.put(_waiting("busy", 0, sequence))
    assert order[:2] == ["busy", "quiet"]


def test_beyond_the_bound_the_busiest_stream_gives_up_its_oldest():
    windows = WindowQueue(3)
    for track in range(3):
        assert windows.put(_waiting("busy", track)) is None
    displaced = windows.put(_waiting("quiet", 0))
    assert displaced is not None
    assert (displaced.window.stream, displaced.window.track) == ("busy", 0)
    assert _taken(windows) == [("busy", 1, 0), ("quiet", 0, 0), ("busy", 2, 0)]


def test_a_bound_of_one_keeps_the_newest():
    windows = WindowQueue(1)
    windows.put(_waiting("a"))
    displaced = windows.put(_waiting("b"))
    assert displaced is not None
    assert displaced.window.stream == "a"
    assert _taken(windows) == [("b", 0, 0)]


@pytest.mark.parametrize("wake", [True, False])
def test_take_returns_as_soon_as_there_is_something_to_do(wake: bool):
    windows = WindowQueue(8)
    taken: list[Waiting | None] = []
    thread = threading.Thread(target=lambda: taken.append(windows.take(30.0)))
    thread.start()
    if wake:
        windows.wake()
    else:
        windows.put(_waiting())
    thread.join(10.0)
    assert not thread.is_alive()
    assert (taken == [None]) is wake


def test_a_wake_before_take_is_not_lost():
    windows = WindowQueue(8)
    windows.wake()
    assert windows.take(30.0) is None
    assert windows.take(0.0) is None
