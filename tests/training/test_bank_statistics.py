"""The statistics of a bank, against data whose scatter is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from training.bank_statistics import measure


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def _drawn(seed: int = 0, *, classes: int = 30, each: int = 40, dim: int = 200, noisy_dims: int = 200):
    """Unit rows about known unit means, with noise in so many dimensions."""
    rng = np.random.default_rng(seed)
    means = _unit(rng.normal(size=(classes, dim)))
    noise = np.zeros((classes * each, dim))
    noise[:, :noisy_dims] = 0.5 * rng.normal(size=(classes * each, noisy_dims)) / np.sqrt(noisy_dims)
    truth = np.repeat(np.arange(classes), each)
    return _unit(means[truth] + noise), truth, means


def test_scatter_within_classes_is_what_was_drawn():
    rows, truth, means = _drawn()
    found = measure(rows[:, None], truth, means[:, None])
    # |x|² = 1.25 before it is scaled to length 1: a fifth of it is noise.
    assert found.within == pytest.approx(0.25 / 1.25, rel=0.05)
    assert found.length == pytest.approx(np.sqrt(1 / 1.25), rel=0.02)
    assert found.between == pytest.approx(1 / 1.25, rel=0.1)
    assert found.text_error == pytest.approx(0.0, abs=0.01)
    assert found.cosine == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("noisy_dims", [8, 60])
def test_the_dimension_is_that_of_the_noise(noisy_dims: int):
    rows, truth, means = _drawn(noisy_dims=noisy_dims)
    assert measure(rows[:, None], truth, means[:, None]).dimension == pytest.approx(noisy_dims, rel=0.2)


def test_a_gap_between_texts_and_embeddings_is_error_until_it_is_corrected():
    rows, truth, means = _drawn()
    gap = _unit(np.random.default_rng(5).normal(size=200))
    texts = _unit(means + gap)[:, None]
    raw = measure(rows[:, None], truth, texts)
    corrected = measure(rows[:, None], truth, texts, corrected=True)
    assert corrected.text_error < 0.2 * raw.text_error
    assert corrected.worth > 4 * raw.worth
    assert raw.corrected_cosine > 0.95 > raw.cosine


def test_classes_weigh_alike_however_many_samples_they_have():
    rows, truth, means = _drawn()
    repeated = np.concatenate([np.arange(len(rows)), np.tile(np.flatnonzero(truth == 0), 9)])
    once, often = (
        measure(rows[at][:, None], truth[at], means[:, None]) for at in (np.arange(len(rows)), repeated)
    )
    assert often.within == pytest.approx(once.within, rel=0.02)
    assert often.between == pytest.approx(once.between, rel=0.02)


def test_two_parts_count_as_their_mean():
    rows, truth, means = _drawn()
    one = measure(rows[:, None], truth, means[:, None])
    two = measure(np.stack([rows, rows], axis=1), truth, np.stack([means, means], axis=1))
    assert two.within == pytest.approx(one.within)
    assert two.between == pytest.approx(one.between)


def test_too_few_samples_are_refused():
    rows, truth, means = _drawn(classes=3, each=1)
    with pytest.raises(DataError, match="two classes"):
        measure(rows[:, None], truth, means[:, None])
