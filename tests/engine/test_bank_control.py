"""The bank's operations do what they say, and a refused one changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bank.contract import BankSettings, BankSnapshot
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bank_control import BankControl
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.messages import Action
from engine.recognizer import Recognizer
from engine.requests import Arguments
from engine.store import Store
from engine.worker import Command
from streams.skeleton.errors import AnymoveError, BankError, InputError, StoreError, UnknownActionError
from tests.engine.fakes import FakeBackend, standing, unit_rows, window

ACTIONS = {name[0]: Action(name[0], name, (name,), "user") for name in ("wave", "squat")}
TILTED = unit_rows(0.9, 0.0, 0.4)


class Rig:
    def __init__(self, bundle: Bundle, path: Path) -> None:
        self.store = Store(path)
        self.backend = FakeBackend(TILTED)
        bank = PgfaStreamingBank(BankSettings(parts=1, dim=16, fingerprint="x", alpha=1.0))
        self.recognizer = Recognizer(bundle.manifest, self.backend, bank, config=DecisionConfig())
        rows = {"w": unit_rows(1.0), "s": unit_rows(0.0, 1.0)}
        self.recognizer.load([(action, rows[key]) for key, action in ACTIONS.items()], version=1)
        self.control = BankControl(
            self.store.bank, self._change, action=self._action, actions=lambda: tuple(ACTIONS.values())
        )
        self.now_ns = 0

    def _change(self, command: Command) -> None:
        command(self.recognizer, self.now_ns)

    def _action(self, action_id: str) -> Action:
        if action_id not in ACTIONS:
            raise UnknownActionError("wanted an action")
        return ACTIONS[action_id]

    def see(self, *, idle: bool = False, track: int = 0) -> None:
        self.now_ns += 200_000_000
        shown = window(standing() if idle else None, captured_ns=self.now_ns, track=track)
        self.recognizer.recognize(shown, now_ns=self.now_ns)

    def do(self, op: str, **args: Any) -> dict[str, Any]:
        return self.control.operations[op](Arguments(op, args))

    def stored(self) -> BankSnapshot | None:
        now = self.recognizer.snapshot()
        return self.store.bank.load(now.rule, now.fingerprint)


def same(one: BankSnapshot | None, other: BankSnapshot) -> bool:
    return (
        one is not None
        and one.meta == other.meta
        and all(np.array_equal(one.arrays[name], array) for name, array in other.arrays.items())
    )


@pytest.fixture
def rig(tiny_bundle: Bundle, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tiny_bundle, tmp_path / "engine.db")
    yield made
    made.store.close()


def test_a_shown_example_is_learnt_and_on_the_disk(rig: Rig):
    rig.see()
    learnt = rig.do("bank.show", id="w")["learnt"]
    assert (learnt["id"], learnt["examples"], learnt["rejections"]) == ("w", 1, 0)
    assert learnt["moved"] == pytest.approx(1 - 0.9 / np.hypot(0.9, 0.4), abs=1e-6)
    assert same(rig.stored(), rig.recognizer.snapshot())
    (example,) = rig.store.bank.examples()
    assert (example.action_id, example.verdict) == ("w", "is")


def test_a_rejection_is_counted_and_on_the_disk(rig: Rig):
    rig.see()
    assert rig.do("bank.reject", id="w")["learnt"]["rejections"] == 1
    assert rig.store.bank.examples()[0].verdict == "is not"
    assert same(rig.stored(), rig.recognizer.snapshot())


def test_the_state_lists_everything(rig: Rig):
    rig.see()
    rig.do("bank.show", id="s")
    state = rig.do("bank.state")
    assert (state["rule"], state["frozen"], state["total"]) == ("pgfa-streaming", False, 2)
    assert [(c["id"], c["examples"]) for c in state["classes"]] == [("w", 0), ("s", 1)]
    assert [mark["reason"] for mark in state["marks"]] == ["show squat"]
    assert [c["id"] for c in rig.do("bank.state", offset=1, limit=5)["classes"]] == ["s"]


def test_rolling_back_undoes_one_after_the_other(rig: Rig):
    fresh = rig.recognizer.snapshot()
    rig.see()
    rig.do("bank.show", id="w")
    shown = rig.recognizer.snapshot()
    rig.do("bank.reject", id="s")
    assert rig.do("bank.roll_back")["undone"]["reason"] == "reject squat"
    assert same(rig.stored(), shown)
    assert same(rig.recognizer.snapshot(), shown)
    rig.do("bank.roll_back")
    assert same(rig.recognizer.snapshot(), fresh)
    assert rig.store.bank.examples() == ()
    with pytest.raises(BankError, match="wanted a state to roll back to"):
        rig.do("bank.roll_back")


def test_a_mark_is_gone_back_to_by_its_number(rig: Rig):
    fresh = rig.recognizer.snapshot()
    number = rig.do("bank.mark")["mark"]["number"]
    rig.see()
    rig.do("bank.show", id="w")
    rig.do("bank.show", id="w")
    assert rig.do("bank.roll_back", number=number)["undone"]["reason"] == "mark"
    assert same(rig.recognizer.snapshot(), fresh)


def test_reset_forgets_one_action_or_all(rig: Rig):
    rig.see()
    for action_id in ("w", "s"):
        rig.do("bank.show", id=action_id)
    rig.do("bank.reset", id="w")
    counts = {c["id"]: c["examples"] for c in rig.do("bank.state")["classes"]}
    assert counts == {"w": 0, "s": 1}
    assert [example.action_id for example in rig.store.bank.examples()] == ["s"]
    rig.do("bank.reset")
    assert rig.store.bank.examples() == ()
    assert same(rig.stored(), rig.recognizer.snapshot())
    rig.do("bank.roll_back")
    assert rig.recognizer.provenance("s").examples == 1


def test_freezing_lasts_and_stops_what_is_learnt_by_itself(rig: Rig):
    assert rig.do("bank.freeze", frozen=True) == {"frozen": True}
    assert rig.recognizer.frozen
    assert rig.store.bank.frozen
    rig.do("bank.freeze", frozen=False)
    assert not rig.recognizer.frozen


@pytest.mark.parametrize(
    ("op", "args", "error"),
    [
        ("bank.show", {}, InputError),
        ("bank.show", {"id": "nobody"}, UnknownActionError),
        ("bank.show", {"id": "w", "track": 9}, BankError),
        ("bank.show", {"id": "w", "stream": "elsewhere"}, BankError),
        ("bank.show", {"id": "w", "last_s": 0.0}, InputError),
        ("bank.show", {"id": "w", "last_s": float("nan")}, InputError),
        ("bank.show", {"id": "w", "track": -1}, InputError),
        ("bank.show", {"id": "w", "colour": "red"}, InputError),
        ("bank.reject", {"id": "nobody"}, UnknownActionError),
        ("bank.reset", {"id": "nobody"}, UnknownActionError),
        ("bank.reset", {"id": 5}, InputError),
        ("bank.roll_back", {"number": 77}, BankError),
        ("bank.roll_back", {"number": 0}, InputError),
        ("bank.freeze", {}, InputError),
        ("bank.freeze", {"frozen": 1}, InputError),
        ("bank.state", {"limit": 0}, InputError),
        ("bank.mark", {"x": 1}, InputError),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    rig: Rig, op: str, args: dict[str, Any], error: type[AnymoveError]
):
    rig.see()
    before = rig.recognizer.snapshot()
    with pytest.raises(error):
        rig.do(op, **args)
    assert same(before, rig.recognizer.snapshot())
    assert rig.store.bank.marks(before.rule, before.fingerprint) == ()
    assert rig.store.bank.examples() == ()


def test_who_stood_still_or_is_gone_has_shown_nothing(rig: Rig):
    with pytest.raises(BankError, match="got nobody"):
        rig.do("bank.show", id="w")
    for _ in range(20):
        rig.see(idle=True)
    with pytest.raises(BankError, match="stood still"):
        rig.do("bank.show", id="w")


@pytest.mark.parametrize("op", ["bank.show", "bank.reject", "bank.reset"])
def test_where_the_disk_refuses_the_bank_is_as_it_was(rig: Rig, monkeypatch: pytest.MonkeyPatch, op: str):
    rig.see()
    rig.do("bank.show", id="w")
    before = rig.recognizer.snapshot()

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(rig.store.bank, "save", full)
        with pytest.raises(StoreError, match="full"):
            rig.do(op, id="w")
    assert same(before, rig.recognizer.snapshot())
    with monkeypatch.context() as patch:
        patch.setattr(rig.store.bank, "roll_back", full)
        with pytest.raises(StoreError, match="full"):
            rig.do("bank.roll_back")
    assert same(before, rig.recognizer.snapshot())
