"""What the engine remembers on disk: actions, changes to undo, bank snapshots, events.

Every change is one transaction, on the disk before the call returns, so that a power cut or
``kill -9`` leaves everything that was acknowledged and nothing by halves.
"""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.bank.contract import BankSnapshot
from engine.database import Database, Schema
from engine.messages import Action, ActionEvent, RecordedEvent, action_from, event_from, to_json
from streams.config import home
from streams.skeleton.errors import SnapshotError, StoreError

MOST_EVENTS = 10_000
MOST_CHANGES = 1_000
MOST_SNAPSHOTS = 4

_SCHEMA = Schema(
    application=0x616E796D,
    version=1,
    statements=(
        "CREATE TABLE vocabulary (version INTEGER NOT NULL)",
        "INSERT INTO vocabulary VALUES (0)",
        """CREATE TABLE actions (
            id TEXT PRIMARY KEY, place INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, texts TEXT NOT NULL,
            source TEXT NOT NULL, provenance TEXT NOT NULL, created TEXT NOT NULL)""",
        """CREATE TABLE changes (
            number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, before TEXT, after TEXT,
            place INTEGER NOT NULL, created TEXT NOT NULL)""",
        """CREATE TABLE snapshots (
            number INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, fingerprint TEXT NOT NULL,
            meta TEXT NOT NULL, arrays BLOB NOT NULL, recorded TEXT NOT NULL,
            UNIQUE (rule, fingerprint))""",
        """CREATE TABLE events (
            number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, recorded TEXT NOT NULL)""",
    ),
)

ChangeKind = Literal["add", "rename", "describe", "remove"]


@dataclass(frozen=True)
class Change:
    """One change of the set of actions."""

    kind: ChangeKind
    before: Action | None
    """The action as it was; None where it was added."""
    after: Action | None
    """The action as it is now; None where it was removed."""


def default_path() -> Path:
    """File of the engine's state in the user's data folder."""
    return home() / "engine.db"


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Store:
    """The engine's memory in one file. Not thread-safe; one owner, who may hand it on.

    Every refused call leaves the file as it was.

    Args:
        path: The file, made if need be.
        now: Gives the time written beside each entry, ISO 8601; UTC of this machine by default.

    Raises:
        StoreError: The file is damaged, foreign, newer than this program, in use, or out of reach.
    """

    def __init__(self, path: Path, *, now: Callable[[], str] = _utc_now) -> None:
        self._now = now
        self._file = Database(path, _SCHEMA)

    def close(self) -> None:
        """Give the file back; a closed store refuses every call."""
        self._file.close()

    def actions(self) -> tuple[Action, ...]:
        """Every action, oldest first.

        Raises:
            StoreError: The file cannot be read.
        """
        rows = self._file.read("SELECT id, name, texts, source, provenance FROM actions ORDER BY place")
        with self._parsing():
            return tuple(
                Action(action_id, name, tuple(json.loads(texts)), source, dict(json.loads(provenance)))
                for action_id, name, texts, source, provenance in rows
            )

    def version(self) -> int:
        """Version of the set of actions.

        Raises:
            StoreError: The file cannot be read.
        """
        return int(self._file.read("SELECT version FROM vocabulary")[0][0])

    def apply(self, change: Change, *, version: int) -> None:
        """Make a change of the set of actions, and note how to undo it.

        Args:
            change: What is changed.
            version: Of the set of actions with this change.

        Raises:
            StoreError: It could not be written, or does not fit the actions held.
        """
        with self._file.transaction() as db:
            if change.before is None:
                place, created = _next_place(db), self._now()
            else:
                place, created = _take_out(db, change.before.id)
            _put(db, change.after, place, created)
            db.execute(
                "INSERT INTO changes (kind, before, after, place, created) VALUES (?, ?, ?, ?, ?)",
                (change.kind, _packed(change.before), _packed(change.after), place, created),
            )
            _keep_newest(db, "changes", MOST_CHANGES)
            db.execute("UPDATE vocabulary SET version = ?", (version,))

    def last_change(self) -> Change | None:
        """The change ``undo`` would take back; None where there is none.

        Raises:
            StoreError: The file cannot be read.
        """
        rows = self._file.read("SELECT kind, before, after FROM changes ORDER BY number DESC LIMIT 1")
        with self._parsing():
            return Change(rows[0][0], *map(_unpacked, rows[0][1:])) if rows else None

    def undo(self, *, version: int) -> None:
        """Take the last change back; an action that was removed returns to its place.

        Args:
            version: Of the set of actions without the change.

        Raises:
            StoreError: There is nothing to undo, or it could not be written.
        """
        with self._file.transaction() as db, self._parsing():
            row = db.execute("SELECT * FROM changes ORDER BY number DESC LIMIT 1").fetchone()
            if row is None:
                raise StoreError("wanted a change to undo, got none; nothing has been changed yet")
            number, _, before, after, place, created = row
            if after is not None:
                _take_out(db, json.loads(after)["id"])
            _put(db, _unpacked(before), place, created)
            db.execute("DELETE FROM changes WHERE number = ?", (number,))
            db.execute("UPDATE vocabulary SET version = ?", (version,))

    def save_snapshot(self, snapshot: BankSnapshot) -> None:
        """Keep a bank's state, in the place of an older one of the same rule and fingerprint.

        Raises:
            StoreError: It could not be written.
        """
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **snapshot.arrays)
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO snapshots (rule, fingerprint, meta, arrays, recorded) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    snapshot.rule,
                    snapshot.fingerprint,
                    json.dumps(snapshot.meta),
                    buffer.getvalue(),
                    self._now(),
                ),
            )
            _keep_newest(db, "snapshots", MOST_SNAPSHOTS)

    def load_snapshot(self, rule: str, fingerprint: str) -> BankSnapshot | None:
        """The newest state of such a bank; None where there is none.

        Raises:
            SnapshotError: There is one, but it does not decode.
            StoreError: The file cannot be read.
        """
        query = "SELECT meta, arrays FROM snapshots WHERE rule = ? AND fingerprint = ?"
        rows = self._file.read(query, rule, fingerprint)
        if not rows:
            return None
        meta, packed = rows[0]
        try:
            with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            return BankSnapshot(rule, fingerprint, arrays, dict(json.loads(meta)))
        except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise SnapshotError(
                f"wanted a bank snapshot in {self._file.path}, got {error!r:.100}; "
                "let the bank start from its texts"
            ) from error

    def record_events(self, events: Sequence[ActionEvent]) -> None:
        """Remember these events; the oldest beyond 10,000 are forgotten.

        Raises:
            StoreError: They could not be written.
        """
        recorded = self._now()
        with self._file.transaction() as db:
            db.executemany(
                "INSERT INTO events (event, recorded) VALUES (?, ?)",
                [(json.dumps(to_json(event)), recorded) for event in events],
            )
            _keep_newest(db, "events", MOST_EVENTS)

    def events(self, *, since: int | None = None, limit: int) -> tuple[RecordedEvent, ...]:
        """Events in order: the first ones after number ``since``, or the newest ones.

        Args:
            since: Number of the last event known; None for the newest.
            limit: Most events returned.

        Raises:
            StoreError: The file cannot be read.
        """
        order = "DESC" if since is None else "ASC"
        query = (
            f"SELECT number, recorded, event FROM events WHERE number > ? ORDER BY number {order} LIMIT ?"
        )
        rows = self._file.read(query, since or 0, limit)
        with self._parsing():
            return tuple(
                RecordedEvent(number, recorded, event_from(json.loads(event)))
                for number, recorded, event in sorted(rows)
            )

    @contextmanager
    def _parsing(self) -> Generator[None]:
        """What does not decode has been changed by someone else."""
        try:
            yield
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{self._file.path} holds an entry this program did not write ({error!r:.100}); put a copy "
                "back, or move it away to start without any actions"
            ) from error


def _next_place(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT 1 + coalesce(max(place), 0) FROM actions").fetchone()[0])


def _take_out(db: sqlite3.Connection, action_id: str) -> tuple[int, str]:
    """Place and creation of an action that is no longer held."""
    row = db.execute("SELECT place, created FROM actions WHERE id = ?", (action_id,)).fetchone()
    if row is None:
        raise StoreError(f"wanted to change action {action_id!r:.40}, got no such action; list the actions")
    db.execute("DELETE FROM actions WHERE id = ?", (action_id,))
    return row


def _put(db: sqlite3.Connection, action: Action | None, place: int, created: str) -> None:
    if action is None:
        return
    lists: tuple[Any, ...] = (json.dumps(action.texts), action.source, json.dumps(action.provenance))
    db.execute(
        "INSERT INTO actions (id, place, name, texts, source, provenance, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (action.id, place, action.name, *lists, created),
    )


def _keep_newest(db: sqlite3.Connection, table: str, most: int) -> None:
    newest_gone = f"SELECT number FROM {table} ORDER BY number DESC LIMIT 1 OFFSET ?"
    db.execute(f"DELETE FROM {table} WHERE number <= ({newest_gone})", (most,))


def _packed(action: Action | None) -> str | None:
    return None if action is None else json.dumps(to_json(action))


def _unpacked(text: str | None) -> Action | None:
    return None if text is None else action_from(json.loads(text))
