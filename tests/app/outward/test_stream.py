import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.outward.stream import MAX_PROGRAMS
from tests.app.conftest import ServedPage
from tests.app.fakes import prediction

PATIENCE_S = 20.0


def _open(bare: ServedPage, query: str = "", **options: Any) -> ClientConnection:
    url = f"{bare.url.replace('http', 'ws')}/api/v1/stream{query}"
    return connect(url, open_timeout=PATIENCE_S, **options)


def _next(program: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind; others are passed over."""
    while True:
        message = json.loads(program.recv(timeout=PATIENCE_S))
        if message["type"] == kind:
            return message


@pytest.fixture
def program(bare: ServedPage) -> Iterator[ClientConnection]:
    with _open(bare) as made:
        yield made


def test_events_come_once_in_order_and_captions_as_they_are(
    bare: ServedPage, program: ClientConnection
) -> None:
    assert _next(program, "hello") == {"type": "hello", "newest": 0}
    bare.feed.happen(3)
    got = [_next(program, "event") for _ in range(3)]
    assert [event["number"] for event in got] == [1, 2, 3]
    assert (got[0]["event"]["name"], got[0]["event"]["phase"]) == ("wave", "onset")
    bare.state.on_prediction(prediction(*bare.engine.actions()))
    people = _next(program, "captions")["people"]
    while not people:
        people = _next(program, "captions")["people"]
    assert (people[0]["name"], people[0]["state"], people[0]["track"]) == ("wave", "action", 0)


def test_who_comes_back_gets_what_was_missed(bare: ServedPage) -> None:
    bare.feed.happen(250)
    with _open(bare, "?since=20") as program:
        assert _next(program, "hello")["newest"] == 250
        assert [_next(program, "event")["number"] for _ in range(230)] == list(range(21, 251))
        bare.feed.gone = True
        bare.feed.happen()
        bare.feed.gone = False
        assert _next(program, "event")["number"] == 251


@pytest.mark.parametrize("query", ["?since=-1", "?since=x", "?since=1e3", f"?since={'9' * 16}"])
def test_a_number_that_is_none_is_refused(bare: ServedPage, query: str) -> None:
    with _open(bare, query) as program, pytest.raises(ConnectionClosed, match="number of an event"):
        program.recv(timeout=PATIENCE_S)


def test_a_program_that_talks_is_sent_away(bare: ServedPage, program: ClientConnection) -> None:
    _next(program, "hello")
    program.send("{}")
    with pytest.raises(ConnectionClosed, match="listens"):
        _next(program, "goodbye")


def test_only_so_many_programs_listen(bare: ServedPage) -> None:
    with ExitStack() as opened:
        for _ in range(MAX_PROGRAMS):
            _next(opened.enter_context(_open(bare)), "hello")
        late = opened.enter_context(_open(bare))
        with pytest.raises(ConnectionClosed, match="close one"):
            late.recv(timeout=PATIENCE_S)


def test_a_page_of_another_site_may_not_listen(bare: ServedPage) -> None:
    with pytest.raises(InvalidStatus), _open(bare, origin="https://elsewhere.example"):
        pass


@pytest.mark.protected
def test_a_visitor_may_listen_as_he_may_read(bare: ServedPage) -> None:
    bare.feed.happen(2)
    with _open(bare) as program:
        assert _next(program, "hello")["newest"] == 2
    with httpx.Client(base_url=f"{bare.url}/api/v1") as api:
        events = api.get("/events", params={"since": 1}).json()["events"]
        assert [event["number"] for event in events] == [2]
        assert api.get("/events", params={"limit": 101}).status_code == 422
        bare.feed.gone = True
        assert api.get("/events").status_code == 503
