import json
from typing import Any

import pytest

from app.board import Board
from app.controller import DEFAULT_ACTIONS, Controller
from app.live_state import LiveState
from streams.skeleton.errors import EngineUnavailableError
from tests.app.fakes import FakeEngine, prediction


def _parts(engine: FakeEngine) -> tuple[Controller, LiveState, Board]:
    board = Board()
    state = LiveState(board)
    return Controller(engine, state), state, board


def _actions(board: Board) -> dict[str, Any]:
    messages = [json.loads(text) for text in board.news({})]
    return next(message for message in messages if message["type"] == "actions")


def test_adding_answers_with_the_description_and_measures_until_live() -> None:
    engine = FakeEngine("wave")
    controller, state, board = _parts(engine)
    answer = controller.add_action("  fly like a bird ", "Arms flap.")
    assert answer["action"]["name"] == "fly like a bird"
    assert answer["action"]["texts"] == ("Arms flap.",)
    shown = _actions(board)
    assert [action["name"] for action in shown["actions"]] == ["wave", "fly like a bird"]
    assert shown["additions"][0]["live_ms"] is None
    state.on_prediction(prediction(*engine.actions(), version=engine.vocabulary))
    assert _actions(board)["additions"][0]["live_ms"] > 0


def test_renaming_and_removing_show_at_once() -> None:
    engine = FakeEngine("wave", "squat")
    controller, _, board = _parts(engine)
    first, second = engine.actions()
    assert controller.change_action(first.id, name="greet")["action"]["id"] == first.id
    assert controller.remove_action(second.id)["undo"] == {"version": engine.vocabulary, "steps": 1}
    assert [action["name"] for action in _actions(board)["actions"]] == ["greet"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (lambda c: c.add_action("", ""), "action_name"),
        (lambda c: c.add_action("wave", ""), "duplicate_action"),
        (lambda c: c.change_action("a2", name="wave"), "duplicate_action"),
        (lambda c: c.change_action("nobody", name="x"), "unknown_action"),
        (lambda c: c.remove_action("nobody"), "unknown_action"),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(command: Any, code: str) -> None:
    engine = FakeEngine("wave", "bow")
    controller, _, _ = _parts(engine)
    answer = command(controller)
    assert answer["code"] == code
    assert answer["error"].startswith("Wanted")
    assert answer["error"].endswith(".")
    assert [action.name for action in engine.actions()] == ["wave", "bow"]


def test_a_dead_engine_is_said_in_words() -> None:
    engine = FakeEngine("wave")
    controller, _, _ = _parts(engine)
    engine.gone = True
    assert controller.add_action("squat", "")["code"] == "engine_unavailable"
    with pytest.raises(EngineUnavailableError):
        controller.refresh()


def test_a_bug_is_not_shown_as_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    engine = FakeEngine()
    controller, _, _ = _parts(engine)
    engine.remove_action = lambda action_id: 1 / 0  # type: ignore[method-assign]
    answer = controller.remove_action("a1")
    assert "Traceback" not in answer["error"]
    assert "ZeroDivisionError" not in answer["error"]
    assert "ZeroDivisionError" in caplog.text


def test_a_newcomer_is_offered_defaults() -> None:
    engine = FakeEngine()
    controller, _, board = _parts(engine)
    controller.offer(controller.defaults())
    assert tuple(action["name"] for action in _actions(board)["actions"]) == DEFAULT_ACTIONS
    assert controller.defaults() == ()


def test_named_actions_are_added_where_they_are_missing() -> None:
    engine = FakeEngine("wave")
    _parts(engine)[0].offer(("wave", "fly"))
    assert [action.name for action in engine.actions()] == ["wave", "fly"]


def test_a_removal_is_undone_unless_something_followed() -> None:
    engine = FakeEngine("wave", "squat")
    controller, _, board = _parts(engine)
    wave, _ = engine.actions()
    removed = controller.remove_action(wave.id)["undo"]
    assert controller.undo(**removed)["action"]["id"] == wave.id
    assert [action["name"] for action in _actions(board)["actions"]] == ["wave", "squat"]
    removed = controller.remove_action(wave.id)["undo"]
    engine.add_action("bow")
    assert controller.undo(**removed)["code"] == "vocabulary"
    assert [action.name for action in engine.actions()] == ["squat", "bow"]


def test_a_change_of_name_and_description_is_undone_as_one() -> None:
    engine = FakeEngine("wave")
    controller, _, _ = _parts(engine)
    (wave,) = engine.actions()
    changed = controller.change_action(wave.id, name="greet", description="A hand goes up.\nIt swings.")
    assert changed["action"]["texts"] == ("A hand goes up.", "It swings.")
    assert changed["undo"]["steps"] == 2
    assert controller.undo(**changed["undo"])["action"]["name"] == "wave"
    assert engine.actions() == (wave,)


def test_an_unchanged_name_is_no_change() -> None:
    engine = FakeEngine("wave")
    controller, _, _ = _parts(engine)
    assert controller.change_action("a1", name=" wave ")["undo"]["steps"] == 0
    assert controller.change_action("a1", name="wave", description="")["action"]["source"] == "template"
