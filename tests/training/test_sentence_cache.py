from pathlib import Path

import numpy as np
import pytest

from tests.training.small_data import HashEncoder
from training.sentence_cache import SentenceCache


class Counting(HashEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts):  # type: ignore[no-untyped-def]
        self.asked += texts
        return super().encode(texts)


TEXTS = ["wave", "bow", "wave", "squat"]


def test_rows_are_the_encoders_and_each_sentence_is_asked_once(tmp_path: Path) -> None:
    encoder = Counting()
    cache = SentenceCache(encoder, tmp_path)
    wanted = HashEncoder().encode(TEXTS)
    for _ in range(2):
        np.testing.assert_allclose(cache.encode(TEXTS), wanted, atol=1e-3)
    assert sorted(encoder.asked) == ["bow", "squat", "wave"]
    assert cache.encode([]).shape == (0, encoder.dim)


def test_what_was_saved_is_known_next_time(tmp_path: Path) -> None:
    first = SentenceCache(HashEncoder(), tmp_path / "new")
    rows = first.encode(TEXTS)
    first.save()
    encoder = Counting()
    np.testing.assert_array_equal(SentenceCache(encoder, tmp_path / "new").encode(TEXTS), rows)
    assert encoder.asked == []
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    made = SentenceCache(HashEncoder(), tmp_path)
    made.encode(TEXTS)
    made.save()
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    again = SentenceCache(HashEncoder(), tmp_path)
    again.encode(TEXTS)
    again.save()
    encoder = Counting()
    SentenceCache(encoder, tmp_path).encode(TEXTS)
    assert encoder.asked == []
