import json
from pathlib import Path

import numpy as np
import pytest

from streams.skeleton.errors import DataError
from tests.training.small_data import HashEncoder
from training.texts import class_texts, drawn_text, read_descriptions

ENTRY = {"names": ["wave", "wave left"], "complete": "The left hand waves.", "skeleton": "It swings."}


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_every_text_of_a_class_is_there_once(tmp_path: Path) -> None:
    descriptions = read_descriptions(write(tmp_path / "d.json", {"wave": ENTRY}))
    texts = class_texts(["wave", "hop"], HashEncoder(), descriptions=descriptions)
    assert texts.texts == (("wave", "wave left", "The left hand waves.", "It swings."), ("hop",))
    assert [f.shape for f in texts.features] == [(4, 384), (1, 384)]


def test_mirrored_features_are_those_of_the_mirrored_texts(tmp_path: Path) -> None:
    descriptions = read_descriptions(write(tmp_path / "d.json", {"wave": ENTRY}))
    texts = class_texts(["wave"], HashEncoder(), descriptions=descriptions)
    wanted = HashEncoder().encode(["wave", "wave right", "The right hand waves.", "It swings."])
    np.testing.assert_allclose(texts.mirrored[0], wanted, atol=1e-6)
    np.testing.assert_allclose(texts.features[0][[0, 3]], wanted[[0, 3]], atol=1e-6)


def test_class_rows_are_unit_and_of_the_right_texts(tmp_path: Path) -> None:
    descriptions = read_descriptions(write(tmp_path / "d.json", {"wave": ENTRY}))
    texts = class_texts(["wave", "hop"], HashEncoder(), descriptions=descriptions)
    np.testing.assert_allclose(np.linalg.norm(texts.described, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(texts.named, HashEncoder().encode(["wave", "hop"]), atol=1e-6)
    np.testing.assert_allclose(texts.described[1], texts.named[1], atol=1e-6)
    mean = texts.features[0].mean(axis=0)
    np.testing.assert_allclose(texts.described[0], mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("content", [[], {}, {"wave": {"names": []}}, {"wave": "text"}])
def test_files_of_another_form_are_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(DataError, match=r"d\.json"):
        read_descriptions(write(tmp_path / "d.json", content))


def test_own_descriptions_can_be_read_and_describe() -> None:
    entries = read_descriptions()
    assert len(entries) > 100
    for name, entry in entries.items():
        assert entry.complete, name
        assert entry.skeleton, name
        assert len(set(entry.phrases)) == len(entry.phrases), name


def test_drawn_text_is_a_row_or_a_unit_mean_of_some() -> None:
    rng, rows = np.random.default_rng(0), np.eye(4, dtype=np.float32)
    single = [drawn_text(rows, rng, most=1) for _ in range(20)]
    assert {row.tobytes() for row in single} <= {row.tobytes() for row in rows}
    mixed = np.stack([drawn_text(rows, rng, most=3) for _ in range(400)])
    np.testing.assert_allclose(np.linalg.norm(mixed, axis=1), 1, atol=1e-6)
    sizes = (mixed > 0).sum(axis=1)
    assert set(sizes.tolist()) == {1, 2, 3}
    assert 0.4 < (sizes == 1).mean() < 0.6
    assert drawn_text(rows[:1], rng, most=5).tolist() == rows[0].tolist()
