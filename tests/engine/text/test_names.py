"""Names as they are kept, and names that are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.names import MAX_NAME_CHARACTERS, check_name, name_key
from streams.skeleton.errors import ActionNameError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("wave", "wave"),
        ("  fly   like\ta\n bird ", "fly like a bird"),
        ("e\u0301tirement", "étirement"),
        ("Hände\u00a0hoch", "Hände hoch"),
        ("挥手", "挥手"),
        ("👋 hello", "👋 hello"),
        ("می\u200cدود", "می\u200cدود"),
        ("x" * 80, "x" * 80),
    ],
)
def test_a_name_is_kept_tidy(typed: str, kept: str):
    assert check_name(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "\n\t ", "\u200d", "\u00a0"])
def test_nothing_is_no_name(typed: str):
    with pytest.raises(ActionNameError, match="got nothing"):
        check_name(typed)


@pytest.mark.parametrize("length", [81, 10_000])
def test_a_long_name_is_refused_without_being_repeated(length: int):
    with pytest.raises(ActionNameError, match=f"at most 80 characters, got {length}") as caught:
        check_name("x" * length)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\u202e", "\ud800", "\ufeff", "\ue000", "\u2066"])
def test_characters_nobody_can_see_are_refused(bad: str):
    with pytest.raises(ActionNameError, match=f"U\\+{ord(bad):04X}") as caught:
        check_name(f"wave{bad}hand")
    assert bad not in str(caught.value)


@pytest.mark.parametrize("bad", [None, 3, ["wave"], b"wave"])
def test_what_is_no_text_is_refused(bad: object):
    with pytest.raises(ActionNameError, match="as text"):
        check_name(bad)  # pyright: ignore[reportArgumentType]


@given(st.text(max_size=120))
def test_whatever_is_typed_a_name_is_kept_or_refused(typed: str):
    try:
        kept = check_name(typed)
    except ActionNameError:
        return
    assert 1 <= len(kept) <= MAX_NAME_CHARACTERS
    assert kept == unicodedata.normalize("NFC", kept)
    assert kept == check_name(kept)
    assert name_key(kept) == name_key(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wave", "wave"),
        ("étirement", "etirement"),
        ("E\u0301TIREMENT", "étirement"),
        ("STRASSE", "Straße"),
        ("wave  hand", "Wave Hand"),
        ("ｗａｖｅ", "wave"),
        ("Ёлка", "елка"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
    ],
)
def test_names_that_look_alike_are_the_same(one: str, other: str):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("wave", "waves"), ("left", "right"), ("か", "が"), ("कि", "का")]
)
def test_other_names_are_others(one: str, other: str):
    assert name_key(one) != name_key(other)
