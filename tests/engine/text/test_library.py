"""The library finds what is meant, and keeps its hands off what is not."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.text.encoders import TextEncoder
from engine.text.library import LIBRARY_FILE, Library, builtin_library, read_library
from streams.skeleton.errors import DataError

ENTRIES = {
    "raise the left arm": ["left hand up"],
    "raise the right arm": ["right hand up"],
    "throw with the right hand": ["right-handed throw"],
    "front kick": ["karate front kick"],
    "side kick": ["karate side kick"],
    "skating": ["ice skating"],
    "glide": ["skating", "slide like a skater"],
    "jumping jacks": ["star jumps", "side-straddle hop"],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def path(tmp_path: Path, home: Path) -> Path:
    raw = {
        name: {"names": names, "complete": f"Somebody does {name}.", "skeleton": f"Joints do {name}."}
        for name, names in ENTRIES.items()
    }
    (tmp_path / "library.json").write_text(json.dumps(raw), "utf-8")
    return tmp_path / "library.json"


@pytest.fixture
def library(path: Path) -> Library:
    return read_library(path)


class Counting:
    """The real encoder, counting the texts it is given."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.id, self.sha256, self.dim = encoder.id, encoder.sha256, encoder.dim
        self.encoder = encoder
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        return self.encoder.encode(texts)


@pytest.fixture
def counting(minilm: TextEncoder) -> Counting:
    return Counting(minilm)


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("jumping jacks", "jumping jacks"),
        ("Star Jumps", "jumping jacks"),
        ("doing a jumping jack", "jumping jacks"),
        ("raising your LEFT arm", "raise the left arm"),
        ("put left hand up", "raise the left arm"),
        ("throw using the right hand", "throw with the right hand"),
        ("skating", "skating"),
    ],
)
def test_what_means_the_same_is_found(library: Library, minilm: TextEncoder, typed: str, entry: str):
    match = library.match(typed, minilm)
    assert match is not None
    assert match.entry.name == entry
    assert match.phrase in match.entry.phrases
    assert 0.9 <= match.cosine <= 1.0


@pytest.mark.parametrize(
    "typed",
    [
        "throw with left hand",  # nearest is the other hand
        "throw",  # nearest says a side nobody typed
        "lower the left arm",
        "raise the left leg",
        "karate kick",  # two entries are as near
        "fly like a bird",
        "asdfgh",
        "…",
    ],
)
def test_what_means_something_else_is_not(library: Library, minilm: TextEncoder, typed: str):
    assert library.match(typed, minilm) is None


def test_the_same_words_need_no_encoder(library: Library, counting: Counting):
    assert library.match("ICE SKATING", counting) is not None
    assert counting.texts == 0


def test_features_are_computed_once_and_kept(path: Path, home: Path, counting: Counting):
    phrases = sum(1 + len(names) for names in ENTRIES.values())
    library = read_library(path)
    features = library.features(counting)
    library.features(counting)
    texts = phrases + 2 * len(ENTRIES)
    assert features.shape == (phrases, 384)
    assert counting.texts == texts
    np.testing.assert_array_equal(read_library(path).features(counting), features)
    assert counting.texts == texts, "another start must read them from disk"
    assert len(list((home / "models").iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"garbage"])
def test_damaged_features_are_computed_again(path: Path, home: Path, counting: Counting, content: bytes):
    expected = read_library(path).features(counting)
    (kept,) = (home / "models").iterdir()
    kept.write_bytes(content)
    np.testing.assert_array_equal(read_library(path).features(counting), expected)
    assert kept.read_bytes() != content


def test_features_of_another_library_are_not_used(path: Path, home: Path, counting: Counting):
    read_library(path).features(counting)
    raw = json.loads(path.read_text("utf-8"))
    raw["bow"] = raw.pop("skating")
    path.write_text(json.dumps(raw), "utf-8")
    match = read_library(path).match("bowing", counting)
    assert match is not None
    assert match.entry.name == "bow"
    assert len(list((home / "models").iterdir())) == 1, "outdated features go"


def test_a_folder_that_cannot_be_written_only_costs_time(
    library: Library,
    minilm: TextEncoder,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def refuse(*_args: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr("engine.text.library.np.save", refuse)
    assert library.match("put left hand up", minilm) is not None
    assert "read-only" in caplog.text
    assert not list(home.glob("**/*.npy"))


@pytest.mark.parametrize(
    "content", ["", "not json", "[]", "{}", '{"wave": 3}', '{"wave": {"names": []}}', "\udcff"]
)
def test_a_damaged_library_is_refused(path: Path, content: str):
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=r"library\.json"):
        read_library(path)


def test_a_missing_library_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"nothing\.json"):
        read_library(tmp_path / "nothing.json")


def test_the_built_in_library_describes_hundreds_of_actions():
    library = builtin_library()
    assert len(library.entries) >= 300
    for entry in library.entries:
        assert all(text.strip() == text != "" for text in (*entry.phrases, entry.complete, entry.skeleton))
        assert max(map(len, (entry.complete, entry.skeleton))) <= 4000


def test_the_built_in_library_keeps_left_and_right_apart(minilm: TextEncoder):
    library = builtin_library()
    for side, other in (("left", "right"), ("right", "left")):
        for typed in (f"throw with {side} hand", f"wave with my {side} hand", f"kick using the {side} leg"):
            match = library.match(typed, minilm)
            assert match is None or other not in match.phrase.split()
    assert LIBRARY_FILE.is_file()


def test_an_action_the_built_in_library_lacks_is_hardly_ever_taken_for_another(
    minilm: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    full = builtin_library()
    features = full.known(minilm)
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))

    class Remembering:
        id, sha256, dim = "remembering", "0" * 64, 384

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.stack([features[text] for text in texts])

    encoder, taken, asked = Remembering(), 0, 0
    for entry in full.entries[::25]:
        rest = Library(tuple(e for e in full.entries if e is not entry), key=entry.name)
        asked += len(entry.phrases)
        taken += sum(rest.match(phrase, encoder) is not None for phrase in entry.phrases)
    assert taken <= 0.03 * asked
