"""Small stand-ins for the engine and for people in front of a camera."""

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.messages import (
    Action,
    ActionEvent,
    BankMark,
    BankState,
    ClassScore,
    Learnt,
    NameCheck,
    Notice,
    Prediction,
)
from streams.skeleton.errors import (
    ActionNameError,
    BankError,
    DuplicateActionError,
    EngineUnavailableError,
    UnknownActionError,
)
from tests.app.fake_inside import FakeInside

# A person standing upright, arms down, facing the sensor; metres, Kinect camera space.
STANDING = np.array(
    [
        *[(0, 0, 2.5), (0, 0.3, 2.5), (0, 0.56, 2.5), (0, 0.7, 2.5)],
        *[(-0.18, 0.48, 2.5), (-0.24, 0.2, 2.5), (-0.27, -0.04, 2.5), (-0.28, -0.12, 2.5)],
        *[(0.18, 0.48, 2.5), (0.24, 0.2, 2.5), (0.27, -0.04, 2.5), (0.28, -0.12, 2.5)],
        *[(-0.09, -0.02, 2.5), (-0.11, -0.45, 2.5), (-0.12, -0.85, 2.5), (-0.13, -0.9, 2.38)],
        *[(0.09, -0.02, 2.5), (0.11, -0.45, 2.5), (0.12, -0.85, 2.5), (0.13, -0.9, 2.38)],
        *[
            (0, 0.5, 2.5),
            (-0.28, -0.18, 2.5),
            (-0.25, -0.12, 2.46),
            (0.28, -0.18, 2.5),
            (0.25, -0.12, 2.46),
        ],
    ],
    np.float32,
)


def waving(time_s: float) -> NDArray[np.float32]:
    """(25, 3): the person, waving both arms overhead."""
    joints = STANDING.copy()
    for shoulder, arm, sign in ((4, (5, 6, 7, 21, 22), -1.0), (8, (9, 10, 11, 23, 24), 1.0)):
        lift = 2.2 + 0.45 * math.sin(5 * time_s)
        cos, sin = math.cos(sign * lift), math.sin(sign * lift)
        for joint in arm:
            x, y = joints[joint, :2] - joints[shoulder, :2]
            joints[joint, :2] = joints[shoulder, :2] + (cos * x - sin * y, sin * x + cos * y)
    return joints


class FakeEngine:
    """Keeps actions in memory and refuses what the engine would refuse."""

    def __init__(self, *names: str) -> None:
        self._lock = threading.Lock()
        self._actions: dict[str, Action] = {}
        self._history: list[dict[str, Action]] = []
        self._next = 0
        self.vocabulary = 0
        self.gone = False
        self.taught: list[str] = []
        self.frozen = False
        self.unseen = False
        self.inside = FakeInside(lambda: tuple(self._actions.values()))
        for name in names:
            self.add_action(name)

    def add_action(self, name: str, description: str | None = None) -> Action:
        self._check(name)
        with self._lock:
            self._next += 1
            texts = (description,) if description else (f"A person does this: {name}.",)
            action = Action(f"a{self._next}", name, texts, "user" if description else "template")
            self._history.append(dict(self._actions))
            self._actions[action.id] = action
            self.vocabulary += 1
        return action

    def rename_action(self, action_id: str, name: str) -> Action:
        self._check(name)
        self._known(action_id)
        self._history.append(dict(self._actions))
        self._actions[action_id] = replace(self._actions[action_id], name=name)
        self.vocabulary += 1
        return self._actions[action_id]

    def describe_action(self, action_id: str, description: str | None = None) -> Action:
        self._known(action_id)
        self._history.append(dict(self._actions))
        old = self._actions[action_id]
        texts = tuple(description.splitlines()) if description else (f"A person does this: {old.name}.",)
        self._actions[action_id] = replace(old, texts=texts, source="user" if description else "template")
        self.vocabulary += 1
        return self._actions[action_id]

    def remove_action(self, action_id: str) -> None:
        self._known(action_id)
        self._history.append(dict(self._actions))
        del self._actions[action_id]
        self.vocabulary += 1

    def actions(self) -> Sequence[Action]:
        if self.gone:
            raise EngineUnavailableError("wanted an answer from the engine, got none; is it running?")
        return tuple(self._actions.values())

    def undo(self) -> Action | None:
        before, self._actions = self._actions, self._history.pop()
        self.vocabulary += 1
        return next((action for key, action in self._actions.items() if before.get(key) != action), None)

    def check_action(self, name: str, description: str | None = None) -> NameCheck:
        known = "wing" not in name
        notice = () if known else (Notice("unfamiliar", "Nobody knows this word; describe it."),)
        return NameCheck(
            name=name,
            verdict="good" if known else "poor",
            notices=notice,
            rivals=(),
            suggestions=() if known else ("fly like a bird",),
            source="template",
            matched=None,
            texts=(name,),
        )

    def bank(self) -> BankState:
        marks = tuple(
            BankMark(n, reason, "2026-11-24T00:00:00Z") for n, reason in enumerate(self.taught, 1)
        )
        classes = tuple(
            Learnt(
                action.id,
                0.0,
                sum(taught == f"show {action.id}" for taught in self.taught),
                sum(taught == f"reject {action.id}" for taught in self.taught),
                0.0,
            )
            for action in self.actions()
        )
        return BankState("text-only", self.frozen, marks, classes)

    def show_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        return self._teach(f"show {action_id}", action_id)

    def reject_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        return self._teach(f"reject {action_id}", action_id)

    def reset_bank(self, action_id: str | None = None) -> None:
        self.taught.append(f"reset {action_id}")

    def roll_back_bank(self, number: int | None = None) -> BankMark:
        mark = self.bank().marks[-1 if number is None else number - 1]
        del self.taught[mark.number - 1 :]
        return mark

    def mark_bank(self) -> BankMark:
        self.taught.append("mark")
        return self.bank().marks[-1]

    def freeze_bank(self, *, frozen: bool = True) -> None:
        self.frozen = frozen

    def _teach(self, what: str, action_id: str) -> Learnt:
        self._known(action_id)
        if self.unseen:
            raise BankError("wanted somebody in view, got nobody; step in front of the camera")
        self.taught.append(what)
        return next(entry for entry in self.bank().classes if entry.id == action_id)

    def health(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary, "backend": "onnxruntime", "backend_failure": None}

    def stats(self) -> dict[str, Any]:
        embed = {"n": 70, "p50": 2.1, "p95": 2.6, "p99": 3.0, "max": 4.0}
        return {"counters": {"windows_recognized": 70}, "latencies_ms": {"embed": embed}, "waiting": 0}

    def _check(self, name: str) -> None:
        taken = {action.name for action in self.actions()}
        if not name:
            raise ActionNameError("wanted a name, got nothing; type what the action is called")
        if name in taken:
            raise DuplicateActionError(f"wanted a new name, got {name!r}, which is taken; type another")

    def _known(self, action_id: str) -> None:
        if action_id not in {action.id for action in self.actions()}:
            raise UnknownActionError(f"wanted the id of an action, got {action_id!r}; reload the page")


def prediction(
    *actions: Action,
    state: str = "action",
    track: int = 0,
    version: int = 1,
    unknown: float = 0.1,
    decided_ms: float = 80.0,
) -> Prediction:
    """A prediction whose best class is the first action given."""
    share = 1.0 - unknown
    top: list[ClassScore] = []
    for index, action in enumerate(actions):
        share *= 0.75 if index == 0 else 0.2
        top.append(ClassScore(action.id, action.name, 0.5 - 0.1 * index, share))
    named = top[0] if state == "action" else None
    return Prediction(
        stream="camera",
        track=track,
        sequence=0,
        state=state,  # pyright: ignore[reportArgumentType]
        caption=named,
        top=tuple(top),
        unknown_probability=unknown,
        motion_m=0.4,
        vocabulary=version,
        ages_ms={"decided": decided_ms},
    )


def event(
    name: str,
    *,
    phase: str = "onset",
    event_id: str = "e1",
    began_ms: float = 0.0,
    lasted_ms: float = 0.0,
    track: int = 0,
) -> ActionEvent:
    """One end of an event."""
    return ActionEvent(
        id=event_id,
        phase=phase,  # pyright: ignore[reportArgumentType]
        stream="camera",
        track=track,
        class_id="a1",
        name=name,
        probability=0.8,
        began_age_ms=began_ms,
        duration_ms=lasted_ms,
    )
