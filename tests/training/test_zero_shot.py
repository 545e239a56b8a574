from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.skeleton.window import WindowSpec
from tests.training.small_data import write_packed
from training.datasets.packed import load_packed
from training.sequences import Sequences, joined
from training.zero_shot import accuracies, scores, sequence_embeddings

LABELS = ["arm", "leg", "arm", "squat"]


@pytest.fixture
def sequences(tmp_path: Path) -> Sequences:
    return joined([load_packed(write_packed(tmp_path / "a.npz", LABELS, frames=200))])


def swing(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far the right hand and the right foot go: a fake encoder of two dimensions."""
    span = np.ptp(positions[:, 0, :, :, 1], axis=1)[:, [11, 19]] + 1e-3
    return (span / np.linalg.norm(span, axis=1, keepdims=True)).astype(np.float32)[:, None]


def test_a_sequence_is_the_unit_mean_of_its_windows(sequences: Sequences) -> None:
    spec = WindowSpec()
    rows = sequence_embeddings(sequences, swing, spec=spec, hop_s=0.5)
    assert rows.shape == (4, 1, 2)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, atol=1e-5)
    alone = sequence_embeddings(sequences.where([False, True, False, False]), swing, spec=spec, hop_s=0.5)
    np.testing.assert_allclose(rows[1:2], alone, atol=1e-6)


def test_an_encoder_that_sees_the_moving_limb_is_scored_right(sequences: Sequences) -> None:
    two = sequences.where([True, True, True, False])
    rows = sequence_embeddings(two, swing, spec=WindowSpec())
    table = scores(rows, np.eye(2, dtype=np.float32)[:, None])
    assert accuracies(table, two) == {"top1": 1.0, "top5": 1.0, "balanced": 1.0}
    assert accuracies(-table, two)["top1"] == 0.0


def test_scores_are_the_mean_cosine_over_parts() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(n, 2, 5)).astype(np.float32) for n in (3, 4))
    slow = [[(x[0] @ y[0] + x[1] @ y[1]) / 2 for y in b] for x in a]
    np.testing.assert_allclose(scores(a, b), slow, rtol=1e-5)
