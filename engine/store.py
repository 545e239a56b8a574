"""What the engine remembers on disk: actions, changes to undo, what the bank has learnt, events.

Every change is one transaction, on the disk before the call returns, so that a power cut or
``kill -9`` leaves everything that was acknowledged and nothing by halves.
"""

import json
import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from engine.bank_store import TABLES, BankStore
from engine.database import Database, Schema, keep_newest
from engine.messages import Action, ActionEvent, RecordedEvent, action_from, event_from, to_json
from streams.config import home
from streams.skeleton.errors import StoreError

MOST_EVENTS = 10_000
MOST_CHANGES = 1_000

_SCHEMA = Schema(
    application=0x616E796D,
    version=2,
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
        *TABLES,
    ),
    upgrades=(TABLES,),
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
        self.bank = BankStore(self._file, now)
        """What the bank has learnt."""

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
            if change.after is None and change.before is not None:
                db.execute("DELETE FROM examples WHERE action = ?", (change.before.id,))
            db.execute(
                "INSERT INTO changes (kind, before, after, place, created) VALUES (?, ?, ?, ?, ?)",
                (change.kind, _packed(change.before), _packed(change.after), place, created),
            )
            keep_newest(db, "changes", MOST_CHANGES)
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
            if before is None and after is not None:
                db.execute("DELETE FROM examples WHERE action = ?", (json.loads(after)["id"],))
            db.execute("DELETE FROM changes WHERE number = ?", (number,))
            db.execute("UPDATE vocabulary SET version = ?", (version,))

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
            keep_newest(db, "events", MOST_EVENTS)

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


def _packed(action: Action | None) -> str | None:
    return None if action is None else json.dumps(to_json(action))


def _unpacked(text: str | None) -> Action | None:
    return None if text is None else action_from(json.loads(text))
