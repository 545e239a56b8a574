"""The last observations of a stream and who has them, for a class that is added later."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSnapshot
from engine.bank.snapshots import read_array
from engine.rows import are_unit
from streams.skeleton.errors import SnapshotError

SIZE = 128
"""Observations remembered: the last events of all people."""


class Reservoir:
    """The last ``SIZE`` observations, each with its label; None where it was declined.

    Args:
        length: Numbers of an observation, P·D.
    """

    def __init__(self, length: int) -> None:
        self._rows = np.zeros((SIZE, length), np.float32)
        self._odds = np.zeros(SIZE)
        self._weights = np.zeros(SIZE)
        self.labels: list[str | None] = []
        """Of each slot."""
        self._oldest = 0

    @property
    def rows(self) -> NDArray[np.float32]:
        """(R, P·D) view: what was observed, in any order."""
        return self._rows[: len(self.labels)]

    @property
    def odds(self) -> NDArray[np.float64]:
        """(R,) view: log-odds of the label against the unnamed class; 0 where there is none."""
        return self._odds[: len(self.labels)]

    @property
    def weights(self) -> NDArray[np.float64]:
        """(R,) view: weights of the observations."""
        return self._weights[: len(self.labels)]

    def add(self, flat: NDArray[np.float32], label: str | None, *, odds: float, weight: float) -> None:
        """Remember an observation (P·D,) in the place of the oldest where there is no room."""
        if len(self.labels) < SIZE:
            slot = len(self.labels)
            self.labels.append(label)
        else:
            slot, self._oldest = self._oldest, (self._oldest + 1) % SIZE
            self.labels[slot] = label
        self._rows[slot], self._odds[slot], self._weights[slot] = flat, odds, weight

    def relabel(self, slot: int, label: str, *, odds: float) -> None:
        """Give an observation another label."""
        self.labels[slot], self._odds[slot] = label, odds

    def forget(self, label: str) -> None:
        """Drop what has this label."""
        if label in self.labels:
            self._keep([slot for slot in self._by_age() if self.labels[slot] != label])

    def ordered(self, shape: tuple[int, int]) -> tuple[dict[str, NDArray[Any]], list[str | None]]:
        """Copies of everything, oldest first: arrays for a snapshot, and the labels."""
        order = self._by_age()
        arrays = {
            "reservoir": self._rows[order].reshape(-1, *shape),
            "reservoir_odds": self._odds[order],
            "reservoir_weights": self._weights[order],
        }
        return arrays, [self.labels[slot] for slot in order]

    @classmethod
    def read(cls, snapshot: BankSnapshot, labels: list[str | None], shape: tuple[int, int]) -> Self:
        """What ``ordered`` made.

        Raises:
            SnapshotError: Something is missing or unsound, or it holds more than there is room for.
        """
        count = len(labels)
        if count > SIZE:
            raise SnapshotError(f"wanted up to {SIZE} observations in a snapshot, got {count}; discard it")
        rows = read_array(snapshot, "reservoir", (count, *shape), dtype=np.float32, sound=are_unit)
        odds = read_array(snapshot, "reservoir_odds", (count,), dtype=np.float64)
        weights = read_array(snapshot, "reservoir_weights", (count,), dtype=np.float64, sound=_are_weights)
        made = cls(shape[0] * shape[1])
        for flat, label, chance, weight in zip(
            rows.reshape(count, shape[0] * shape[1]), labels, odds, weights, strict=True
        ):
            made.add(flat, label, odds=float(chance), weight=float(weight))
        return made

    def _by_age(self) -> list[int]:
        count = len(self.labels)
        return [(self._oldest + number) % count for number in range(count)] if count else []

    def _keep(self, slots: list[int]) -> None:
        for array in (self._rows, self._odds, self._weights):
            array[: len(slots)] = array[slots]
        self.labels = [self.labels[slot] for slot in slots]
        self._oldest = 0


def _are_weights(array: NDArray[Any]) -> bool:
    return bool(((array > 0) & (array <= 1)).all())
