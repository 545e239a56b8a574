"""The descriptions of the training classes as a file: their form, and no class left out."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.text.names import check_name, name_key
from training.datasets.packed import load_packed
from training.texts import DESCRIPTIONS

ENTRIES: dict[str, dict[str, Any]] = json.loads(DESCRIPTIONS.read_text("utf-8"))
SHARED = Path(os.environ.get("ANYMOVE_SHARED", Path(__file__).parents[3] / "shared"))


def test_the_file_is_written_in_its_one_way() -> None:
    wanted = json.dumps(ENTRIES, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert DESCRIPTIONS.read_text("utf-8") == wanted


@pytest.mark.parametrize("label", ENTRIES)
def test_class_has_the_agreed_form(label: str) -> None:
    entry = ENTRIES[label]
    assert set(entry) == {"names", "complete", "skeleton"}
    assert label == label.casefold() == entry["names"][0]
    assert 8 <= len(entry["names"]) <= 12
    assert [check_name(name) for name in entry["names"]] == entry["names"]
    assert 12 <= len(entry["complete"].split()) <= 32
    assert 12 <= len(entry["skeleton"].split()) <= 40
    for text in (*entry["names"], entry["complete"], entry["skeleton"]):
        assert text
        assert text == text.strip()
        assert text.isascii()
    assert entry["complete"].endswith(".")
    assert entry["skeleton"].endswith(".")


def test_no_name_means_two_classes() -> None:
    counts = Counter(name_key(name) for entry in ENTRIES.values() for name in entry["names"])
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_sentence_serves_two_classes() -> None:
    counts = Counter(entry[kind] for entry in ENTRIES.values() for kind in ("complete", "skeleton"))
    assert [sentence for sentence, count in counts.items() if count > 1] == []


@pytest.mark.shared
def test_every_class_of_the_open_sets_is_described() -> None:
    folder = SHARED / "data" / "open"
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        pytest.skip(f"no motion sets in {folder}; ANYMOVE_SHARED names another shared folder")
    labels = {label for path in paths for label in load_packed(path).labels}
    assert sorted(labels - ENTRIES.keys()) == []
