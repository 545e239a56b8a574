"""One slip is put right, words that are right are left alone."""

import pytest

from engine.text.library import builtin_library
from engine.text.spelling import Speller


@pytest.fixture(scope="module")
def speller() -> Speller:
    return builtin_library().speller


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sqaut", "squat"),
        ("jumpping jacks", "jumping jacks"),
        ("clapp", "clap"),
        ("bakcstroke", "backstroke"),
        ("volleybal serve", "volleyball serve"),
        ("Macarana", "macarena"),
    ],
)
def test_a_slip_is_put_right(speller: Speller, typed: str, meant: str):
    assert speller.corrected(typed) == meant


@pytest.mark.parametrize(
    "typed", ["squat", "wave", "pinch", "wade", "fart", "dive", "xx", "qwrtzp", "", "👋"]
)
def test_other_words_are_left_alone(speller: Speller, typed: str):
    assert speller.corrected(typed) is None


def test_a_word_near_two_others_is_left_alone():
    assert Speller(["planks", "planes"]).corrected("planzs") is None


def test_no_phrase_of_the_library_is_corrected(speller: Speller):
    phrases = [phrase for entry in builtin_library().entries for phrase in entry.phrases]
    wrong = {
        phrase: better for phrase in phrases if (better := speller.corrected(phrase.replace("-", " ")))
    }
    assert wrong == {}


def test_whether_a_word_is_known(speller: Speller):
    assert speller.knows_one("asdfgh jump")
    assert not speller.knows_one("asdfgh")
