"""One SQLite file of ours: inspected before it is touched, held by one process, its errors in words."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.skeleton.errors import StoreError

_PATIENCE_S = 2.0
"""How long to wait for a predecessor that is still closing the file, seconds."""


@dataclass(frozen=True)
class Schema:
    """What a file of ours is and holds."""

    application: int
    """Identifies the file as ours in its header; 32 bits."""
    version: int
    """Of the tables; a file of a higher one is refused."""
    statements: tuple[str, ...]
    """Make the tables of a new file."""
    upgrades: tuple[tuple[str, ...], ...] = ()
    """Make of a file of each earlier version, from 1 on, one of the next."""


class Database:
    """A file of ours, open for this process alone: WAL, every transaction on the disk when it ends.

    Not thread-safe; one owner, who may hand it on.

    Args:
        path: The file, made if need be.
        schema: What it holds.

    Raises:
        StoreError: The file is damaged, foreign, newer than this program, in use, or out of reach.
            It is as it was.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not path.exists() or path.stat().st_size == 0
        except OSError as error:
            raise StoreError(
                f"wanted to keep the engine's state in {path}, got {error.strerror}; name another file"
            ) from error
        if not fresh:
            _inspect(path, schema)
        with _speaking(path):
            # The thread that opens it hands it to the one that serves.
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare(schema, fresh=fresh)
        except StoreError:
            self._db.close()
            raise

    def close(self) -> None:
        """Give the file back; a closed database refuses every call."""
        self._db.close()

    def read(self, query: str, *values: Any) -> list[Any]:
        """Every row of a query.

        Raises:
            StoreError: The file cannot be read.
        """
        with _speaking(self.path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """The connection within a transaction: all of it is on the disk afterwards, or nothing.

        Raises:
            StoreError: It could not be written.
        """
        with _speaking(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _prepare(self, schema: Schema, *, fresh: bool) -> None:
        with _speaking(self.path):
            for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                self._db.execute(f"PRAGMA {setting}")
        with self.transaction() as db:
            if fresh:
                db.execute(f"PRAGMA application_id = {schema.application}")
                db.execute(f"PRAGMA user_version = {schema.version}")
                for statement in schema.statements:
                    db.execute(statement)
            else:
                _upgrade(db, schema)


def keep_newest(db: sqlite3.Connection, table: str, most: int) -> None:
    """Delete the rows of lowest ``number`` of a table beyond ``most``."""
    newest_gone = f"SELECT number FROM {table} ORDER BY number DESC LIMIT 1 OFFSET ?"
    db.execute(f"DELETE FROM {table} WHERE number <= ({newest_gone})", (most,))


def _upgrade(db: sqlite3.Connection, schema: Schema) -> None:
    """Bring a file of an earlier version up to date, within the transaction that is open."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    for version in range(found, schema.version):
        for statement in schema.upgrades[version - 1] if version - 1 < len(schema.upgrades) else ():
            db.execute(statement)
    if found < schema.version:
        db.execute(f"PRAGMA user_version = {schema.version}")


def _inspect(path: Path, schema: Schema) -> None:
    """Refuse a file that is not a sound one of ours, without writing to it."""
    with _speaking(path), closing(_open_to_read(path)) as db:
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if application != schema.application:
        raise StoreError(
            f"wanted the engine's state in {path}, got another program's database, which was left "
            "untouched; name another file"
        )
    if version > schema.version:
        raise StoreError(
            f"wanted state of version {schema.version} or older in {path}, got {version}, which was left "
            "untouched; update this program or name another file"
        )
    if verdict != "ok":
        raise _damaged(path, " ".join(verdict.split()))


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path} is damaged ({reason}) and was left untouched; put a copy back, or move it away to "
        "start without any actions"
    )


@contextmanager
def _speaking(path: Path) -> Generator[None]:
    """SQLite's errors become ours."""
    try:
        yield
    except sqlite3.Error as error:
        # Without a code the error is the binding's own, for example about a closed connection.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(path, str(error)) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(
                f"wanted {path} for this engine alone, but another process holds it; "
                "stop the other engine, or name another file"
            ) from error
        raise StoreError(
            f"wanted to read or write {path}, got {error}; nothing has changed: check that the disk "
            "has room and the folder can be written"
        ) from error
