"""Seeded splits: classes hidden from training, and subjects."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from streams.skeleton.errors import ConfigError


def leave_classes_out(
    labels: Sequence[str], *, folds: int, seed: int = 0, least: int = 10
) -> tuple[frozenset[str], ...]:
    """Per fold, the classes to hide: disjoint, together every class with enough sequences.

    The split depends on the set of class names and the seed alone, not on their order.

    Args:
        labels: Class of each sequence.
        folds: Number of folds, at least 2.
        seed: Of the shuffle.
        least: Classes with fewer sequences are hidden in no fold: their accuracy says nothing.

    Raises:
        ConfigError: Fewer classes than folds.
    """
    counts = Counter(labels)
    eligible = sorted(name for name, count in counts.items() if count >= least)
    if not 2 <= folds <= len(eligible):
        raise ConfigError(
            f"wanted 2 folds or more and as many classes of {least} sequences, "
            f"got {folds} folds and {len(eligible)} classes"
        )
    order = np.random.default_rng(seed).permutation(len(eligible))
    return tuple(frozenset(eligible[i] for i in order[fold::folds]) for fold in range(folds))


def hold_out_subjects(subjects: Sequence[str], *, share: float, seed: int = 0) -> frozenset[str]:
    """Subjects to hold out, at least one, and never all.

    Args:
        subjects: Subject of each sequence, unique over all sets.
        share: Wanted share of the subjects, (0, 1).
        seed: Of the shuffle.

    Raises:
        ConfigError: Fewer than two subjects, or a share outside (0, 1).
    """
    names = sorted(set(subjects))
    if len(names) < 2 or not 0 < share < 1:
        raise ConfigError(f"wanted 2 subjects or more and a share in (0, 1), got {len(names)} and {share}")
    count = min(max(1, round(share * len(names))), len(names) - 1)
    order = np.random.default_rng(seed).permutation(len(names))
    return frozenset(names[i] for i in order[:count])
