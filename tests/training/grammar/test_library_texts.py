import re

from engine.text.library import LibraryEntry, builtin_library
from training.grammar import PRIMITIVES
from training.grammar.library_texts import library_texts


def entry(
    name: str, *names: str, complete: str = "A complete one.", skeleton: str = "By joints."
) -> LibraryEntry:
    return LibraryEntry(name=name, paraphrases=names, complete=complete, skeleton=skeleton)


def test_an_entry_of_a_primitives_name_speaks_of_it() -> None:
    found = library_texts(PRIMITIVES, [entry("bow", "take a bow")])
    assert found[("bow", "")] == ("A complete one.", "By joints.", "bow", "take a bow")


def test_one_common_paraphrase_is_not_enough() -> None:
    assert library_texts(PRIMITIVES, [entry("greet the emperor", "bow")]) == {}


def test_sentences_that_name_a_side_are_left_out() -> None:
    found = library_texts(PRIMITIVES, [entry("wave", complete="The right hand waves.")])
    assert found
    assert all("The right hand waves." not in texts for texts in found.values())
    assert {side for key, side in found if key == "wave"} == {"left", "right"}


def test_the_builtin_library_speaks_of_most_primitives() -> None:
    found = library_texts(PRIMITIVES, builtin_library().entries)
    assert len({key for key, _ in found}) > 200
    assert set(found) <= {(p.key, side) for p in PRIMITIVES.values() for side in p.sides}
    assert not any(re.search(r"\b(left|right)\b", text) for texts in found.values() for text in texts)
