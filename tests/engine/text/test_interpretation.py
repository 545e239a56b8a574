"""What people type finds what they mean, left stays left, and what means something else finds nothing."""

import re

import pytest

from bench.typed_names import read_names
from engine.text.descriptions import describe
from engine.text.encoders import TextEncoder
from engine.text.interpretation import Meaning, interpret
from engine.text.library import builtin_library


def meaning(name: str, encoder: TextEncoder) -> Meaning:
    found = interpret(name, encoder, builtin_library())
    assert found is not None, name
    return found


def names(found: Meaning) -> str:
    return " + ".join(entry.name for entry in found.entries)


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("punch", "punch"),
        ("someone swimming", "swim"),
        ("throwing the ball", "throw a ball"),
        ("👏", "clap"),
        ("sqaut", "squat"),
        ("be a kangaroo", "jump like a kangaroo"),
        ("wave the other hand", "wave the left hand"),
        ("left leg to the side", "raise the left leg to the side"),
        ("throw a ball far with the left arm", "throw a ball"),
        ("jump and clap", "jump + clap"),
        ("walk while drinking", "walk + drink"),
        ("raise left arm and right knee", "raise the left arm + lift the right knee"),
    ],
)
def test_what_is_typed_finds_what_is_meant(minilm: TextEncoder, typed: str, entry: str):
    assert names(meaning(typed, minilm)) == entry


@pytest.mark.parametrize(
    "typed",
    [
        "clap with the left hand",
        "jump with the left arm",
        "arm",
        "left hand",
        "winken",
        "asdf",
        "!!",
        "do it",
    ],
)
def test_what_the_library_has_not_finds_nothing(minilm: TextEncoder, typed: str):
    assert interpret(typed, minilm, builtin_library()) is None


@pytest.mark.parametrize("side", ["left", "right"])
def test_no_text_of_a_sided_name_tells_the_other_side_instead(minilm: TextEncoder, side: str):
    other = {"left": "right", "right": "left"}[side]
    for entry in builtin_library().entries[::8]:
        for limb in ("hand", "leg"):
            found = interpret(f"{entry.name} with the {side} {limb}", minilm, builtin_library())
            if found is None or len(found.entries) > 1:
                continue
            for text in (*found.wordings, *found.sentences):
                told = re.findall(r"\b(left|right)\b", text)
                assert told, text
                if entry in found.entries:
                    assert side in told, text
                    assert not re.search(rf"\b{side} {limb}.*\bwith the {other} {limb}", text), text
                    assert not re.search(r"\bone (hand|arm|wrist|elbow)\b.*\bone \1\b", text), text


def test_both_is_never_one_side(minilm: TextEncoder):
    found = meaning("punch with both hands", minilm)
    assert all("both hands" in text for text in (*found.wordings, *found.sentences))
    assert not any(re.search(r"\b(left|right|one)\b", text) for text in found.wordings)


def test_manner_is_told_in_every_text(minilm: TextEncoder):
    found = meaning("drink slowly", minilm)
    assert all(text.rstrip(".").endswith("slowly") for text in (*found.wordings, *found.sentences))
    assert "drink slowly" in found.wordings


def test_actions_in_turn_are_told_in_turn(minilm: TextEncoder):
    found = meaning("sit down then stand up", minilm)
    assert found.wordings[0] == "first sit down, then stand up"
    assert all(" Then: " in text for text in found.sentences)


def test_a_description_says_how_it_was_read(minilm: TextEncoder):
    text = describe("jumpign jacks", minilm)
    assert (text.name, text.read_as, text.matched) == ("jumpign jacks", "jumping jacks", "jumping jacks")
    assert not describe("wink", minilm).visible


def test_most_of_what_people_type_is_found_and_hardly_anything_wrongly(minilm: TextEncoder):
    """Every fourth line of the bench's list; the bench reports all of it."""
    found = [(typed, right, describe(typed, minilm).matched or "-") for typed, right in read_names()[::4]]
    matched = [said in right for _, right, said in found if said != "-"]
    wanted = [said in right for _, right, said in found if "-" not in right]
    assert sum(matched) >= 0.97 * len(matched)
    assert sum(wanted) >= 0.93 * len(wanted)
