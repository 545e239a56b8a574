import numpy as np
import pytest

from streams.skeleton.errors import ShapeError
from training.one_shot import one_shot_scores


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples around four means, and examples that lie off them."""
    rng = np.random.default_rng(0)
    means = np.eye(4, 16)
    truth = np.repeat(np.arange(4), 30)
    samples = unit(means[truth] + 0.2 * rng.normal(size=(120, 16)))[:, None]
    return samples, unit(means + 0.4 * rng.normal(size=(4, 16)))[:, None], truth


def test_without_a_round_it_is_the_nearest_example() -> None:
    samples, examples, _ = made()
    found = one_shot_scores(samples, examples, share=1.0, rounds=0)
    for n, k in ((0, 0), (17, 3), (119, 2)):
        assert found[n, k] == pytest.approx(float(samples[n, 0] @ examples[k, 0]), abs=1e-6)


def test_a_round_takes_the_means_of_what_was_labelled_alike() -> None:
    samples, examples, _ = made()
    prototypes = examples[:, 0]
    for _ in range(2):
        labels = [max(range(4), key=lambda k: float(row[0] @ prototypes[k])) for row in samples]
        means = [
            np.mean([row[0] for row, own in zip(samples, labels, strict=True) if own == k], axis=0)
            for k in range(4)
        ]
        prototypes = unit(np.array(means))
    found = one_shot_scores(samples, examples, share=1.0, rounds=2)
    np.testing.assert_allclose(found, samples[:, 0] @ prototypes.T, atol=1e-5)


def test_rounds_help_where_examples_are_unlucky() -> None:
    samples, examples, truth = made()
    lone = one_shot_scores(samples, examples, share=1.0, rounds=0).argmax(axis=1)
    grown = one_shot_scores(samples, examples, share=1.0).argmax(axis=1)
    assert (grown == truth).mean() > (lone == truth).mean()


def test_rows_of_two_models_are_refused() -> None:
    samples, examples, _ = made()
    with pytest.raises(ShapeError, match="one model"):
        one_shot_scores(samples, examples[:, :, :5], share=1.0)
