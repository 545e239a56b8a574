import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from app.board import Board
from app.child import ChildStatus
from app.controller import Controller
from app.live_state import LiveState
from app.processes import Supervisor
from app.synchroniser import Synchroniser
from app.vitals import Vitals
from engine.client import PredictionReader
from streams.skeleton.errors import ActionNameError
from tests.app.fakes import FakeEngine, prediction

TIMEOUT_S = 20.0


class _Reader:
    def start(self, timeout_s: float) -> None:
        pass


class _Processes:
    """A supervisor whose engine is what the test says."""

    def __init__(self) -> None:
        self.engine = ChildStatus("engine", "starting")

    def status(self) -> dict[str, ChildStatus]:
        return {"engine": self.engine}


class World:
    """A synchroniser among fakes."""

    def __init__(self) -> None:
        self.engine, self.processes, self.board = FakeEngine(), _Processes(), Board()
        self.state = LiveState(self.board)
        self.controller = Controller(self.engine, self.state)
        self.vitals = Vitals(self.processes.status)
        self.offered = 0
        self.offers: Callable[[], None] = lambda: self.controller.offer(["wave"])
        self._changed = threading.Event()
        self.board.subscribe(self._changed.set)
        self.synchroniser = Synchroniser(
            cast(Supervisor, self.processes),
            self.controller,
            self.state,
            self.vitals,
            reader=cast(PredictionReader, _Reader()),
            offer=self._offer,
        )

    def _offer(self) -> None:
        self.offered += 1
        self.offers()

    def wait_for_actions(self, names: list[str]) -> None:
        """Return once the page shows these."""
        while True:
            self._changed.clear()
            messages: list[dict[str, Any]] = [json.loads(text) for text in self.board.news({})]
            shown = next(message["actions"] for message in messages if message["type"] == "actions")
            if [action["name"] for action in shown] == names:
                return
            assert self._changed.wait(TIMEOUT_S), f"wanted {names}, the page shows {shown}"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.synchroniser.close()


def test_an_engine_that_comes_up_is_offered_actions_once(world: World) -> None:
    world.synchroniser.start()
    world.processes.engine = ChildStatus("engine", "ready", pid=1)
    world.wait_for_actions(["wave"])
    world.engine.add_action("added while it was away")
    world.processes.engine = ChildStatus("engine", "ready", pid=2)
    world.wait_for_actions(["wave", "added while it was away"])
    assert world.offered == 1


def test_a_change_made_elsewhere_is_shown(world: World) -> None:
    world.processes.engine = ChildStatus("engine", "ready", pid=1)
    world.synchroniser.start()
    world.wait_for_actions(["wave"])
    world.engine.add_action("squat")
    world.state.on_prediction(prediction(*world.engine.actions(), version=world.engine.vocabulary))
    world.wait_for_actions(["wave", "squat"])


def test_an_engine_that_does_not_answer_is_asked_again(world: World) -> None:
    told = threading.Event()
    complain = world.vitals.complain

    def note(problem: str | None) -> None:
        complain(problem)
        if problem:
            told.set()

    world.vitals.complain = note  # type: ignore[method-assign]
    world.engine.gone = True
    world.processes.engine = ChildStatus("engine", "ready", pid=1)
    world.synchroniser.start()
    assert told.wait(TIMEOUT_S)
    assert "is it running" in str(world.vitals.message()["problem"])
    world.engine.gone = False
    world.wait_for_actions(["wave"])


def test_a_name_that_cannot_be_is_said_and_the_rest_is_shown(world: World) -> None:
    def refuse() -> None:
        world.engine.add_action("squat")
        raise ActionNameError("wanted a name, got nothing; type one")

    world.offers = refuse
    world.processes.engine = ChildStatus("engine", "ready", pid=1)
    world.synchroniser.start()
    world.wait_for_actions(["squat"])
    world.synchroniser.close()
    assert world.vitals.message()["problem"] == "wanted a name, got nothing; type one"
