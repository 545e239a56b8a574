"""Every operation does what it says or is refused by a typed error and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.actions_control import LONGEST_DESCRIPTION
from engine.bank.contract import BankSettings
from engine.bank.text_only import TextOnlyBank
from engine.bundle import Bundle
from engine.control import Control
from engine.decision import DecisionConfig
from engine.messages import ActionEvent
from engine.recognizer import Recognizer
from engine.store import Store
from engine.telemetry import Telemetry
from engine.text.projection import TextProjection
from engine.worker import Command
from streams.skeleton.errors import (
    ActionNameError,
    AnymoveError,
    CapacityError,
    DuplicateActionError,
    EngineError,
    InputError,
    StoreError,
    UnknownActionError,
    VocabularyError,
)
from tests.engine.fakes import FakeBackend, FakeEncoder, unit_rows, window


class Rig:
    """A control over a real store and a recogniser that is changed at once."""

    def __init__(self, bundle: Bundle, path: Path, capacity: int = 4) -> None:
        self.store = Store(path)
        self.encoder = FakeEncoder(bundle.manifest.text_encoder.sha256)
        bank = TextOnlyBank(BankSettings(parts=1, dim=16, fingerprint="x"))
        config = DecisionConfig()
        self.recognizer = Recognizer(bundle.manifest, FakeBackend(unit_rows(1.0)), bank, config=config)
        self.events: list[ActionEvent] = []
        self.telemetry = Telemetry()
        self.control = Control(
            self.store,
            self.encoder,
            TextProjection(bundle),
            change=self._change,
            telemetry=self.telemetry,
            health=lambda: {"bundle": "tiny"},
            waiting=lambda: 3,
            capacity=capacity,
            new_bank=lambda: TextOnlyBank(BankSettings(parts=1, dim=16, fingerprint="x")),
        )

    def _change(self, command: Command) -> None:
        self.events += command(self.recognizer, 0)

    def do(self, op: str, **args: Any) -> dict[str, Any]:
        return self.control.execute(op, args)

    def add(self, name: str, description: str = "as I say") -> dict[str, Any]:
        return self.do("actions.add", name=name, description=description)["action"]

    @property
    def names(self) -> list[str]:
        names = [action["name"] for action in self.do("actions.list")["actions"]]
        # Vocabulary, store and recogniser agree, always.
        assert [action.name for action in self.store.actions()] == names
        assert sorted(self.recognizer.names.values()) == sorted(names)
        assert self.store.version() == self.recognizer.vocabulary == self.control.vocabulary
        return names


@pytest.fixture
def rig(tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    made = Rig(tiny_bundle, tmp_path / "engine.db")
    yield made
    made.store.close()


def test_an_action_is_added_with_what_the_user_wrote(rig: Rig):
    result = rig.do("actions.add", name="  fly like a   bird ", description="flap both arms\nstand tall")
    action = result["action"]
    assert (action["name"], action["source"], result["vocabulary"]) == ("fly like a bird", "user", 1)
    assert action["texts"] == ("fly like a bird", "flap both arms", "stand tall")
    assert rig.names == ["fly like a bird"]


@pytest.mark.parametrize("description", [{}, {"description": None}, {"description": " \n "}])
def test_an_action_without_a_description_is_described_by_the_engine(rig: Rig, description: dict[str, Any]):
    action = rig.do("actions.add", name="zxqv the plugh", **description)["action"]
    assert action["source"] == "template"
    assert action["texts"][0] == "zxqv the plugh"


def test_what_the_library_knows_is_taken_from_it_and_noted(rig: Rig):
    action = rig.do("actions.add", name="squat")["action"]
    assert action["source"] == "library"
    assert action["provenance"]["matched"]


def test_renaming_keeps_id_and_texts(rig: Rig):
    before = rig.add("wave")
    after = rig.do("actions.rename", id=before["id"], name="greet")["action"]
    assert (after["id"], after["name"], after["texts"]) == (before["id"], "greet", before["texts"])
    assert rig.names == ["greet"]


def test_describing_changes_the_texts_and_what_is_scored(rig: Rig):
    before = rig.add("wave")
    rig.encoder.features["high"] = rig.encoder.encode(["something else"])[0]
    score = rig.recognizer.recognize(window(), now_ns=0).prediction.top[0].score
    after = rig.do("actions.describe", id=before["id"], description="hands high")["action"]
    assert (after["id"], after["name"], after["texts"]) == (before["id"], "wave", ("wave", "hands high"))
    assert rig.recognizer.recognize(window(), now_ns=0).prediction.top[0].score != score
    again = rig.do("actions.describe", id=before["id"])["action"]
    assert again["source"] == "library"


def test_removing_forgets(rig: Rig):
    gone, _ = rig.add("wave"), rig.add("bow")
    result = rig.do("actions.remove", id=gone["id"])
    assert (result["action"]["name"], result["vocabulary"]) == ("wave", 3)
    assert rig.names == ["bow"]


def test_undo_takes_back_every_kind_of_change(rig: Rig):
    wave, bow = rig.add("wave"), rig.add("bow")
    rig.do("actions.rename", id=wave["id"], name="greet")
    rig.do("actions.describe", id=bow["id"], description="deeper")
    rig.do("actions.remove", id=wave["id"])
    undone = rig.do("actions.undo")
    assert (undone["undone"], undone["action"]["name"], undone["vocabulary"]) == ("remove", "greet", 6)
    assert rig.names == ["greet", "bow"]
    assert rig.do("actions.undo")["action"]["texts"] == bow["texts"]
    assert rig.do("actions.undo")["action"]["name"] == "wave"
    assert rig.names == ["wave", "bow"]
    assert rig.do("actions.undo")["action"] is None
    assert rig.names == ["wave"]
    rig.do("actions.undo")
    assert rig.names == []
    with pytest.raises(VocabularyError, match="wanted a change to undo"):
        rig.do("actions.undo")


def test_undo_beyond_the_capacity_is_refused(rig: Rig, tiny_bundle: Bundle, tmp_path: Path):
    for name in ("a", "b"):
        rig.add(name)
    rig.do("actions.remove", id=rig.do("actions.list")["actions"][0]["id"])
    rig.store.close()
    smaller = Rig(tiny_bundle, tmp_path / "engine.db", capacity=1)
    smaller.recognizer.load(smaller.control.actions_with_rows(), version=smaller.control.vocabulary)
    with pytest.raises(CapacityError):
        smaller.do("actions.undo")
    assert smaller.names == ["b"]
    smaller.store.close()


def test_actions_come_back_after_a_restart(rig: Rig, tiny_bundle: Bundle, tmp_path: Path):
    for name in ("wave", "bow"):
        rig.add(name)
    rig.store.close()
    again = Rig(tiny_bundle, tmp_path / "engine.db")
    actions = again.control.actions_with_rows()
    assert [action.name for action, _ in actions] == ["wave", "bow"]
    assert all(rows.shape == (1, 16) for _, rows in actions)
    assert again.control.vocabulary == 2
    again.store.close()


def test_actions_are_listed_in_pages(rig: Rig):
    for name in ("a", "b", "c"):
        rig.add(name)
    page = rig.do("actions.list", offset=1, limit=1)
    assert [action["name"] for action in page["actions"]] == ["b"]
    assert (page["total"], page["vocabulary"]) == (3, 3)
    assert rig.do("actions.list", offset=9)["actions"] == []


def test_events_are_listed(rig: Rig):
    event = ActionEvent("e", "onset", "cam", 0, "w", "wave", 0.5, 100.0, 0.0)
    rig.control.record([event, replace(event, phase="offset")])
    (newest,) = rig.do("events.list", limit=1)["events"]
    assert (newest["number"], newest["event"]["phase"]) == (2, "offset")
    assert len(rig.do("events.list", since_id=0)["events"]) == 2
    assert rig.do("events.list", since_id=2)["events"] == []


def test_a_check_judges_a_name_and_changes_nothing(rig: Rig):
    wave = rig.add("wave")
    check = rig.do("actions.check", name="squat")["check"]
    assert (check["name"], check["source"], check["matched"]) == ("squat", "library", "squat")
    assert [rival["id"] for rival in check["rivals"]] == [wave["id"]]
    described = rig.do("actions.check", name="x", description="as I say")["check"]
    assert (described["source"], described["rivals"][0]["cosine"] < 1.0) == ("user", True)
    assert rig.do("actions.check", name="WAVE")["check"]["notices"][0]["code"] == "taken"
    assert rig.do("actions.check", name="")["check"]["verdict"] == "refused"
    assert rig.names == ["wave"]
    assert rig.control.vocabulary == 1


def test_health_and_stats(rig: Rig):
    rig.add("wave")
    assert rig.do("health") == {"status": "ok", "bundle": "tiny", "actions": 1, "vocabulary": 1}
    rig.telemetry.count("windows_received")
    stats = rig.do("stats")
    assert (stats["counters"], stats["waiting"]) == ({"windows_received": 1}, 3)


@pytest.mark.parametrize(
    ("op", "args", "error"),
    [
        ("actions.fly", {}, InputError),
        ("", {}, InputError),
        ("health", {"x": 1}, InputError),
        ("actions.add", {}, InputError),
        ("actions.add", {"name": 5}, InputError),
        ("actions.add", {"name": ""}, ActionNameError),
        ("actions.add", {"name": " \t"}, ActionNameError),
        ("actions.add", {"name": "x" * 10_000}, ActionNameError),
        ("actions.add", {"name": "a\x00b"}, ActionNameError),
        ("actions.add", {"name": "\ud800"}, ActionNameError),
        ("actions.add", {"name": "WAVE"}, DuplicateActionError),
        ("actions.add", {"name": "new", "description": "x" * (LONGEST_DESCRIPTION + 1)}, InputError),
        ("actions.add", {"name": "new", "description": "x\n" * 20}, InputError),
        ("actions.add", {"name": "new", "description": 7}, InputError),
        ("actions.add", {"name": "new", "colour": "red"}, InputError),
        ("actions.check", {}, InputError),
        ("actions.check", {"name": 5}, InputError),
        ("actions.check", {"name": "x", "colour": "red"}, InputError),
        ("actions.rename", {"id": "nobody", "name": "x"}, UnknownActionError),
        ("actions.rename", {"id": "{bow}", "name": "wave"}, DuplicateActionError),
        ("actions.rename", {"id": "{bow}", "name": ""}, ActionNameError),
        ("actions.rename", {"id": "{bow}"}, InputError),
        ("actions.describe", {"id": "nobody", "description": "x"}, UnknownActionError),
        ("actions.describe", {"id": "{bow}", "description": "\ud800"}, InputError),
        ("actions.remove", {"id": "nobody"}, UnknownActionError),
        ("actions.remove", {}, InputError),
        ("actions.remove", {"id": ["{bow}"]}, InputError),
        ("actions.list", {"limit": 0}, InputError),
        ("actions.list", {"offset": -1}, InputError),
        ("events.list", {"limit": 101}, InputError),
        ("events.list", {"since_id": "x"}, InputError),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    rig: Rig, op: str, args: dict[str, Any], error: type[AnymoveError]
):
    rig.add("wave")
    bow = rig.add("bow")["id"]
    args = {name: bow if value == "{bow}" else value for name, value in args.items()}
    with pytest.raises(error) as caught:
        rig.do(op, **args)
    assert type(caught.value) is error
    assert str(caught.value)
    assert rig.names == ["wave", "bow"]
    assert rig.control.vocabulary == 2


def test_the_vocabulary_is_bounded(rig: Rig):
    for name in "abcd":
        rig.add(name)
    with pytest.raises(CapacityError):
        rig.add("e")
    assert len(rig.names) == 4


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("actions.add", {"name": "new", "description": "x"}),
        ("actions.rename", {"id": "{id}", "name": "new"}),
        ("actions.describe", {"id": "{id}", "description": "new"}),
        ("actions.remove", {"id": "{id}"}),
    ],
)
def test_a_change_the_disk_refuses_is_no_change(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, op: str, args: dict[str, Any]
):
    wave = rig.add("wave")
    args = {name: wave["id"] if value == "{id}" else value for name, value in args.items()}

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(rig.store, "apply", full)
        with pytest.raises(StoreError, match="full"):
            rig.do(op, **args)
    assert rig.names == ["wave"]
    assert rig.do("actions.list")["actions"] == [wave]
    rig.add("new")
    assert rig.names == ["wave", "new"]


def test_an_encoder_that_fails_leaves_no_trace(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> None:
        raise EngineError("the runtime failed")

    with monkeypatch.context() as patch:
        patch.setattr(TextProjection, "rows", broken)
        with pytest.raises(EngineError, match="runtime"):
            rig.add("wave")
    assert rig.names == []
