"""Who, which side, how and what with what: taken apart as people type it."""

import pytest

from engine.text.phrases import compound, names_limb_alone, phrases, wordings


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("Someone waving", "waving"),
        ("a man is jumping", "jumping"),
        ("he jumps", "jumps"),
        ("I'm dancing", "dancing"),
        ("pretending to be a monkey", "monkey"),
        ("do a squat", "squat"),
        ("please clap now", "clap"),
        ("go for a swim", "swim"),
        ("wave at the camera", "wave"),
    ],
)
def test_who_and_fillers_are_left_out(typed: str, bare: str):
    found = wordings(typed)
    assert found[0] == typed.casefold()
    assert bare in found


@pytest.mark.parametrize(
    ("typed", "base", "side", "limb"),
    [
        ("wave the left hand", "wave one hand", "left", "arm"),
        ("punch with my right fist", "punch", "right", "arm"),
        ("kick with both feet", "kick", "both", "leg"),
        ("throw with the other arm", "throw", "left", "arm"),
        ("left uppercut", "uppercut", "left", None),
        ("raise your right knee", "raise one knee", "right", "leg"),
    ],
)
def test_the_side_is_taken_out(typed: str, base: str, side: str, limb: str | None):
    assert any(base in p.bases and (p.side, p.limb) == (side, limb) for p in phrases(typed))


def test_manner_and_way_are_taken_out():
    (first, *_) = phrases("walk very slowly")
    assert (first.bases, first.manner, first.way) == (("walk",), ("slowly",), None)
    found = phrases("run backwards fast with the left arm")
    assert any((p.manner, p.way, p.side) == (("fast",), "backwards", "left") for p in found)


def test_a_limb_first_is_given_a_verb():
    assert any("raise left leg to the side" in p.bases for p in phrases("left leg to the side"))
    assert names_limb_alone("my left hand")
    assert not names_limb_alone("left hand up")


@pytest.mark.parametrize(
    ("typed", "link", "parts"),
    [
        ("jump and clap", "and", ("jump", "clap")),
        ("walk while drinking", "while", ("walk", "drinking")),
        ("sit down, then stand up", "then", ("sit down", "stand up")),
        ("raise left arm and right knee", "and", ("raise left arm", "raise right knee")),
        ("jump up and down and clap", "and", ("jump up and down", "clap")),
        ("squat, jump, clap", "and", ("squat", "jump", "clap")),
    ],
)
def test_actions_are_told_apart(typed: str, link: str, parts: tuple[str, ...]):
    found = compound(typed)
    assert found is not None
    assert (found.link, found.parts) == (link, parts)


@pytest.mark.parametrize(
    "typed", ["jump up and down", "again and again", "wave", "a and b and c and d", "and"]
)
def test_one_action_is_not_split(typed: str):
    assert compound(typed) is None
