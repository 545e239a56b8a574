"""Questions about the inside are answered, by the live rules, and change nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.anchored import AnchoredBank
from engine.bank.contract import BankSettings
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.inside_control import SLICE, InsideControl
from engine.messages import Action
from engine.recognizer import Recognizer
from engine.requests import Arguments
from engine.store import Store
from engine.tuning import Tuning
from engine.tuning_control import TuningControl
from engine.worker import Command
from streams.skeleton.errors import ActionNameError, BankError, InputError, UnknownActionError
from streams.skeleton.layouts import Joint
from tests.engine.fakes import FakeBackend, standing, unit_rows, window

ACTIONS = {name[0]: Action(name[0], name, (name,), "user") for name in ("reach", "bow")}
ROWS = {"r": unit_rows(1.0), "b": unit_rows(0.0, 1.0)}


class _WristBackend(FakeBackend):
    """Sees nothing but how far the right wrist goes: the farther, the more it is a reach."""

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen.append(positions)
        reach = np.ptp(positions[:, 0, :, Joint.WRIST_RIGHT, 1], axis=1)
        return np.stack([unit_rows(float(r), 0.3) for r in reach])


class Rig:
    def __init__(self, bundle: Bundle, path: Path) -> None:
        self.store = Store(path)
        self.backend = _WristBackend(ROWS["r"])
        self.recognizer = Recognizer(
            bundle.manifest, self.backend, self._bank(), config=DecisionConfig(smoothing_s=0.0)
        )
        self.recognizer.load([(action, ROWS[key]) for key, action in ACTIONS.items()], version=1)
        inside = InsideControl(
            self._change,
            actions=lambda: tuple(ACTIONS.values()),
            rows=self._rows,
            new_bank=self._bank,
        )
        tuning = TuningControl(
            self.store.bank, self._change, action=self._action, actions=lambda: tuple(ACTIONS.values())
        )
        self.operations = {**inside.operations, **tuning.operations}
        self.now_ns = 0

    def _bank(self) -> AnchoredBank:
        return AnchoredBank(BankSettings(parts=1, dim=16, fingerprint="x"))

    def _rows(self, name: str, description: str) -> NDArray[np.float32]:
        if not name:
            raise ActionNameError("wanted a name")
        return unit_rows(1.0, 0.3)

    def _action(self, action_id: str) -> Action:
        if action_id not in ACTIONS:
            raise UnknownActionError("wanted an action")
        return ACTIONS[action_id]

    def _change(self, command: Command) -> None:
        command(self.recognizer, self.now_ns)

    def see(self, *, idle: bool = False) -> None:
        self.now_ns += 200_000_000
        shown = window(standing() if idle else None, captured_ns=self.now_ns)
        self.recognizer.recognize(shown, now_ns=self.now_ns)

    def do(self, op: str, **args: Any) -> dict[str, Any]:
        return self.operations[op](Arguments(op, args))


@pytest.fixture
def rig(tiny_bundle: Bundle, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tiny_bundle, tmp_path / "engine.db")
    yield made
    made.store.close()


def test_a_caption_is_explained_by_the_arm_that_made_it(rig: Rig):
    rig.see()
    before, looked = rig.recognizer.snapshot(), len(rig.backend.seen)
    found = rig.do("inside.explain", id="r")["explanation"]
    assert (found["name"], found["rival"], found["track"]) == ("reach", "bow", 0)
    assert int(np.argmax(found["joints"])) == Joint.ELBOW_RIGHT
    assert found["joints"][Joint.KNEE_LEFT] == 0.0
    assert len(found["stretches"]) == 8
    # In slices, so that a live window never waits for all of it.
    assert max(len(batch) for batch in rig.backend.seen[looked:]) == SLICE
    np.testing.assert_equal(rig.recognizer.snapshot().arrays, before.arrays)


def test_without_an_id_the_likeliest_is_explained(rig: Rig):
    rig.see()
    assert rig.do("inside.explain")["explanation"]["id"] == "r"
    assert rig.do("inside.explain", id="b")["explanation"]["lead"] < 0


def test_nobody_and_nothing_cannot_be_explained(rig: Rig):
    with pytest.raises(BankError, match="nobody"):
        rig.do("inside.explain")
    rig.see(idle=True)
    with pytest.raises(BankError, match="stood still"):
        rig.do("inside.explain")
    rig.see()
    with pytest.raises(BankError, match="removed"):
        rig.do("inside.explain", id="gone")
    with pytest.raises(InputError):
        rig.do("inside.explain", wrong=1)


def test_the_map_shows_what_was_taught(rig: Rig):
    made = rig.do("inside.map")["map"]
    assert (made["names"], made["total"]) == (("reach", "bow"), 2)
    assert made["texts"] == made["prototypes"]
    rig.see()
    windows = rig.recognizer.point_at(seconds=1.0, now_ns=rig.now_ns)
    rig.recognizer.teach("b", windows, is_action=True)
    taught = rig.do("inside.map")["map"]
    assert taught["prototypes"][1] != taught["texts"][1]
    assert taught["cosines"][0][1] > made["cosines"][0][1]


def test_an_action_nobody_has_added_is_found_in_what_was_seen(rig: Rig):
    for _ in range(6):
        rig.see()
    for _ in range(3):
        rig.see(idle=True)
    look = rig.do("inside.rescore", name="hail a cab")["look"]
    assert (look["total"], look["windows"]) == (1, 9)
    assert look["sightings"][0]["began_ago_s"] == pytest.approx(1.6)
    assert rig.recognizer.names == {"r": "reach", "b": "bow"}
    assert rig.do("inside.rescore", name="hail", last_s=1.0)["look"]["windows"] == 6
    with pytest.raises(ActionNameError):
        rig.do("inside.rescore", name="")


def test_a_tuning_is_on_the_disk_and_in_force(rig: Rig):
    assert rig.do("tuning.state") == {"balance": 0.0, "thresholds": {}, "standard": 0.55}
    rig.do("tuning.threshold", id="r", threshold=0.9)
    told = rig.do("tuning.balance", balance=-1.0)
    assert told == {"balance": -1.0, "thresholds": {"r": 0.9}, "standard": 0.55}
    assert rig.store.bank.tuning == Tuning(-1.0, {"r": 0.9})
    recognition = rig.recognizer.recognize(window(captured_ns=10**10), now_ns=10**10)
    assert recognition.prediction.threshold == 0.9
    # Nobody was taught: typed actions are held back, all of them.
    loose = rig.recognizer.recognize(window(captured_ns=10**10), now_ns=10**10).prediction.top[0].score
    rig.do("tuning.balance")
    assert (
        rig.recognizer.recognize(window(captured_ns=10**10), now_ns=10**10).prediction.top[0].score > loose
    )
    assert rig.do("tuning.threshold", id="r")["thresholds"] == {}


@pytest.mark.parametrize(
    ("op", "args", "error"),
    [
        ("tuning.balance", {"balance": 1.1}, InputError),
        ("tuning.balance", {"balance": "much"}, InputError),
        ("tuning.threshold", {"id": "r", "threshold": 0.4}, InputError),
        ("tuning.threshold", {"id": "gone", "threshold": 0.6}, UnknownActionError),
        ("tuning.threshold", {"id": "r", "threshold": 0.6, "more": 1}, InputError),
    ],
)
def test_a_refused_tuning_changes_nothing(rig: Rig, op: str, args: dict[str, Any], error: type[Exception]):
    with pytest.raises(error):
        rig.do(op, **args)
    assert rig.store.bank.tuning == Tuning()
