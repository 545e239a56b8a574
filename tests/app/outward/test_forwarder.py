from pathlib import Path

import pytest

from app.outward.forwarder import LONGEST_PAUSE_S, LOOK_S, DeliveryError, Forwarder
from engine.messages import RecordedEvent
from tests.app.outward.feed import FakeFeed


class _Receiver:
    def __init__(self) -> None:
        self.got: list[int] = []
        self.down = False

    def __call__(self, recorded: RecordedEvent) -> None:
        if self.down:
            raise DeliveryError("down")
        self.got.append(recorded.number)


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed()


@pytest.fixture
def receiver() -> _Receiver:
    return _Receiver()


def test_only_what_happens_from_now_on_is_delivered(
    feed: FakeFeed, receiver: _Receiver, tmp_path: Path
) -> None:
    feed.happen(3)
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    assert forwarder.step() == LOOK_S
    feed.happen(2)
    forwarder.step()
    assert receiver.got == [4, 5]


def test_a_minute_of_outage_loses_and_doubles_nothing(
    feed: FakeFeed, receiver: _Receiver, tmp_path: Path
) -> None:
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    forwarder.step()
    receiver.down = True
    waited = 0.0
    while waited < 60.0:
        feed.happen(5)
        waited += forwarder.step()
    assert forwarder.problem is not None
    receiver.down = False
    while forwarder.step() and len(receiver.got) < feed.number:
        pass
    assert receiver.got == list(range(1, feed.number + 1))
    assert (forwarder.lost, forwarder.problem) == (0, None)


def test_pauses_grow_and_end(feed: FakeFeed, receiver: _Receiver, tmp_path: Path) -> None:
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    forwarder.step()
    feed.happen()
    receiver.down = True
    pauses = [forwarder.step() for _ in range(9)]
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert pauses[-1] == LONGEST_PAUSE_S
    receiver.down = False
    assert forwarder.step() == LOOK_S


def test_a_restart_goes_on_where_it_was(feed: FakeFeed, receiver: _Receiver, tmp_path: Path) -> None:
    Forwarder(feed, receiver, cursor=tmp_path / "cursor").step()
    feed.happen(3)
    again = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    again.step()
    feed.happen(1)
    Forwarder(feed, receiver, cursor=tmp_path / "cursor").step()
    assert receiver.got == [1, 2, 3, 4]


def test_what_the_engine_has_forgotten_is_counted(
    feed: FakeFeed, receiver: _Receiver, tmp_path: Path
) -> None:
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    forwarder.step()
    feed.happen(10)
    del feed.kept[:4]
    forwarder.step()
    assert receiver.got == [5, 6, 7, 8, 9, 10]
    assert forwarder.lost == 4


def test_an_engine_that_is_gone_is_waited_for(feed: FakeFeed, receiver: _Receiver, tmp_path: Path) -> None:
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    feed.gone = True
    assert forwarder.step() == LOOK_S
    feed.gone = False
    forwarder.step()
    feed.happen()
    forwarder.step()
    assert receiver.got == [1]


@pytest.mark.parametrize("content", ["", "x", "99"])
def test_a_cursor_of_another_engine_starts_anew(
    feed: FakeFeed, receiver: _Receiver, tmp_path: Path, content: str
) -> None:
    (tmp_path / "cursor").write_text(content)
    feed.happen(2)
    forwarder = Forwarder(feed, receiver, cursor=tmp_path / "cursor")
    forwarder.step()
    feed.happen()
    forwarder.step()
    assert receiver.got == [3]
