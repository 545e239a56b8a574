"""The set of actions: stable ids, no duplicates, a limit, a version that only grows."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.messages import Action
from engine.text.descriptions import ClassText
from engine.text.names import name_key
from engine.text.vocabulary import DEFAULT_CAPACITY, MAX_CAPACITY, Vocabulary
from streams.skeleton.errors import (
    ActionNameError,
    CapacityError,
    ConfigError,
    DuplicateActionError,
    UnknownActionError,
    VocabularyError,
)


def text(name: str, *more: str) -> ClassText:
    return ClassText(name=name, texts=(name, *more), source="template")


def test_an_action_is_added_with_an_id_of_its_own():
    vocabulary = Vocabulary()
    wave, bow = vocabulary.add(text("wave", "a hand waves")), vocabulary.add(text("bow"))
    assert re.fullmatch("[0-9a-f]{12}", wave.id)
    assert wave.id != bow.id
    assert (wave.name, wave.texts, wave.source) == ("wave", ("wave", "a hand waves"), "template")
    assert vocabulary.actions == (wave, bow)
    assert vocabulary.get(bow.id) == bow
    assert len(vocabulary) == 2


def test_an_id_is_never_given_twice():
    ids = iter(["a", "a", "a", "b"])
    vocabulary = Vocabulary(new_id=lambda: next(ids))
    assert [vocabulary.add(text(name)).id for name in ("wave", "bow")] == ["a", "b"]


def test_every_change_and_nothing_else_raises_the_version():
    vocabulary = Vocabulary(version=7)
    action = vocabulary.add(text("wave"))
    vocabulary.rename(action.id, "hello")
    vocabulary.describe(action.id, text("hello", "more"))
    vocabulary.find("hello")
    vocabulary.remove(action.id)
    assert vocabulary.version == 11
    with pytest.raises(UnknownActionError):
        vocabulary.remove(action.id)
    assert vocabulary.version == 11


@pytest.mark.parametrize(
    "again", ["wave hello", "WAVE  HELLO", "wäve hello", " wave hello\n", "ｗave hello"]
)
def test_duplicates_are_refused_whatever_case_and_accents(again: str):
    vocabulary = Vocabulary()
    first = vocabulary.add(text("Wave Hello"))
    other = vocabulary.add(text("bow"))
    before = (vocabulary.actions, vocabulary.version)
    for change in (
        lambda: vocabulary.add(text(again)),
        lambda: vocabulary.rename(other.id, again),
        lambda: vocabulary.describe(other.id, text(again)),
    ):
        with pytest.raises(DuplicateActionError, match="Wave Hello"):
            change()
    assert (vocabulary.actions, vocabulary.version) == before
    assert vocabulary.find(again) == first


def test_an_action_may_change_the_case_of_its_own_name():
    vocabulary = Vocabulary()
    action = vocabulary.add(text("wave"))
    renamed = vocabulary.rename(action.id, "Wave")
    assert (renamed.id, renamed.name, renamed.texts) == (action.id, "Wave", ("wave",))
    assert vocabulary.find("wave") == renamed


def test_a_name_that_was_given_up_is_free():
    vocabulary = Vocabulary()
    action = vocabulary.add(text("wave"))
    vocabulary.rename(action.id, "bow")
    assert vocabulary.find("wave") is None
    again = vocabulary.add(text("wave"))
    vocabulary.remove(again.id)
    assert vocabulary.find("wave") is None
    assert vocabulary.add(text("wave")).id != again.id


def test_a_description_brings_its_name_and_source():
    vocabulary = Vocabulary()
    action = vocabulary.add(text("wave"), provenance={"by": "me"})
    described = vocabulary.describe(action.id, ClassText("greet", ("greet", "waves a hand"), "user"))
    assert described == Action(action.id, "greet", ("greet", "waves a hand"), "user", {"by": "me"})
    assert vocabulary.find("greet") == described


@pytest.mark.parametrize("name", ["", "  ", "x" * 10_000, "a\x00b"])
def test_names_nobody_can_read_are_refused(name: str):
    vocabulary = Vocabulary()
    action = vocabulary.add(text("wave"))
    for change in (lambda: vocabulary.add(text(name)), lambda: vocabulary.rename(action.id, name)):
        with pytest.raises(ActionNameError):
            change()
    assert vocabulary.actions == (action,)


def test_a_full_vocabulary_refuses_more_but_can_change():
    vocabulary = Vocabulary(capacity=2)
    first = vocabulary.add(text("wave"))
    vocabulary.add(text("bow"))
    with pytest.raises(CapacityError, match="all 2 places"):
        vocabulary.add(text("kick"))
    vocabulary.rename(first.id, "hello")
    vocabulary.remove(first.id)
    vocabulary.add(text("kick"))
    assert len(vocabulary) == 2


@pytest.mark.parametrize("capacity", [0, -1, MAX_CAPACITY + 1])
def test_a_capacity_out_of_range_is_refused(capacity: int):
    with pytest.raises(ConfigError, match="capacity"):
        Vocabulary(capacity=capacity)
    assert Vocabulary().capacity == DEFAULT_CAPACITY
    assert Vocabulary(capacity=MAX_CAPACITY).capacity == MAX_CAPACITY


def test_unknown_ids_are_refused():
    vocabulary = Vocabulary()
    for change in (
        lambda: vocabulary.get("x"),
        lambda: vocabulary.rename("x", "wave"),
        lambda: vocabulary.describe("x", text("wave")),
        lambda: vocabulary.remove("x"),
    ):
        with pytest.raises(UnknownActionError, match="'x'"):
            change()


def test_it_starts_from_what_was_kept():
    actions = [Action(str(i), name, (name,), "user", {"n": i}) for i, name in enumerate(("wave", "bow"))]
    vocabulary = Vocabulary(actions, version=5)
    assert vocabulary.actions == tuple(actions)
    assert vocabulary.version == 5
    with pytest.raises(DuplicateActionError):
        Vocabulary([actions[0], Action("9", "WAVE", ("x",), "user")])
    with pytest.raises(DuplicateActionError):
        Vocabulary([actions[0], Action("0", "other", ("x",), "user")])
    with pytest.raises(CapacityError):
        Vocabulary(actions, capacity=1)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "rename", "describe", "remove"]),
            st.sampled_from("aAäbBcd"),
            st.integers(0, 5),
        ),
        max_size=40,
    )
)
def test_names_and_ids_stay_unique_whatever_happens(changes: list[tuple[str, str, int]]):
    counter = itertools.count()
    vocabulary = Vocabulary(capacity=3, new_id=lambda: str(next(counter)))
    version = 0
    for kind, name, index in changes:
        target = vocabulary.actions[index].id if index < len(vocabulary) else "none"
        before = vocabulary.actions
        try:
            if kind == "add":
                vocabulary.add(text(name))
            elif kind == "rename":
                vocabulary.rename(target, name)
            elif kind == "describe":
                vocabulary.describe(target, text(name))
            else:
                vocabulary.remove(target)
            version += 1
        except VocabularyError:
            assert vocabulary.actions == before
        assert vocabulary.version == version
        actions = vocabulary.actions
        assert (
            len({name_key(action.name) for action in actions})
            == len({a.id for a in actions})
            == len(actions)
            <= 3
        )
        assert all(
            vocabulary.find(action.name) == action == vocabulary.get(action.id) for action in actions
        )
