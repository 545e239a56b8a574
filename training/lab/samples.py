"""Windows of labelled actions, and which of them a trial trains on and tests on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from training.datasets.packed import load_packed
from training.lab.config import LabConfig
from training.sequences import Sequences, joined
from training.splits import hold_out_subjects, leave_classes_out
from training.windows import normalized_batch, sliding_windows


@dataclass(frozen=True, eq=False)
class Samples:
    """N windows of K classes.

    Attributes:
        positions: (N, M, T, 25, 3) float32 encoder input, perhaps on disk.
        labels: (N,) int64, index into ``names``.
        names: K class names.
        recordings: (N,) int64, what each was cut from.
    """

    positions: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    recordings: NDArray[np.int64]

    def __len__(self) -> int:
        """N."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Task:
    """What one trial learns from and is tested with.

    Attributes:
        name: For example ``"fold-0"`` or ``"smie-1"``.
        unseen: Indices of the hidden classes.
        training: (n,) samples of seen classes to learn from.
        test: (m,) samples of seen and of unseen classes; of unseen ones alone where the task is one-shot.
        exemplars: One sample of each unseen class, in their order, for one-shot results; none without.
    """

    name: str
    unseen: tuple[int, ...]
    training: NDArray[np.int64]
    test: NDArray[np.int64]
    exemplars: tuple[int, ...] = ()

    def seen(self, samples: Samples) -> tuple[int, ...]:
        """Indices of the other classes that have training samples."""
        found = {int(label) for label in samples.labels[self.training]}
        return tuple(k for k in range(len(samples.names)) if k in found)


def open_samples(config: LabConfig, *, described: Sequence[str]) -> tuple[Samples, list[Task]]:
    """Windows of the open sets, and leave-classes-out folds over held-out subjects.

    Args:
        config: Data, folds, amounts.
        described: Classes that have texts; others are left out.

    Raises:
        DataError: A set is missing or unusable, or a fold has no samples.
    """
    if config.across:
        return _across(config, described)
    everything = joined([load_packed(config.data / f"{name}.npz") for name in config.sets])
    kept = _kept(everything, config, described)
    names = kept.classes
    index = {name: k for k, name in enumerate(names)}
    windows, owners = _cut(kept, config)
    labels = np.array([index[kept.labels[n]] for n in owners])
    held = hold_out_subjects(kept.subjects, share=config.held_subjects)
    held_out = np.array([kept.subjects[n] in held for n in owners])
    samples = Samples(normalized_batch(windows), labels, names, owners)
    tasks: list[Task] = []
    for fold, hidden in enumerate(leave_classes_out(kept.labels, folds=config.folds, least=config.least)):
        if config.only_folds and fold not in config.only_folds:
            continue
        unseen = np.isin(labels, [index[name] for name in hidden])
        training, test = np.flatnonzero(~unseen & ~held_out), np.flatnonzero(unseen | held_out)
        if len(training) == 0 or not (~unseen[test]).any():
            raise DataError(
                f"wanted samples to train on and seen ones to test on in fold {fold}, got none; "
                "use more sets or fewer folds"
            )
        columns = tuple(sorted(index[name] for name in hidden))
        first = tuple(int(np.argmax(labels == k)) for k in columns)
        tasks.append(Task(f"fold-{fold}", columns, training, test, exemplars=first))
    return samples, tasks


def _across(config: LabConfig, described: Sequence[str]) -> tuple[Samples, list[Task]]:
    """Everything of ``config.sets`` to learn from, everything of ``config.across`` to test on.

    The classes that only the latter have are the unseen ones; those of both are seen, in other people
    before another sensor (PGFA, TIP 2025, sec. IV-F, from one benchmark to another).
    """
    learnt, tested = (
        _kept(joined([load_packed(config.data / f"{name}.npz") for name in sets]), config, described)
        for sets in (config.sets, config.across)
    )
    names = tuple(sorted({*learnt.classes, *tested.classes}))
    unseen = tuple(k for k, name in enumerate(names) if name not in learnt.classes)
    if not unseen:
        raise DataError(
            f"wanted classes in {', '.join(config.across)} that {', '.join(config.sets)} lack, got none; "
            "test on other sets"
        )
    parts = [_cut(sequences, config) for sequences in (learnt, tested)]
    windows = np.concatenate([found for found, _ in parts])
    owners = np.concatenate([parts[0][1], len(learnt) + parts[1][1]])
    said = [*learnt.labels, *tested.labels]
    labels = np.array([names.index(said[n]) for n in owners])
    training, test = np.arange(len(parts[0][1])), np.arange(len(parts[0][1]), len(windows))
    first = tuple(int(np.argmax(labels == k)) for k in unseen)
    task = Task(f"to-{'-'.join(config.across)}", unseen, training, test, exemplars=first)
    return Samples(normalized_batch(windows), labels, names, owners), [task]


def _kept(sequences: Sequences, config: LabConfig, described: Sequence[str]) -> Sequences:
    """Sequences of described classes with enough of them, ``config.most`` of each at most."""
    counts = Counter(sequences.labels)
    usable = {name for name, count in counts.items() if count >= config.least and name in set(described)}
    if len(usable) < config.folds:
        raise DataError(
            f"wanted at least {config.folds} classes of {config.least} sequences, got {len(usable)}"
        )
    taken: set[int] = set()
    for name in usable:
        mine = [n for n, label in enumerate(sequences.labels) if label == name]
        if len(mine) > config.most:
            mine = [mine[i] for i in np.linspace(0, len(mine) - 1, config.most).astype(int)]
        taken.update(mine)
    return sequences.where([n in taken for n in range(len(sequences))])


def _cut(sequences: Sequences, config: LabConfig) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Raw windows (W, T, 25, 3) and the sequence (W,) of each."""
    windows: list[NDArray[np.float32]] = []
    owners: list[int] = []
    for n, (positions, fps) in enumerate(zip(sequences.positions, sequences.fps, strict=True)):
        found = sliding_windows(positions, fps=float(fps), spec=config.window, hop_s=0.4)
        count = min(config.windows, len(found))
        # One window: the middle of the sequence; more: from its beginning to its end.
        at = [len(found) // 2] if count == 1 else np.linspace(0, len(found) - 1, count).astype(int)
        windows += [found[i] for i in at]
        owners += [n] * count
    return np.stack(windows), np.array(owners)
