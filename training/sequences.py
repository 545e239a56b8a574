"""Sequences of any number of sets under one list of classes, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from training.config import TrainConfig
from training.datasets.packed import PackedSet, load_packed
from training.splits import leave_classes_out


@dataclass(frozen=True, eq=False)
class Sequences:
    """N sequences from any number of sets, with one list of classes.

    Attributes:
        positions: N arrays (T, 25, 3) float32, metres.
        fps: (N,) frames per second.
        labels: N class names.
        subjects: N subjects, each with the name of its set.
    """

    positions: tuple[NDArray[np.float32], ...]
    fps: NDArray[np.float64]
    labels: tuple[str, ...]
    subjects: tuple[str, ...]

    def __len__(self) -> int:
        """N."""
        return len(self.positions)

    def where(self, keep: Sequence[bool]) -> "Sequences":
        """The sequences that are kept, in order."""
        at = [n for n, wanted in enumerate(keep) if wanted]
        return Sequences(
            positions=tuple(self.positions[n] for n in at),
            fps=self.fps[at],
            labels=tuple(self.labels[n] for n in at),
            subjects=tuple(self.subjects[n] for n in at),
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names that occur, sorted."""
        return tuple(sorted(set(self.labels)))


def joined(sets: Sequence[PackedSet]) -> Sequences:
    """The sequences of all sets; equal labels are one class.

    Raises:
        DataError: There are none.
    """
    if not sets:
        raise DataError("wanted at least one packed set, got none")
    return Sequences(
        positions=tuple(positions for packed in sets for positions in packed.sequences),
        fps=np.concatenate([np.full(len(packed), packed.fps) for packed in sets]),
        labels=tuple(label for packed in sets for label in packed.labels),
        subjects=tuple(f"{packed.name}/{subject}" for packed in sets for subject in packed.subjects),
    )


def load_training(config: TrainConfig) -> tuple[Sequences, Sequences | None]:
    """What to train on, and what is hidden from it (None where nothing is).

    Raises:
        DataError: A set is missing or unusable.
    """
    everything = joined([load_packed(config.data / f"{name}.npz") for name in config.sets])
    if config.hidden_fold is None:
        return everything, None
    hidden = leave_classes_out(everything.labels, folds=config.folds)[config.hidden_fold]
    inside = [label in hidden for label in everything.labels]
    return everything.where([not yes for yes in inside]), everything.where(inside)
