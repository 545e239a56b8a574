from pathlib import Path

import pytest

from app import vocabulary_file
from app.board import Board
from app.controller import Controller
from app.live_state import LiveState
from app.sets import Sets
from app.shelf import MAX_SETS, Shelf
from streams.skeleton.errors import CapacityError, DuplicateActionError, InputError, VocabularyError
from tests.app.fakes import FakeEngine


def _parts(folder: Path, *names: str) -> tuple[Sets, FakeEngine]:
    engine = FakeEngine(*names)
    controller = Controller(engine, LiveState(Board()))
    return Sets(engine, controller, Shelf(folder / "sets")), engine


def _names(engine: FakeEngine) -> list[str]:
    return [action.name for action in engine.actions()]


def test_a_set_is_saved_and_loaded_and_what_stays_keeps_its_id(tmp_path: Path) -> None:
    sets, engine = _parts(tmp_path, "wave", "squat")
    wave = engine.actions()[0]
    assert sets.save("Morning")["sets"] == ["Morning"]
    engine.remove_action("a2")
    engine.add_action("bow")
    loaded = sets.load("MORNING")
    assert _names(engine) == ["wave", "squat"]
    assert engine.actions()[0] == wave
    assert loaded["undo"]["steps"] == 2


def test_a_load_is_undone_as_one(tmp_path: Path) -> None:
    sets, engine = _parts(tmp_path, "wave", "squat")
    sets.save("both")
    engine.remove_action("a1")
    engine.rename_action("a2", "Squat")
    engine.describe_action("a2", "Knees bend.")
    before = engine.actions()
    undo = sets.load("both")["undo"]
    assert set(_names(engine)) == {"wave", "squat"}
    controller = Controller(engine, LiveState(Board()))
    assert "error" not in controller.undo(**undo)
    assert engine.actions() == before


def test_an_exported_file_is_taken_in(tmp_path: Path) -> None:
    sets, engine = _parts(tmp_path, "wave")
    engine.describe_action("a1", "One hand swings.")
    content = sets.export()["file"].encode()
    other, theirs = _parts(tmp_path / "other", "bow")
    assert other.take_in(content)["actions"] == 1
    assert _names(theirs) == ["wave"]
    assert theirs.actions()[0].texts == ("One hand swings.",)


def test_a_file_that_is_none_changes_nothing(tmp_path: Path) -> None:
    sets, engine = _parts(tmp_path, "wave")
    assert sets.take_in(b"{}")["code"] == "input"
    assert _names(engine) == ["wave"]


def test_a_load_that_fails_half_way_is_taken_back(tmp_path: Path) -> None:
    sets, engine = _parts(tmp_path, "wave", "squat")
    content = vocabulary_file.written(engine.actions())
    engine.remove_action("a1")
    engine.rename_action("a2", "hop")
    add, added = engine.add_action, []

    def refuse_the_second(name: str, description: str | None = None) -> object:
        if added:
            raise DuplicateActionError("wanted another, got this")
        added.append(name)
        return add(name, description)

    engine.add_action = refuse_the_second  # type: ignore[method-assign, assignment]
    assert sets.take_in(content)["code"] == "duplicate_action"
    assert _names(engine) == ["hop"]


def test_what_lies_in_the_folder_is_no_set_unless_it_is_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    (tmp_path / "other.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    assert shelf.names() == ()
    shelf.save("../../etc/passwd", ())
    assert shelf.names() == ("../../etc/passwd",)
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*.json"))
    (path,) = (p for p in tmp_path.iterdir() if "passwd" in p.read_text())
    path.write_text('{"set": "x", "file": 7}')
    with pytest.raises(InputError, match="saved set"):
        shelf.load("../../etc/passwd")


def test_a_set_nobody_saved_is_said(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="which is none"):
        Shelf(tmp_path).load("x")
    with pytest.raises(VocabularyError, match="which is none"):
        Shelf(tmp_path).remove("x")


def test_there_is_an_end_to_sets(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for number in range(MAX_SETS):
        shelf.save(str(number), ())
    shelf.save("7", ())
    with pytest.raises(CapacityError, match="remove one"):
        shelf.save("one more", ())
