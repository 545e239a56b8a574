"""What the words alone give away, and what they must not."""

import pytest

from engine.text.library import builtin_library
from engine.text.names import MAX_NAME_CHARACTERS
from engine.text.screening import WORDS_FILE, hidden_notice, in_english, plain, screen


def codes(name: str) -> list[str]:
    return [notice.code for notice in screen(name)]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("<b>wave</b>", "markup"),
        ("<script>alert(1)</script>", "markup"),
        ("https://example.org/wave", "markup"),
        ("👋", "symbols"),
        ("1234 !?", "symbols"),
        ("you idiot", "insult"),
        ("mit der linken Hand winken", "language"),
        ("sauter", "language"),
        ("levantar los brazos", "language"),
        ("прыгать", "language"),
        ("跳", "language"),
        ("ジャンプ", "language"),
        ("تلويح", "language"),
        ("hüpfen", "language"),
        ("winking", "hidden"),
        ("roll the eyes", "hidden"),
        ("wiggle your fingers", "hidden"),
        ("typing", "hidden"),
        ("being happy", "hidden"),
        ("talk to a friend", "hidden"),
        ("do something", "vague"),
        ("exercise", "vague"),
        ("moving the body", "vague"),
        ("lift the left arm and then the right arm and then both arms together", "long"),
    ],
)
def test_what_will_not_work_is_said(name: str, code: str):
    (notice,) = screen(name)
    assert notice.code == code
    assert notice.message.endswith(".")
    assert len(notice.message) < 250


@pytest.mark.parametrize(
    "name",
    [
        "wave",
        "jumping jacks",
        "ballet plié",
        "touch your nose",
        "salsa",
        "karate chop",
        "do a cartwheel",
        "dance like a robot",
        "draw an A in the air",
    ],
)
def test_plain_names_pass(name: str):
    assert codes(name) == []


def test_no_name_of_the_library_is_taken_for_foreign_or_an_insult():
    for entry in builtin_library().entries:
        for phrase in entry.phrases:
            assert not {"markup", "symbols", "insult", "language", "long"}.intersection(codes(phrase)), (
                phrase
            )


@pytest.mark.parametrize(
    ("name", "english"),
    [("winken", "wave"), ("mit dem Arm winken", None), ("saltar", "jump"), ("wave", None), ("", None)],
)
def test_common_foreign_verbs_are_translated(name: str, english: str | None):
    assert in_english(name) == english


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("👋", "waving hand"),
        ("Wave 👋🏽!", "Wave waving hand"),
        ("<b>wave</b>", "wave"),
        ("push-ups & sit-ups", "push-ups sit-ups"),
        ("!?", ""),
    ],
)
def test_emoji_become_words(name: str, words: str):
    assert plain(name) == words


def test_where_a_hidden_action_happens_is_told_from_its_words():
    assert "face" in hidden_notice("stick out the tongue").message
    assert "fingers" in hidden_notice("OK sign").message


def test_the_longest_name_is_screened_fast_enough_to_type():
    for name in ("<" * MAX_NAME_CHARACTERS, "a " * (MAX_NAME_CHARACTERS // 2), "ä" * MAX_NAME_CHARACTERS):
        screen(name)
    assert WORDS_FILE.stat().st_size < 50_000
