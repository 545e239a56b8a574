import numpy as np
import pytest

from training.grammar.primitive import Move, Primitive
from training.grammar.sentences import expand, gerund, opposites, sentences, swap_sides, third_person

WAVE = Primitive(
    key="wave",
    phrases=("~wave", "~wave {hand}", "~wave hello{w:hand}"),
    moves=(Move(),),
    sided=True,
    both=("~wave {hand}",),
    parts=("{hand} ~swing beside the head",),
)


def every(phrase, **how):
    rng = np.random.default_rng(0)
    return {expand(phrase, rng, **how) for _ in range(60)}


@pytest.mark.parametrize(
    ("verb", "doing", "does"),
    [
        ("wave", "waving", "waves"),
        ("clap", "clapping", "claps"),
        ("lie", "lying", "lies"),
        ("carry", "carrying", "carries"),
        ("play", "playing", "plays"),
        ("push", "pushing", "pushes"),
        ("row", "rowing", "rows"),
        ("do", "doing", "does"),
        ("tiptoe", "tiptoeing", "tiptoes"),
    ],
)
def test_verbs_take_their_english_forms(verb, doing, does):
    assert gerund(verb) == doing
    assert third_person(verb) == does


def test_slots_tell_the_side_only_when_asked():
    assert every("~wave {hand}", side="left", told=True) == {
        "wave the left hand",
        "wave your left hand",
        "wave left hand",
    }
    assert not any("left" in text for text in every("~wave {hand}", side="left", told=False))
    assert "wave both hands" in every("~wave {hand}", side="both", told=False)
    assert every("~wave{w:hand}", side="right", told=False) == {"wave"}
    assert every("~swipe {o}", side="right", told=True) == {"swipe left"}


def test_forms_are_commands_gerunds_and_people():
    assert every("~wave", side="left", told=False, form="gerund") == {"waving"}
    people = every("~touch your nose", side="", told=False, form="person")
    assert "he touches his nose" in people
    assert "someone is touching their nose" in people
    assert not any("your" in text for text in people)
    assert every("{hand} ~swing", side="left", told=True, form="part") == {
        "the left hand swings",
        "left hand swings",
    }


def test_the_bare_name_comes_first_and_sides_are_told_among_the_rest():
    texts = sentences(WAVE, "left", np.random.default_rng(0))
    assert texts[0] == "wave"
    assert any("left" in text for text in texts)
    assert len(set(texts)) == len(texts)


def test_swapping_sides_is_its_own_inverse_and_spares_other_words():
    text = "touch the right foot with the left hand, upright and bright"
    assert swap_sides(text) == "touch the left foot with the right hand, upright and bright"
    assert swap_sides(swap_sides(text)) == text


def test_opposites_change_one_word():
    rng = np.random.default_rng(0)
    assert opposites((("up", "down"),), ("look up",), rng) == ["look down"]
    assert opposites((("up", "down"),), ("pick a cup",), rng) == []
