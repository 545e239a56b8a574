"""Orders in which the samples of a test set may come; other streams are in ``stream_trials``.

S1 shuffled, S2 bursty, S3 sorted, S4 imbalanced, S5 contaminated, S10 other people from the middle on.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.features import Features

Order = NDArray[np.int64]
"""Positions in the events followed by the others: what lies beyond the events is of no class."""

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


def imbalanced(
    features: Features, rng: np.random.Generator, *, ratio: float = 20.0, absent: int = 0
) -> Order:
    """S4: frequencies fall geometrically from class to class, some classes never come; then any order."""
    counts = np.bincount(features.truth, minlength=len(features.classes))
    classes = rng.permutation(np.flatnonzero(counts))
    classes = classes[: max(2, len(classes) - absent)]
    wanted = counts.max() * ratio ** (-np.arange(len(classes)) / max(len(classes) - 1, 1))
    kept = [
        rng.permutation(np.flatnonzero(features.truth == k))[: max(1, round(most))]
        for k, most in zip(classes, wanted, strict=True)
    ]
    return rng.permutation(np.concatenate(kept))


def contaminated(features: Features, rng: np.random.Generator, *, share: float = 0.3) -> Order:
    """S5: up to this share of the stream is of no class, as many as there are; any order."""
    known = len(features.truth)
    wanted = round(known * share / (1.0 - share))
    strangers = known + rng.permutation(len(features.others))[:wanted]
    return rng.permutation(np.concatenate([np.arange(known), strangers]))


def other_people(features: Features, rng: np.random.Generator) -> Order:
    """S10: one half of the people, then the other, each in any order."""
    people = rng.permutation(np.unique(features.subjects))
    late = np.isin(features.subjects, people[len(people) // 2 :])
    return np.concatenate([rng.permutation(np.flatnonzero(~late)), rng.permutation(np.flatnonzero(late))])


STREAMS: dict[str, Callable[[Features, np.random.Generator], Order]] = {
    "shuffled": shuffled,
    "bursty 0.01": bursty,
    "sorted": sorted_by_class,
    "imbalanced 20:1": imbalanced,
    "30 % unknown": contaminated,
    "other people": other_people,
    "bursty 0.1": partial(bursty, concentration=0.1),
    "bursty 0.001": partial(bursty, concentration=0.001),
    "100:1, 2 absent": partial(imbalanced, ratio=100.0, absent=2),
    "10 % unknown": partial(contaminated, share=0.1),
    "50 % unknown": partial(contaminated, share=0.5),
}
"""Makers of orders by name; the first six are those on which every rule is judged."""
MAIN = tuple(STREAMS)[:6]
"""Names of these."""
