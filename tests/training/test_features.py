"""Features of sequences: made alike every time, kept and read back."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from streams.skeleton.window import WindowSpec
from training import features
from training.features import load_features, make_features
from training.make_features import of_run
from training.sequences import Sequences

SPEC = WindowSpec(frames=12, length_s=1.2)


def _sequences(seed: int, labels: list[str], frames: int = 60) -> Sequences:
    rng = np.random.default_rng(seed)
    body = rng.normal(size=(25, 3)).astype(np.float32)
    moving = tuple(
        (body + 0.1 * rng.normal(size=(frames, 25, 3))).astype(np.float32) + np.float32([0, 0, 3])
        for _ in labels
    )
    return Sequences(moving, np.full(len(labels), 30.0), tuple(labels), tuple("s" for _ in labels))


def _embed(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = positions.reshape(len(positions), -1)[:, None, :32]
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _rows(names: object) -> NDArray[np.float32]:
    return np.eye(32, dtype=np.float32)[: len(tuple(names)), None]  # pyright: ignore[reportArgumentType]


def test_features_are_kept_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(features, "MOST_PER_CLASS", 3)
    sequences = _sequences(0, ["bow"] * 5 + ["wave"] * 2)
    made = make_features(sequences, _embed, class_rows=_rows, spec=SPEC, others=_sequences(1, ["hop"] * 4))
    assert made.names.tolist() == ["bow", "wave"]
    assert np.bincount(made.truth).tolist() == [3, 2]
    assert (made.events.shape, made.others.shape) == ((5, 1, 32), (3, 1, 32))
    np.testing.assert_allclose(np.linalg.norm(made.events, axis=-1), 1.0, atol=1e-6)
    for n in range(5):
        mean = made.windows[made.owners == n].mean(axis=0)
        np.testing.assert_allclose(made.events[n], mean / np.linalg.norm(mean), atol=1e-5)
    made.save(tmp_path / "f" / "features.npz")
    read = load_features(tmp_path / "f" / "features.npz")
    np.testing.assert_array_equal(read.events, made.events)
    np.testing.assert_array_equal(read.names, made.names)


def test_a_file_that_holds_no_features_is_refused(tmp_path: Path):
    path = tmp_path / "features.npz"
    for content in (None, b"nothing", b""):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError, match="wanted features of an encoder"):
            load_features(path)


def test_a_folder_without_a_run_has_no_features(tmp_path: Path):
    with pytest.raises(DataError, match="wanted the folder of a training run"):
        of_run(tmp_path)
