import json
from pathlib import Path
from typing import Any

import pytest

from app.board import Board
from app.controller import Controller
from app.kiosk.manners import Manners
from app.kiosk.scores import ScoreBoard
from app.kiosk.turns import Turns
from app.kiosk.visitor import VisitorsAction
from app.live_state import LiveState
from streams.skeleton.errors import EngineUnavailableError
from tests.app.fakes import FakeEngine, prediction


class _Kiosk:
    """Turns of eight seconds over a fake engine, and a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 0
        self.engine = FakeEngine("wave", "squat")
        self.board = Board()
        self.visitor = VisitorsAction(folder / "visitor")
        self.turns = Turns(
            self.engine,
            Controller(self.engine, LiveState(self.board)),
            self.board,
            manners=Manners(),
            scores=ScoreBoard(folder / "scores.json"),
            visitor=self.visitor,
            clock=lambda: self.now_ns,
        )

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)
        self.turns.tick()

    def begin(self, name: str) -> dict[str, Any]:
        return self.turns.begin(name, "")["turn"]

    def see(self, name: str, **options: Any) -> None:
        actions = sorted(self.engine.actions(), key=lambda action: action.name != name)
        self.turns.on_prediction(prediction(*actions, **options))

    @property
    def shown(self) -> dict[str, Any]:
        messages = [json.loads(text) for text in self.board.news({})]
        return next(message for message in messages if message["type"] == "turn")

    @property
    def names(self) -> list[str]:
        return [action.name for action in self.engine.actions()]


@pytest.fixture
def kiosk(tmp_path: Path) -> _Kiosk:
    return _Kiosk(tmp_path)


def test_a_whole_turn(kiosk: _Kiosk) -> None:
    turn = kiosk.begin("fly like a bird")
    assert turn["phase"] == "ready"
    assert kiosk.names == ["wave", "squat", "fly like a bird"]
    kiosk.see("fly like a bird")  # before it counts
    kiosk.turns.go(turn["id"])
    kiosk.wait(1.4)
    kiosk.see("fly like a bird")
    kiosk.see("wave")
    kiosk.wait(7)
    done = kiosk.shown["turn"]
    assert (done["phase"], done["named_after_s"], done["place"]) == ("done", 1.4, 1)
    assert done["probability"] == pytest.approx(0.675)
    assert kiosk.shown["scores"] == [{"action": "fly like a bird", "points": 68, "after_s": 1.4}]
    kiosk.turns.end(turn["id"])
    assert kiosk.names == ["wave", "squat"]
    assert kiosk.shown["turn"] is None


def test_what_was_seen_instead_is_told(kiosk: _Kiosk) -> None:
    kiosk.turns.go(kiosk.begin("hop")["id"])
    for _ in range(3):
        kiosk.see("wave")
    kiosk.see("wave", state="idle")
    kiosk.see("squat")
    kiosk.wait(9)
    done = kiosk.shown["turn"]
    assert (done["named_after_s"], done["seen_instead"], done["place"]) == (None, "wave", None)
    assert kiosk.shown["scores"] == []


def test_an_action_of_the_operators_stays(kiosk: _Kiosk) -> None:
    turn = kiosk.begin(" WAVE ")
    assert turn["action"]["id"] == "a1"
    kiosk.turns.end(turn["id"])
    assert kiosk.names == ["wave", "squat"]


def test_a_new_turn_ends_the_one_before(kiosk: _Kiosk) -> None:
    first = kiosk.begin("hop")
    kiosk.begin("skip")
    assert kiosk.names == ["wave", "squat", "skip"]
    assert kiosk.turns.go(first["id"])["code"] == "vocabulary"
    assert kiosk.turns.end(first["id"])["code"] == "vocabulary"


def test_a_turn_nobody_cares_for_is_over(kiosk: _Kiosk) -> None:
    kiosk.begin("hop")
    kiosk.wait(44)
    assert kiosk.shown["turn"] is not None
    kiosk.wait(2)
    assert kiosk.shown["turn"] is None
    assert kiosk.names == ["wave", "squat"]


def test_an_unkind_name_is_refused_and_ends_nothing(kiosk: _Kiosk) -> None:
    turn = kiosk.begin("hop")
    assert kiosk.turns.begin("f.u.c.k", "")["code"] == "action_name"
    assert kiosk.turns.begin("dance", "like a whore")["code"] == "action_name"
    assert kiosk.shown["turn"]["id"] == turn["id"]


def test_once_more_starts_from_nothing(kiosk: _Kiosk) -> None:
    turn = kiosk.begin("hop")
    kiosk.turns.go(turn["id"])
    kiosk.see("hop")
    kiosk.turns.go(turn["id"])
    kiosk.wait(9)
    assert kiosk.shown["turn"]["named_after_s"] is None


def test_what_a_cut_turn_left_behind_is_swept_up(kiosk: _Kiosk) -> None:
    kiosk.begin("hop")
    remove = kiosk.engine.remove_action

    def gone(action_id: str) -> None:
        raise EngineUnavailableError("wanted an engine, got none")

    kiosk.engine.remove_action = gone  # type: ignore[method-assign]
    kiosk.turns.close()
    assert "hop" in kiosk.names
    kiosk.engine.remove_action = remove  # type: ignore[method-assign]
    kiosk.visitor.sweep(kiosk.engine)
    assert kiosk.names == ["wave", "squat"]
    kiosk.visitor.sweep(kiosk.engine)  # nothing left to do
