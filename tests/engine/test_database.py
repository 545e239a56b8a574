"""A file that is not a sound one of ours is refused in words, and left as it is."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.database import Database, Schema
from streams.skeleton.errors import StoreError

SCHEMA = Schema(application=77, version=3, statements=("CREATE TABLE things (name TEXT PRIMARY KEY)",))


def _fill(path: Path, count: int = 500) -> None:
    database = Database(path, SCHEMA)
    with database.transaction() as db:
        db.executemany("INSERT INTO things VALUES (?)", [(f"thing {n}" * 5,) for n in range(count)])
    database.close()


def test_what_was_written_is_there_again(tmp_path: Path):
    _fill(tmp_path / "deep" / "er" / "a.db")
    database = Database(tmp_path / "deep" / "er" / "a.db", SCHEMA)
    assert database.read("SELECT count(*) FROM things WHERE name > ?", "") == [(500,)]
    database.close()


def test_it_writes_ahead_and_waits_for_the_disk(tmp_path: Path):
    database = Database(tmp_path / "a.db", SCHEMA)
    assert database.read("PRAGMA journal_mode") == [("wal",)]
    assert database.read("PRAGMA synchronous") == [(2,)]
    database.close()


def _interrupted(database: Database) -> None:
    with database.transaction() as db:
        db.execute("INSERT INTO things VALUES ('a')")
        raise RuntimeError("half way")


def _twice(database: Database) -> None:
    with database.transaction() as db:
        for _ in range(2):
            db.execute("INSERT INTO things VALUES ('a')")


@pytest.mark.parametrize(
    ("change", "error"),
    [(_interrupted, RuntimeError("half way")), (_twice, StoreError("nothing has changed"))],
)
def test_a_transaction_is_all_or_nothing(
    tmp_path: Path, change: Callable[[Database], None], error: Exception
):
    database = Database(tmp_path / "a.db", SCHEMA)
    with pytest.raises(type(error), match=str(error)):
        change(database)
    assert database.read("SELECT * FROM things") == []
    database.close()


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def _torn(path: Path) -> None:
    _fill(path)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def _cut(path: Path) -> None:
    _fill(path)
    path.write_bytes(path.read_bytes()[:10_000])


@pytest.mark.parametrize("damage", [_garbage, _torn, _cut])
def test_a_damaged_file_is_named_and_left_untouched(tmp_path: Path, damage: Callable[[Path], None]):
    path = tmp_path / "a.db"
    damage(path)
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=r"a\.db is damaged .* left untouched; put a copy back, or move it"
    ):
        Database(path, SCHEMA)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_untouched(tmp_path: Path):
    path = tmp_path / "a.db"
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE recipes (name TEXT)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program's database"):
        Database(path, SCHEMA)
    assert path.read_bytes() == before


def test_a_newer_file_is_left_untouched(tmp_path: Path):
    path = tmp_path / "a.db"
    Database(path, Schema(application=77, version=4, statements=())).close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"version 3 or older .* got 4"):
        Database(path, SCHEMA)
    assert path.read_bytes() == before


def test_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.database._PATIENCE_S", 0.1)
    path = tmp_path / "a.db"
    database = Database(path, SCHEMA)
    with pytest.raises(StoreError, match="another process holds it"):
        Database(path, SCHEMA)
    database.close()
    Database(path, SCHEMA).close()


def test_it_opens_after_a_kill_that_left_its_journal(tmp_path: Path):
    path = tmp_path / "a.db"
    script = (
        "import os, sys; from pathlib import Path; from engine.database import *\n"
        "d = Database(Path(sys.argv[1]), Schema(77, 3, ('CREATE TABLE things (name TEXT PRIMARY KEY)',)))\n"
        "with d.transaction() as db: db.execute(\"INSERT INTO things VALUES ('a')\")\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -9
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    database = Database(path, SCHEMA)
    assert database.read("SELECT * FROM things") == [("a",)]
    database.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="wanted to keep the engine's state"):
        Database(tmp_path / "file" / "a.db", SCHEMA)
    with pytest.raises(StoreError, match="wanted to read or write"):
        Database(tmp_path, SCHEMA)


def test_a_closed_one_refuses(tmp_path: Path):
    database = Database(tmp_path / "a.db", SCHEMA)
    database.close()
    with pytest.raises(StoreError, match="closed"):
        database.read("SELECT 1")


def test_a_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path):
    path = tmp_path / "a.db"
    first = Database(path, Schema(77, 1, ("CREATE TABLE things (name TEXT)",)))
    with first.transaction() as db:
        db.execute("INSERT INTO things VALUES ('a')")
    first.close()
    third = Schema(
        77, 3, (), upgrades=(("CREATE TABLE more (x)",), ("ALTER TABLE things ADD colour TEXT",))
    )
    for _ in range(2):  # The second time there is nothing to do.
        upgraded = Database(path, third)
        assert upgraded.read("SELECT * FROM things") == [("a", None)]
        assert upgraded.read("SELECT * FROM more") == []
        upgraded.close()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "a.db"
    Database(path, Schema(77, 1, ("CREATE TABLE things (name TEXT)",))).close()
    with pytest.raises(StoreError):
        Database(path, Schema(77, 2, (), upgrades=(("CREATE TABLE more (x)", "nonsense"),)))
    again = Database(path, Schema(77, 1, ()))
    with pytest.raises(StoreError):
        again.read("SELECT * FROM more")
    again.close()
