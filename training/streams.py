"""Orders in which the samples of a test set may come (METHODS section 4, S1 to S7)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.features import Features

Order = NDArray[np.int64]
"""Positions in the events followed by the others: what lies beyond the events is of no class."""

CONTAMINATION = 0.3
"""Share of a contaminated stream that is of no class."""
IMBALANCE = 20.0
"""How many times more often the most frequent class comes than the rarest."""
_SLOTS = 20


def shuffled(features: Features, rng: np.random.Generator) -> Order:
    """S1: any order."""
    return rng.permutation(len(features.truth))


def bursty(features: Features, rng: np.random.Generator, *, concentration: float = 0.01) -> Order:
    """S2: each class mostly in a few of 20 stretches, their shares drawn from a Dirichlet."""
    stretches: list[list[int]] = [[] for _ in range(_SLOTS)]
    for k in rng.permutation(len(features.classes)):
        mine = rng.permutation(np.flatnonzero(features.truth == k))
        shares = rng.dirichlet(np.full(_SLOTS, concentration))
        for slot, sample in zip(rng.choice(_SLOTS, len(mine), p=shares), mine, strict=True):
            stretches[slot].append(int(sample))
    return np.array([sample for stretch in stretches for sample in rng.permutation(stretch)], np.int64)


def sorted_by_class(features: Features, rng: np.random.Generator) -> Order:
    """S3: class after class."""
    classes = rng.permutation(len(features.classes))
    return np.concatenate([rng.permutation(np.flatnonzero(features.truth == k)) for k in classes])


def imbalanced(features: Features, rng: np.random.Generator) -> Order:
    """S4: frequencies fall geometrically by 20 to 1 from class to class, then any order."""
    counts = np.bincount(features.truth, minlength=len(features.classes))
    classes = rng.permutation(np.flatnonzero(counts))
    wanted = counts.max() * IMBALANCE ** (-np.arange(len(classes)) / max(len(classes) - 1, 1))
    kept = [
        rng.permutation(np.flatnonzero(features.truth == k))[: max(1, round(most))]
        for k, most in zip(classes, wanted, strict=True)
    ]
    return rng.permutation(np.concatenate(kept))


def contaminated(features: Features, rng: np.random.Generator) -> Order:
    """S5: up to 30 % of the stream is of no class, as many as there are; any order."""
    known = len(features.truth)
    wanted = round(known * CONTAMINATION / (1.0 - CONTAMINATION))
    strangers = known + rng.permutation(len(features.others))[:wanted]
    return rng.permutation(np.concatenate([np.arange(known), strangers]))


STREAMS: dict[str, Callable[[Features, np.random.Generator], Order]] = {
    "shuffled": shuffled,
    "bursty": bursty,
    "sorted": sorted_by_class,
    "imbalanced 20:1": imbalanced,
    "30 % unknown": contaminated,
}
"""Makers of orders by name."""
