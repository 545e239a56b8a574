import re
from collections import Counter
from itertools import combinations

import pytest
import torch

from streams.skeleton.errors import DataError
from tests.training.small_data import HashEncoder
from training.benchmarks import class_names
from training.lab.semantics import (
    PARTS,
    SideInformation,
    read_benchmark_information,
    read_side_information,
    semantics,
)
from training.texts import DESCRIPTIONS, read_descriptions

TEXTS = read_benchmark_information()
ALL = read_side_information()
ONE_SIDED = {"shaking hands"}
"""Custom says which hand."""


@pytest.mark.parametrize("data", ["ntu60", "ntu120", "pku-mmd"])
def test_every_class_of_the_benchmarks_is_described(data: str) -> None:
    assert set(class_names(data)) <= set(TEXTS)


def test_every_class_of_the_open_sets_has_parts_and_stages() -> None:
    assert sorted(read_descriptions(DESCRIPTIONS).keys() - ALL.keys()) == []


def sentences(entry: SideInformation) -> list[str]:
    return [entry.complete, entry.skeleton, *entry.parts, *entry.space, *entry.time]


@pytest.mark.parametrize("entry", ALL.values(), ids=list(ALL))
def test_sentences_are_whole_and_of_a_length_an_encoder_reads(entry: SideInformation) -> None:
    for sentence in sentences(entry):
        assert re.fullmatch(r"[A-Z].+\.", sentence), sentence
        assert 2 <= len(sentence.split()) <= 40, sentence
    assert len(entry.complete.split()) >= 6
    assert len(entry.skeleton.split()) >= 9
    assert len({*entry.space, *entry.time}) == 6


@pytest.mark.parametrize("texts", [TEXTS, ALL], ids=["benchmarks", "all"])
@pytest.mark.parametrize("field", ["complete", "skeleton", "parts", "space", "time"])
def test_no_two_classes_are_told_alike(texts: dict[str, SideInformation], field: str) -> None:
    counts = Counter(getattr(entry, field) for entry in texts.values())
    assert [told for told, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("told", ["skeleton", "space", "time"])
def test_neighbours_differ_by_more_than_a_word(told: str) -> None:
    words = {
        name: " ".join([text] if isinstance(text := getattr(entry, told), str) else text).split()
        for name, entry in ALL.items()
    }
    bags = {name: Counter(text) for name, text in words.items()}
    alike = [
        (a, b)
        for a, b in combinations(words, 2)
        if 2 * (bags[a] & bags[b]).total() >= 0.93 * (len(words[a]) + len(words[b]))
    ]
    assert alike == []


def test_no_side_is_claimed_where_the_data_has_both() -> None:
    # People use either hand; only what the class itself fixes may name a side.
    for entry in ALL.values():
        if entry.name not in ONE_SIDED:
            text = " ".join([*entry.parts, *entry.space, *entry.time])
            assert not re.search(r"\b(left|right) (hand|arm|leg|foot|knee|elbow|side)\b", text), entry.name


def test_a_side_is_never_named_without_the_other() -> None:
    for entry in ALL.values():
        for text in sentences(entry) if entry.name not in ONE_SIDED else ():
            lower = re.sub(
                r"right (angle|round|down)|(all|come) right|(has|have) left|\bleft (?=off|the|where)",
                "",
                text.lower(),
            )
            sides = {side for side in ("left", "right") if re.search(rf"\b{side}\b", lower)}
            assert len(sides) != 1, (entry.name, text)


def test_each_part_speaks_of_its_part() -> None:
    words = {
        "head": "head|face|gaze|neck|eyes",
        "hands": "hand|palm|fist|finger|thumb|knuckle",
        "arms": "arm|elbow|shoulder",
        "hips": "hip|trunk|pelvis|waist",
        "legs": "leg|knee|thigh|shin|weight",
        "feet": "foot|feet|heel|toe|step|sole|ankle",
    }
    for entry in ALL.values():
        for part, sentence in zip(PARTS, entry.parts, strict=True):
            assert re.search(words[part], sentence.lower()), (entry.name, sentence)


def test_features_have_the_shapes_the_methods_want() -> None:
    names = class_names("ntu60")[:4]
    found = semantics(names, HashEncoder(), texts=TEXTS)
    assert found.parts.shape == (4, 6, 384)
    assert found.space.shape == found.time.shape == (4, 3, 384)
    torch.testing.assert_close(found.time.norm(dim=-1), torch.ones(4, 3))
    some = found.of([2, 0])
    assert some.names == (names[2], names[0])
    torch.testing.assert_close(some.parts[1], found.parts[0])


def test_verb_and_noun_share_out_the_name() -> None:
    assert (TEXTS["drink water"].verb, TEXTS["drink water"].noun) == ("drink", "water")
    assert (TEXTS["hopping"].verb, TEXTS["hopping"].noun) == ("hopping", "hopping")


def test_a_class_without_texts_is_named() -> None:
    with pytest.raises(DataError, match="fly"):
        semantics(["fly"], HashEncoder(), texts=TEXTS)
