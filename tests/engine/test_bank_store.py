"""What people taught the bank survives, can be rolled back, and is whole or absent after a kill."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import bank_store
from engine.bank.contract import BankSnapshot
from engine.bank_store import Example
from engine.messages import Action
from engine.store import Change, Store
from streams.skeleton.errors import BankError, SnapshotError, StoreError
from tests.engine.fakes import reaching, window

WAVE = Action("w", "wave", ("wave",), "user")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "engine.db", now=lambda: "2026-01-01T00:00:00+00:00")
    yield opened
    opened.close()


def _state(fill: float, fingerprint: str = "print") -> BankSnapshot:
    return BankSnapshot("rule", fingerprint, {"sums": np.full((2, 3), fill)}, {"class_ids": ["w"]})


def _fill(snapshot: BankSnapshot | None) -> float:
    assert snapshot is not None
    return float(snapshot.arrays["sums"][0, 0])


def _example(action_id: str = "w", reach_m: float = 0.6) -> Example:
    return Example(action_id, "is", (window(reaching(reach_m)), window(reaching(reach_m, side=0))))


def test_a_shown_example_its_mark_and_the_state_are_one_transaction(store: Store, tmp_path: Path):
    store.bank.save(_state(2.0), before=_state(1.0), reason="show wave", example=_example())
    store.close()
    again = Store(tmp_path / "engine.db")
    assert _fill(again.bank.load("rule", "print")) == 2.0
    (mark,) = again.bank.marks("rule", "print")
    assert mark.reason == "show wave"
    (example,) = again.bank.examples()
    assert (example.action_id, example.verdict, len(example.windows)) == ("w", "is", 2)
    np.testing.assert_array_equal(example.windows[1].positions, window(reaching(0.6, side=0)).positions)
    assert example.windows[0].length_s == window().length_s
    again.close()


def test_rolling_back_goes_step_by_step_and_forgets_what_was_shown_since(store: Store):
    for step in (1.0, 2.0, 3.0):
        store.bank.save(_state(step + 1), before=_state(step), reason=f"{step}", example=_example())
    for step in (3.0, 2.0):
        mark, marked = store.bank.marked("rule", "print")
        store.bank.roll_back(mark, marked)
        assert _fill(store.bank.load("rule", "print")) == step
    assert len(store.bank.examples()) == len(store.bank.marks("rule", "print")) == 1


def test_rolling_back_to_a_number_forgets_the_marks_after_it(store: Store):
    for step in (1.0, 2.0, 3.0):
        store.bank.save(_state(step + 1), before=_state(step), reason="mark")
    second = store.bank.marks("rule", "print")[1]
    mark, marked = store.bank.marked("rule", "print", number=second.number)
    store.bank.roll_back(mark, marked)
    assert _fill(store.bank.load("rule", "print")) == 2.0
    assert len(store.bank.marks("rule", "print")) == 1


def test_marks_of_another_bank_are_not_ours(store: Store):
    store.bank.save(_state(2.0, "other"), before=_state(1.0, "other"), reason="mark")
    with pytest.raises(BankError, match="wanted a state to roll back to"):
        store.bank.marked("rule", "print")
    number = store.bank.marks("rule", "other")[0].number
    with pytest.raises(BankError):
        store.bank.marked("rule", "print", number=number)


def test_examples_are_forgotten_with_their_action_and_on_demand(store: Store):
    store.apply(Change("add", None, WAVE), version=1)
    store.bank.save(_state(1.0), example=_example("w"))
    store.bank.save(_state(1.0), example=_example("s"))
    store.apply(Change("remove", WAVE, None), version=2)
    assert [example.action_id for example in store.bank.examples()] == ["s"]
    store.bank.save(_state(1.0), example=_example("w"))
    store.bank.save(_state(1.0), forget="s")
    assert [example.action_id for example in store.bank.examples()] == ["w"]
    store.bank.save(_state(1.0), forget="*")
    assert store.bank.examples() == ()


def test_undoing_an_addition_forgets_its_examples(store: Store):
    store.apply(Change("add", None, WAVE), version=1)
    store.bank.save(_state(1.0), example=_example("w"))
    store.undo(version=2)
    assert store.bank.examples() == ()


def test_marks_and_examples_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bank_store, "MOST_EXAMPLES", 3)
    for step in range(bank_store.MOST_MARKS + 3):
        store.bank.save(_state(step), before=_state(step), reason=f"{step}", example=_example())
    marks = store.bank.marks("rule", "print")
    assert [mark.reason for mark in marks] == [f"{n}" for n in range(3, bank_store.MOST_MARKS + 3)]
    assert len(store.bank.examples()) == 3


def test_being_frozen_lasts(store: Store, tmp_path: Path):
    assert store.bank.frozen is None
    store.bank.frozen = True
    store.close()
    again = Store(tmp_path / "engine.db")
    assert again.bank.frozen is True
    again.bank.frozen = False
    assert again.bank.frozen is False
    again.close()


def test_damaged_entries_are_refused_or_left_out(store: Store, tmp_path: Path):
    store.bank.save(_state(2.0), before=_state(1.0), reason="show", example=_example())
    store.close()
    db = sqlite3.connect(tmp_path / "engine.db")
    with db:
        db.execute("UPDATE marks SET arrays = substr(arrays, 1, 40)")
        db.execute("UPDATE examples SET windows = substr(windows, 1, 40)")
    db.close()
    again = Store(tmp_path / "engine.db")
    with pytest.raises(SnapshotError, match="start from its texts"):
        again.bank.marked("rule", "print")
    assert again.bank.examples() == ()
    again.close()


def test_state_of_the_first_version_is_taken_over(tmp_path: Path):
    path = tmp_path / "engine.db"
    store = Store(path)
    store.apply(Change("add", None, WAVE), version=1)
    store.bank.save(_state(7.0))
    store.close()
    db = sqlite3.connect(path)
    with db:  # What version 1 did not have.
        for table in ("marks", "examples", "settings"):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 1")
    db.close()
    again = Store(path)
    assert again.actions() == (WAVE,)
    assert _fill(again.bank.load("rule", "print")) == 7.0
    again.bank.save(_state(8.0), before=_state(7.0), reason="show", example=_example())
    assert len(again.bank.examples()) == 1
    again.close()


def test_a_closed_store_refuses(tmp_path: Path):
    store = Store(tmp_path / "engine.db")
    store.close()
    with pytest.raises(StoreError):
        store.bank.save(_state(1.0))


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from engine.bank.contract import BankSnapshot
from engine.bank_store import Example
from engine.store import Store
from tests.engine.fakes import window
store, step = Store(Path(sys.argv[1])), int(sys.argv[2])
example = Example("w", "is", (window(),))
def state(n):
    return BankSnapshot("rule", "print", {"sums": np.full((40, 384), float(n))}, {"class_ids": [str(n)]})
while True:
    step += 1
    store.bank.save(state(step), before=state(step - 1), reason=str(step), example=example)
    print(step, flush=True)
"""


def test_what_was_acknowledged_is_there_whole_after_kill_9(tmp_path: Path):
    path, last, rng = tmp_path / "engine.db", 0, random.Random(0)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(last)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(rng.randint(1, 25)):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        last = int((process.stdout.read().split() or [last])[-1])
        process.wait()
        process.stdout.close()
        store = Store(path)
        found = store.bank.load("rule", "print")
        assert found is not None
        state = float(found.arrays["sums"][0, 0])
        # One more may have been written than was acknowledged; state, mark and example belong together.
        assert last <= state <= last + 1
        assert (found.arrays["sums"] == state).all()
        assert found.meta == {"class_ids": [str(int(state))]}
        assert store.bank.marks("rule", "print")[-1].reason == str(int(state))
        assert len(store.bank.examples()) == int(state)
        store.close()
        last = int(state)
