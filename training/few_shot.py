"""What shown examples add: classes from text alone, then with one and more examples each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Bank
from streams.skeleton.errors import DataError

DRAWS = 10
"""Random choices of the examples, averaged over."""


def shown_accuracy(
    bank: Bank,
    embeddings: NDArray[np.float32],
    classes: NDArray[np.float32],
    truth: NDArray[np.integer],
    *,
    shots: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> float:
    """Top-1 of the bank once ``shots`` samples of every class were shown to it, on the others.

    Examples go into the bank as the live engine's do, and nothing else does: the bank does not
    learn from the queries.

    Args:
        bank: Empty; it is left empty.
        embeddings: (N, P, D) unit rows.
        classes: (K, P, D) unit rows of the classes' texts.
        truth: (N,) class indices.
        shots: Examples a class, 0 or more.
        draws: Random choices of the examples, averaged over.
        seed: Of the choices.

    Raises:
        DataError: A class has too few samples to show that many and keep one to ask.
    """
    counts = np.bincount(truth, minlength=len(classes))
    if counts.min() <= shots:
        raise DataError(
            f"wanted more than {shots} samples of every class, got {counts.min()} of class "
            f"{counts.argmin()}; show fewer"
        )
    rng = np.random.default_rng(seed)
    found: list[float] = []
    for _ in range(draws if shots else 1):
        shown = _examples(truth, len(classes), shots, rng)
        _fill(bank, embeddings, classes, shown)
        asked = np.setdiff1d(np.arange(len(truth)), np.concatenate([*shown, np.empty(0, np.int64)]))
        right = [
            bank.class_ids[int(bank.score_one(embeddings[n]).argmax())] == str(truth[n]) for n in asked
        ]
        found.append(float(np.mean(right)))
        for class_id in bank.class_ids:
            bank.remove_class(class_id)
    return float(np.mean(found))


def _examples(
    truth: NDArray[np.integer], classes: int, shots: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Per class, which samples are shown."""
    return [rng.permutation(np.flatnonzero(truth == k))[:shots] for k in range(classes)]


def _fill(
    bank: Bank,
    embeddings: NDArray[np.float32],
    classes: NDArray[np.float32],
    shown: Sequence[NDArray[np.int64]],
) -> None:
    for k, (text, examples) in enumerate(zip(classes, shown, strict=True)):
        bank.add_class(str(k), text)
        for n in examples:
            bank.show_example(str(k), embeddings[n])
