"""What the bank has learnt, on disk: its state, marks to roll back to, and what people have shown it.

Shown windows are kept beside what was learnt of them, so that another bundle, backend or precision,
for which the learnt state is void, can be shown them again.
"""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSnapshot
from engine.database import Database, keep_newest
from engine.messages import BankMark
from engine.tuning import Tuning
from streams.skeleton.errors import BankError, InputError, SnapshotError
from streams.skeleton.window import Window

MOST_SNAPSHOTS = 4
"""States kept, one for each rule and fingerprint."""
MOST_MARKS = 16
"""Marks kept to roll back to."""
MOST_EXAMPLES = 2_000
"""Shown examples kept, of all actions together."""

Verdict = Literal["is", "is not"]
"""What a person said of what was seen: it is the action, or it is not."""

TABLES = (
    """CREATE TABLE marks (
        number INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, fingerprint TEXT NOT NULL,
        meta TEXT NOT NULL, arrays BLOB NOT NULL, reason TEXT NOT NULL, examples INTEGER NOT NULL,
        recorded TEXT NOT NULL)""",
    """CREATE TABLE examples (
        number INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, verdict TEXT NOT NULL,
        length_s REAL NOT NULL, windows BLOB NOT NULL, recorded TEXT NOT NULL)""",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)
"""What state of version 2 has beyond that of version 1."""


@dataclass(frozen=True, eq=False)
class Example:
    """What a person pointed at.

    Attributes:
        action_id: Of the action it is, or is not.
        verdict: Which.
        windows: One or a few, oldest first.
    """

    action_id: str
    verdict: Verdict
    windows: tuple[Window, ...]


class BankStore:
    """The bank's part of the engine's file. Not thread-safe; one owner. Every call is one transaction.

    Args:
        file: The engine's file.
        now: Gives the time written beside each entry, ISO 8601.
    """

    def __init__(self, file: Database, now: Callable[[], str]) -> None:
        self._file = file
        self._now = now

    def load(self, rule: str, fingerprint: str) -> BankSnapshot | None:
        """The newest state of such a bank; None where there is none.

        Raises:
            SnapshotError: There is one, but it does not decode.
            StoreError: The file cannot be read.
        """
        query = "SELECT meta, arrays FROM snapshots WHERE rule = ? AND fingerprint = ?"
        rows = self._file.read(query, rule, fingerprint)
        return self._snapshot(rule, fingerprint, *rows[0]) if rows else None

    def save(
        self,
        snapshot: BankSnapshot,
        *,
        before: BankSnapshot | None = None,
        reason: str = "",
        example: Example | None = None,
        forget: str | None = None,
    ) -> None:
        """Keep a bank's state, in the place of an older one of the same rule and fingerprint.

        Windows that are forgotten do not come back with ``roll_back``; what was learnt of them does.

        Args:
            snapshot: The state.
            before: A state to mark, that this one can be rolled back to.
            reason: What was done between the two.
            example: What the bank was shown between the two.
            forget: Id of an action whose shown windows are forgotten; ``"*"`` for all actions.

        Raises:
            StoreError: It could not be written; nothing has changed.
        """
        with self._file.transaction() as db:
            if before is not None:
                self._mark(db, before, reason)
            if example is not None:
                self._keep_example(db, example)
            if forget is not None:
                db.execute("DELETE FROM examples WHERE ? IN (action, '*')", (forget,))
            self._put(db, snapshot)

    def marks(self, rule: str, fingerprint: str) -> tuple[BankMark, ...]:
        """States such a bank can go back to, oldest first.

        Raises:
            StoreError: The file cannot be read.
        """
        query = (
            "SELECT number, reason, recorded FROM marks WHERE rule = ? AND fingerprint = ? ORDER BY number"
        )
        return tuple(BankMark(*row) for row in self._file.read(query, rule, fingerprint))

    def marked(
        self, rule: str, fingerprint: str, *, number: int | None = None
    ) -> tuple[BankMark, BankSnapshot]:
        """The newest mark of such a bank, or the one with this number, and its state.

        Raises:
            BankError: There is none.
            SnapshotError: It does not decode.
            StoreError: The file cannot be read.
        """
        held = [m for m in self.marks(rule, fingerprint) if number in (None, m.number)]
        if not held:
            raise BankError(
                f"wanted a state to roll back to, got no mark {'' if number is None else number}; "
                "nothing has been shown, rejected, reset or marked since"
            )
        row = self._file.read("SELECT meta, arrays FROM marks WHERE number = ?", held[-1].number)[0]
        return held[-1], self._snapshot(rule, fingerprint, *row)

    def roll_back(self, mark: BankMark, snapshot: BankSnapshot) -> None:
        """Keep the state of a mark as the bank's; later marks and later examples are forgotten.

        Raises:
            StoreError: It could not be written; nothing has changed.
        """
        with self._file.transaction() as db:
            db.execute(
                "DELETE FROM examples WHERE number > (SELECT examples FROM marks WHERE number = ?)",
                (mark.number,),
            )
            db.execute(
                "DELETE FROM marks WHERE number >= ? AND rule = ? AND fingerprint = ?",
                (mark.number, snapshot.rule, snapshot.fingerprint),
            )
            self._put(db, snapshot)

    def examples(self) -> tuple[Example, ...]:
        """What people have shown, oldest first; entries that do not decode are left out.

        Raises:
            StoreError: The file cannot be read.
        """
        query = "SELECT action, verdict, length_s, windows FROM examples ORDER BY number"
        decoded = (_example(*row) for row in self._file.read(query))
        return tuple(example for example in decoded if example is not None)

    @property
    def frozen(self) -> bool | None:
        """Whether the bank is kept from learning; None where nobody has said.

        Raises:
            StoreError: The file cannot be read.
        """
        rows = self._file.read("SELECT value FROM settings WHERE name = 'frozen'")
        return rows == [("true",)] if rows else None

    @frozen.setter
    def frozen(self, frozen: bool | None) -> None:
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES ('frozen', ?)", (json.dumps(frozen),))

    @property
    def tuning(self) -> Tuning:
        """What an operator has set; the standard where nobody has, or where it does not decode.

        Raises:
            StoreError: The file cannot be read.
        """
        rows = self._file.read("SELECT value FROM settings WHERE name = 'tuning'")
        try:
            return Tuning.read(json.loads(rows[0][0])) if rows else Tuning()
        except (ValueError, InputError):
            return Tuning()

    @tuning.setter
    def tuning(self, tuning: Tuning) -> None:
        with self._file.transaction() as db:
            packed = json.dumps(asdict(tuning))
            db.execute("INSERT OR REPLACE INTO settings VALUES ('tuning', ?)", (packed,))

    def _put(self, db: sqlite3.Connection, snapshot: BankSnapshot) -> None:
        db.execute(
            "INSERT OR REPLACE INTO snapshots (rule, fingerprint, meta, arrays, recorded) "
            "VALUES (?, ?, ?, ?, ?)",
            (*_columns(snapshot), self._now()),
        )
        keep_newest(db, "snapshots", MOST_SNAPSHOTS)

    def _mark(self, db: sqlite3.Connection, snapshot: BankSnapshot, reason: str) -> None:
        db.execute(
            "INSERT INTO marks (rule, fingerprint, meta, arrays, reason, examples, recorded) "
            "VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) FROM examples), ?)",
            (*_columns(snapshot), reason, self._now()),
        )
        keep_newest(db, "marks", MOST_MARKS)

    def _keep_example(self, db: sqlite3.Connection, example: Example) -> None:
        kept = example.windows
        packed = _packed(
            {f"positions_{n}": window.positions for n, window in enumerate(kept)}
            | {f"confidence_{n}": window.confidence for n, window in enumerate(kept)}
        )
        db.execute(
            "INSERT INTO examples (action, verdict, length_s, windows, recorded) VALUES (?, ?, ?, ?, ?)",
            (example.action_id, example.verdict, kept[0].length_s, packed, self._now()),
        )
        keep_newest(db, "examples", MOST_EXAMPLES)

    def _snapshot(self, rule: str, fingerprint: str, meta: str, packed: bytes) -> BankSnapshot:
        try:
            return BankSnapshot(rule, fingerprint, _unpacked(packed), dict(json.loads(meta)))
        except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise SnapshotError(
                f"wanted a bank snapshot in {self._file.path}, got {error!r:.100}; "
                "let the bank start from its texts"
            ) from error


def _columns(snapshot: BankSnapshot) -> tuple[str, str, str, bytes]:
    return snapshot.rule, snapshot.fingerprint, json.dumps(snapshot.meta), _packed(snapshot.arrays)


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(packed: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _example(action_id: str, verdict: Verdict, length_s: float, packed: bytes) -> Example | None:
    try:
        arrays = _unpacked(packed)
        windows = tuple(
            Window(
                stream="stored",
                track=0,
                sequence=number,
                positions=arrays[f"positions_{number}"],
                confidence=arrays[f"confidence_{number}"],
                length_s=length_s,
                source_fps=0.0,
                captured_ns=0,
            )
            for number in range(len(arrays) // 2)
        )
    except (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile, InputError):
        return None
    return Example(action_id, verdict, windows) if windows else None
