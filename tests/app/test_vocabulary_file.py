import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vocabulary_file import MAX_BYTES, read, written
from engine.messages import Action
from streams.skeleton.errors import ActionNameError, AnymoveError, InputError


def _file(**changes: Any) -> bytes:
    content: dict[str, Any] = {"format": "anymove-vocabulary", "version": 1, "actions": []}
    return json.dumps({**content, **changes}).encode()


def _entry(name: Any = "wave", description: Any = None) -> dict[str, Any]:
    return {"name": name, "description": description}


def test_what_is_written_is_read() -> None:
    actions = (
        Action("a1", "winken", ("Ein Arm geht hoch.", "Er schwingt."), "user"),
        Action("a2", "walk", ("A person walks.",), "library"),
        Action("a3", "<b>跳</b>", ("跳",), "template"),
    )
    entries = read(written(actions))
    assert [entry.name for entry in entries] == ["winken", "walk", "<b>跳</b>"]
    assert entries[0].description == "Ein Arm geht hoch.\nEr schwingt."
    assert all(entry.describes(action) for entry, action in zip(entries, actions, strict=True))
    assert not entries[1].describes(actions[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "in the file"),
        (_file(format="other"), "format"),
        (_file(version=2), "version 1"),
        (_file(version=True), "version 1"),
        (_file(actions={}), "list"),
        (_file(actions=[_entry(str(n)) for n in range(501)]), "500"),
        (_file(extra=1), "in the file"),
        (_file(actions=["wave"]), "action 1"),
        (_file(actions=[{"name": "wave"}]), "action 1"),
        (_file(actions=[_entry(7)]), "name of action 1"),
        (_file(actions=[_entry(description="text")]), "description of action 1"),
        (_file(actions=[_entry(description=[])]), "1 to 32 sentences"),
        (_file(actions=[_entry(description=["x" * 1001])]), "1 to 32 sentences"),
        (_file(actions=[_entry(description=[None])]), "1 to 32 sentences"),
        (_file(actions=[_entry("Wave"), _entry("wäve")]), "every name once"),
        (b" " * (MAX_BYTES + 1), "bytes"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(content)


@pytest.mark.parametrize("name", ["", "x" * 81, "\u202e evil"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ActionNameError):
        read(_file(actions=[_entry(name)]))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    )
)
def test_nonsense_is_refused_and_breaks_nothing(value: Any) -> None:
    for content in (value, {"format": "anymove-vocabulary", "version": 1, "actions": value}):
        try:
            read(json.dumps(content).encode())
        except AnymoveError:
            continue
        assert value in ([], {}) or content == value or isinstance(value, list)
