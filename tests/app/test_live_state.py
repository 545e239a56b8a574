import json
from typing import Any

import pytest

from app.board import Board
from app.live_state import MAX_EVENTS, ORPHAN_S, PRESENCE_S, LiveState
from engine.messages import Action
from tests.app.fakes import event, prediction

WAVE = Action("a1", "wave", ("A person waves.",), "library")
SQUAT = Action("a2", "squat", ("A person squats.",), "template")
SECOND = 1_000_000_000


class Page:
    """Reads the board as a page does; time is told."""

    def __init__(self) -> None:
        self.now_ns = 100 * SECOND
        self.board = Board()
        self.state = LiveState(self.board, clock=lambda: self.now_ns)
        self._seen: dict[str, int] = {}
        self._messages: dict[str, dict[str, Any]] = {}

    def __getitem__(self, topic: str) -> dict[str, Any]:
        for text in self.board.news(self._seen):
            message = json.loads(text)
            self._messages[message["type"]] = message
        return self._messages[topic]


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_named_action_is_a_caption(page: Page) -> None:
    page.state.on_prediction(prediction(WAVE, SQUAT, unknown=0.1))
    (person,) = page["people"]["people"]
    assert (person["state"], person["name"], person["class_id"]) == ("action", "wave", "a1")
    assert [score["name"] for score in person["top"]] == ["wave", "squat"]
    assert person["unknown"] == pytest.approx(0.1)


@pytest.mark.parametrize("state", ["idle", "unknown"])
def test_idle_and_unknown_name_nothing(page: Page, state: str) -> None:
    page.state.on_prediction(prediction(WAVE, state=state))
    (person,) = page["people"]["people"]
    assert (person["state"], person["name"], person["probability"]) == (state, None, None)
    assert person["closest"] == "wave"


def test_people_are_told_apart_and_leave(page: Page) -> None:
    page.state.on_prediction(prediction(SQUAT, track=5))
    page.state.on_prediction(prediction(WAVE, track=2))
    assert [(p["track"], p["name"]) for p in page["people"]["people"]] == [(2, "wave"), (5, "squat")]
    page.now_ns += round(0.9 * PRESENCE_S * SECOND)
    page.state.on_prediction(prediction(WAVE, track=2))
    page.now_ns += round(0.2 * PRESENCE_S * SECOND)
    page.state.tick()
    assert [p["track"] for p in page["people"]["people"]] == [2]
    page.now_ns += round(1.1 * PRESENCE_S * SECOND)
    page.state.tick()
    assert page["people"]["people"] == []


def test_an_event_opens_and_closes_once(page: Page) -> None:
    page.state.on_event(event("wave", began_ms=500))
    page.now_ns += SECOND
    (shown,) = page["events"]["events"]
    assert shown["open"]
    assert shown["began_ago_ms"] == pytest.approx(1500)
    assert shown["duration_ms"] == pytest.approx(1500)
    page.state.on_event(event("wave", phase="offset", began_ms=1500, lasted_ms=1400))
    (shown,) = page["events"]["events"]
    assert not shown["open"]
    assert shown["duration_ms"] == pytest.approx(1400)


def test_events_are_newest_first_and_bounded(page: Page) -> None:
    for number in range(MAX_EVENTS + 5):
        page.state.on_event(event(f"action {number}", event_id=f"e{number}"))
    shown = page["events"]["events"]
    assert len(shown) == MAX_EVENTS
    assert shown[0]["name"] == f"action {MAX_EVENTS + 4}"


def test_an_event_of_a_dead_engine_is_closed(page: Page) -> None:
    page.state.on_prediction(prediction(WAVE))
    page.state.on_event(event("wave"))
    page.now_ns += round(1.1 * ORPHAN_S * SECOND)
    page.state.tick()
    assert page["people"]["people"] == []
    page.state.tick()
    assert not page["events"]["events"][0]["open"]


def test_an_addition_is_live_with_the_first_prediction_that_knows_it(page: Page) -> None:
    page.state.set_actions([WAVE, SQUAT], version=6)
    page.state.expect("a2", version=7, requested_ns=page.now_ns)
    assert page["actions"]["additions"] == [{"id": "a2", "waiting": True, "live_ms": None}]
    page.now_ns += SECOND // 10
    page.state.on_prediction(prediction(WAVE, version=6))
    page.state.tick()
    assert page["actions"]["additions"][0]["live_ms"] is None
    page.now_ns += SECOND // 5
    page.state.on_prediction(prediction(WAVE, SQUAT, version=7))
    assert page["actions"]["additions"][0]["live_ms"] == pytest.approx(300)
    page.now_ns += SECOND
    page.state.on_prediction(prediction(WAVE, SQUAT, version=8))
    assert page["actions"]["additions"][0]["live_ms"] == pytest.approx(300)


def test_actions_are_shown_with_their_texts(page: Page) -> None:
    page.state.set_actions([WAVE], version=1)
    (shown,) = page["actions"]["actions"]
    assert shown == {
        "id": "a1",
        "name": "wave",
        "texts": ["A person waves."],
        "source": "library",
        "provenance": {},
    }


def test_a_change_made_elsewhere_is_noticed(page: Page) -> None:
    page.state.set_actions([WAVE], version=3)
    page.state.on_prediction(prediction(WAVE, version=3))
    assert not page.state.is_outdated
    page.state.on_prediction(prediction(WAVE, SQUAT, version=4))
    assert page.state.is_outdated
    page.state.set_actions([WAVE, SQUAT], version=4)
    assert not page.state.is_outdated


def test_the_threshold_is_where_a_class_is_likely_enough_beside_the_unnamed_one(page: Page) -> None:
    page.state.on_prediction(prediction(WAVE, unknown=0.1))
    threshold = page["people"]["people"][0]["threshold"]
    assert threshold / (threshold + 0.1) == pytest.approx(0.55)
    page.state.on_prediction(prediction(WAVE, unknown=0.99))
    assert page["people"]["people"][0]["threshold"] == 1.0
