"""Words that decide where features cannot."""

import pytest

from engine.text.wording import contradicts, wording_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("throw with left hand", "throw with right hand"),
        ("wave", "wave the left hand"),
        ("raise both arms", "raise the left arm"),
        ("jump up", "jump down"),
        ("step forward", "step backwards"),
        ("walk backwards", "walk sideways"),
        ("open a door", "close the door"),
        ("sit down", "lie down"),
        ("raise the arm", "lower the arm"),
        ("kick with the foot", "strike with the fist"),
        ("raise the leg", "raise the hand"),
        ("put on a hat", "take off a hat"),
        ("jump on two legs", "jump on one leg"),
        ("push a box", "pull a box"),
        ("throw a ball", "catch a ball"),
        ("Turn LEFT!", "turn right"),
    ],
)
def test_opposites_contradict_each_other(one: str, other: str):
    assert contradicts(one, other)
    assert contradicts(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("throw with the left hand", "left-handed throw"),
        ("wave the hand", "wave the arm"),
        ("sit down", "take a seat"),
        ("squat", "bend the knees"),
        ("raise an arm", "lift the hand"),
        ("run on the spot", "jog in place"),
        ("copyright", "copy"),
    ],
)
def test_other_words_for_the_same_do_not(one: str, other: str):
    assert not contradicts(one, other)
    assert not contradicts(other, one)


@pytest.mark.parametrize(
    "same",
    [
        ("do push-ups", "push ups", "Pushups", "doing a pushup", "pushing up"),
        ("wave the right hand", "waving right hand", "wave your right hand"),
        ("clap your hands", "clapping hands", "clap hands"),
        ("scratch the head", "scratching my head"),
        ("running", "run", "runs"),
        ("jumping jack", "jumping jacks", "jump jacks"),
        ("fall", "falling", "falls"),
        ("cross the arms", "crossing arms"),
    ],
)
def test_endings_and_articles_make_no_difference(same: tuple[str, ...]):
    assert len({wording_key(text) for text in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("kick", "kiss"), ("high jump", "jump high"), ("walk", "wave"), ("sing", "sit")]
)
def test_other_words_differ(one: str, other: str):
    assert wording_key(one) != wording_key(other)


def test_articles_alone_have_no_key():
    assert wording_key("the one's") == wording_key("…") == ""
