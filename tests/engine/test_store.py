"""What was acknowledged is there after a restart, whatever ended the process."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import store as stores
from engine.bank.contract import BankSnapshot
from engine.bank_store import MOST_SNAPSHOTS
from engine.messages import Action, ActionEvent
from engine.store import Change, Store
from streams.skeleton.errors import SnapshotError, StoreError

WAVE = Action("w", "wave", ("wave", "A person waves."), "library", {"matched": "wave"})
SQUAT = Action("s", "squat ☺", ("squat",), "user")
BOW = Action("b", "bow", ("bow",), "template")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "engine.db", now=lambda: "2026-01-01T00:00:00+00:00")
    yield opened
    opened.close()


def _reopened(store: Store, tmp_path: Path) -> Store:
    store.close()
    return Store(tmp_path / "engine.db")


def _add(store: Store, *actions: Action) -> None:
    for action in actions:
        store.apply(Change("add", None, action), version=store.version() + 1)


def _event(number: int, phase: str = "onset") -> ActionEvent:
    return ActionEvent(f"e{number}", phase, "cam", 0, "w", "wave", 0.5, 100.0, 0.0)  # pyright: ignore[reportArgumentType]


def test_a_new_store_is_empty(store: Store):
    assert (store.actions(), store.version(), store.last_change()) == ((), 0, None)
    assert store.events(limit=10) == ()
    assert store.bank.load("rule", "print") is None


def test_changes_last(store: Store, tmp_path: Path):
    _add(store, WAVE, SQUAT, BOW)
    renamed = replace(SQUAT, name="knee bend")
    store.apply(Change("rename", SQUAT, renamed), version=4)
    store.apply(Change("remove", WAVE, None), version=5)
    again = _reopened(store, tmp_path)
    assert again.actions() == (renamed, BOW)
    assert again.version() == 5
    assert again.last_change() == Change("remove", WAVE, None)
    again.close()


def test_undo_goes_back_step_by_step_also_after_a_restart(store: Store, tmp_path: Path):
    _add(store, WAVE, SQUAT, BOW)
    described = replace(SQUAT, texts=("deep",), source="user")
    store.apply(Change("describe", SQUAT, described), version=4)
    store.apply(Change("remove", WAVE, None), version=5)
    again = _reopened(store, tmp_path)
    again.undo(version=6)
    # It returns to its place, not to the end.
    assert again.actions() == (WAVE, described, BOW)
    again.undo(version=7)
    assert again.actions() == (WAVE, SQUAT, BOW)
    for version in (8, 9, 10):
        again.undo(version=version)
    assert (again.actions(), again.version(), again.last_change()) == ((), 10, None)
    with pytest.raises(StoreError, match="wanted a change to undo"):
        again.undo(version=11)
    assert again.version() == 10
    again.close()


def test_a_change_that_does_not_fit_changes_nothing(store: Store):
    _add(store, WAVE)
    with pytest.raises(StoreError):
        store.apply(Change("add", None, WAVE), version=2)
    with pytest.raises(StoreError, match="no such action"):
        store.apply(Change("remove", SQUAT, None), version=2)
    assert (store.actions(), store.version()) == ((WAVE,), 1)
    assert store.last_change() == Change("add", None, WAVE)


def test_only_so_many_changes_can_be_undone(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stores, "MOST_CHANGES", 2)
    _add(store, WAVE, SQUAT, BOW)
    store.undo(version=4)
    store.undo(version=5)
    assert store.last_change() is None
    assert store.actions() == (WAVE,)


def _snapshot(rule: str = "rule", fingerprint: str = "print", fill: float = 1.0) -> BankSnapshot:
    arrays = {"sums": np.full((2, 3), fill), "texts": np.arange(4, dtype=np.float32)}
    return BankSnapshot(rule, fingerprint, arrays, {"class_ids": ["w", "s"]})


def test_a_snapshot_returns_bit_by_bit(store: Store, tmp_path: Path):
    store.bank.save(_snapshot(fill=7.0))
    store.bank.save(_snapshot(fill=1 / 3))
    again = _reopened(store, tmp_path)
    found = again.bank.load("rule", "print")
    again.close()
    assert found is not None
    assert (found.rule, found.fingerprint, found.meta) == ("rule", "print", {"class_ids": ["w", "s"]})
    for name, array in _snapshot(fill=1 / 3).arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def test_snapshots_are_kept_by_bank_and_the_oldest_give_way(store: Store):
    for number in range(MOST_SNAPSHOTS + 1):
        store.bank.save(_snapshot(fingerprint=f"print{number}"))
    assert store.bank.load("rule", "print0") is None
    assert store.bank.load("other", "print1") is None
    assert store.bank.load("rule", "print1") is not None


def test_a_damaged_snapshot_is_said_to_be_one(store: Store, tmp_path: Path):
    store.bank.save(_snapshot())
    store.close()
    db = sqlite3.connect(tmp_path / "engine.db")
    with db:
        db.execute("UPDATE snapshots SET arrays = substr(arrays, 1, 40)")
    db.close()
    again = Store(tmp_path / "engine.db")
    with pytest.raises(SnapshotError, match="start from its texts"):
        again.bank.load("rule", "print")
    again.close()


def test_events_are_remembered_in_order(store: Store, tmp_path: Path):
    store.record_events([_event(1), _event(1, "offset")])
    store.record_events([_event(2)])
    again = _reopened(store, tmp_path)
    newest = again.events(limit=2)
    assert [(e.number, e.event.id, e.event.phase) for e in newest] == [
        (2, "e1", "offset"),
        (3, "e2", "onset"),
    ]
    assert newest[0].recorded == "2026-01-01T00:00:00+00:00"
    assert [e.number for e in again.events(since=1, limit=1)] == [2]
    assert [e.number for e in again.events(since=0, limit=9)] == [1, 2, 3]
    assert again.events(since=3, limit=9) == ()
    again.close()


def test_the_oldest_events_are_forgotten_and_numbers_go_on(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stores, "MOST_EVENTS", 3)
    for number in range(5):
        store.record_events([_event(number)])
    assert [e.number for e in store.events(since=0, limit=9)] == [3, 4, 5]


def test_an_entry_someone_else_wrote_is_said(store: Store, tmp_path: Path):
    _add(store, WAVE)
    store.close()
    db = sqlite3.connect(tmp_path / "engine.db")
    with db:
        db.execute("UPDATE actions SET texts = '['")
    db.close()
    again = Store(tmp_path / "engine.db")
    with pytest.raises(StoreError, match="did not write"):
        again.actions()
    again.close()


def test_nothing_acknowledged_is_lost_to_kill_9(tmp_path: Path):
    """A writer is killed at twenty random moments; each time the file is whole and has it all."""
    path = tmp_path / "engine.db"
    chance = random.Random(0)
    writer = Path(__file__).with_name("store_writer.py")
    held = 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, str(writer), str(path), str(held)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        acknowledged = held
        for _ in range(chance.randint(1, 12)):
            acknowledged = int(process.stdout.readline()) + 1
        process.send_signal(signal.SIGKILL)
        # What it still said before it died was acknowledged, too.
        for line in process.stdout:
            acknowledged = int(line) + 1 if line.endswith("\n") else acknowledged
        process.stdout.close()
        process.wait()
        store = Store(path)
        ids = [action.id for action in store.actions()]
        assert ids == [f"id{n}" for n in range(len(ids))]
        # The one in progress may have been written but not yet acknowledged.
        assert acknowledged <= len(ids) <= acknowledged + 1
        assert store.version() == len(ids)
        store.close()
        db = sqlite3.connect(path)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
        held = len(ids)
