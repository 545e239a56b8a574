"""The built-in library as a file: its form, no name twice, left and right each other's mirror."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.text.library import BODY_PARTS, LIBRARY_FILE, builtin_library
from engine.text.names import check_name, name_key
from engine.text.wording import wording_key

ENTRIES: dict[str, dict[str, Any]] = json.loads(LIBRARY_FILE.read_text("utf-8"))
_SIDES = {"left": "right", "right": "left"}


def phrases(name: str) -> list[str]:
    return [name, *ENTRIES[name]["names"]]


def texts(name: str) -> list[str]:
    return [*phrases(name), ENTRIES[name]["complete"], ENTRIES[name]["skeleton"]]


def details(name: str) -> list[str]:
    """Six sentences on body parts, three from coarse to fine, three from beginning to end."""
    entry = ENTRIES[name]
    return [*(entry["parts"][part] for part in BODY_PARTS), *entry["space"], *entry["time"]]


def other_side(text: str) -> str:
    return re.sub(r"\b(left|right)", lambda found: _SIDES[found[0]], text)


def sided(text: str) -> bool:
    return re.search(r"\b(left|right)", text.casefold()) is not None


def test_the_file_is_written_in_its_one_way() -> None:
    wanted = json.dumps(ENTRIES, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert LIBRARY_FILE.read_text("utf-8") == wanted


def test_no_key_comes_twice() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(key for key, _ in pairs)
        assert max(counts.values()) == 1, counts.most_common(3)
        return dict(pairs)

    json.loads(LIBRARY_FILE.read_text("utf-8"), object_pairs_hook=once)


def test_the_library_is_large_enough() -> None:
    assert len(ENTRIES) >= 420


def test_the_program_reads_every_entry() -> None:
    found = {entry.name: entry for entry in builtin_library().entries}
    assert found.keys() == ENTRIES.keys()
    for name, entry in found.items():
        assert [*entry.phrases, entry.complete, entry.skeleton] == texts(name)
        assert [*entry.parts, *entry.space, *entry.time] == details(name)


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_has_the_agreed_form(name: str) -> None:
    entry = ENTRIES[name]
    assert set(entry) == {"names", "complete", "skeleton", "visible", "parts", "space", "time"}
    assert set(entry["parts"]) == set(BODY_PARTS)
    assert (len(entry["space"]), len(entry["time"])) == (3, 3)
    assert isinstance(entry["visible"], bool)
    assert 4 <= len(entry["names"]) <= 10
    assert [check_name(phrase) for phrase in phrases(name)] == phrases(name)
    assert 12 <= len(entry["complete"].split()) <= 32
    assert 12 <= len(entry["skeleton"].split()) <= 40
    for sentence in (entry["complete"], entry["skeleton"]):
        assert sentence == sentence.strip()
        assert sentence.endswith(".")


@pytest.mark.parametrize("name", ENTRIES)
def test_details_are_sentences_that_name_a_side_only_where_the_action_does(name: str) -> None:
    for sentence in details(name):
        assert sentence.endswith(".")
        assert 4 <= len(sentence.split()) <= 22, sentence
        assert not sided(sentence) or any(map(sided, texts(name))), sentence


def test_no_detail_is_said_of_many_actions() -> None:
    counts = Counter(sentence for name in ENTRIES for sentence in details(name))
    assert max(counts.values()) <= 3, counts.most_common(3)


@pytest.mark.parametrize("name", ENTRIES)
def test_text_is_plain_ascii(name: str) -> None:
    for text in (*texts(name), *details(name)):
        assert text.isascii(), text
        assert text.isprintable(), text
        assert "  " not in text, text
        assert '"' not in text, text


def test_no_phrase_means_two_entries() -> None:
    owners: dict[str, set[str]] = {}
    for name in ENTRIES:
        for phrase in phrases(name):
            owners.setdefault(name_key(phrase), set()).add(name)
            owners.setdefault(f"wording {wording_key(phrase)}", set()).add(name)
    assert {phrase: names for phrase, names in owners.items() if len(names) > 1} == {}


def test_no_phrase_comes_twice() -> None:
    counts = Counter(name_key(phrase) for name in ENTRIES for phrase in phrases(name))
    assert [phrase for phrase, count in counts.items() if count > 1] == []


def test_no_sentence_serves_two_entries() -> None:
    counts = Counter(entry[kind] for entry in ENTRIES.values() for kind in ("complete", "skeleton"))
    assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_only_sided_actions_name_a_side() -> None:
    assert [name for name in ENTRIES if not sided(name) and any(map(sided, texts(name)))] == []


@pytest.mark.parametrize("name", [name for name in ENTRIES if sided(name)])
def test_left_and_right_twins_differ_in_the_side_alone(name: str) -> None:
    twin = other_side(name)
    assert twin in ENTRIES
    assert [other_side(text) for text in texts(name)] == texts(twin)
    assert ENTRIES[name]["visible"] == ENTRIES[twin]["visible"]


def test_the_file_is_part_of_the_package() -> None:
    assert Path("engine", "text", "data", "library.json").parts == LIBRARY_FILE.parts[-4:]
    assert sorted(path.name for path in LIBRARY_FILE.parent.iterdir()) == ["library.json", "words.json"]
