"""What the anchored bank has gathered of its classes beyond their texts, and its form in a snapshot."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSnapshot
from engine.bank.snapshots import counts, masses, read_array, read_meta
from engine.bank.table import ClassTable
from engine.rows import are_unit
from streams.skeleton.errors import SnapshotError

MOST_REJECTED = 8
"""Rejected examples of a class that keep counting; the oldest gives way."""


class Gathered:
    """Of one class.

    Args:
        length: P·D.
    """

    def __init__(self, length: int) -> None:
        self.mass = 0.0
        """Of what it absorbed of the stream."""
        self.total = np.zeros(length)
        """Its weighted sum."""
        self.examples = 0
        self.shown = np.zeros(length)
        """Sum of the shown examples."""
        self.rejections = 0
        self.rejected: list[NDArray[np.float32]] = []
        """The last rejected examples."""

    def reject(self, flat: NDArray[np.float32]) -> None:
        """Hold a rejected example (P·D,), in the place of the oldest where there is no room."""
        self.rejections += 1
        self.rejected = [*self.rejected[1 - MOST_REJECTED :], flat.copy()]


def pack_gathered(states: Iterable[Gathered], shape: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """Copies of everything, one class after another.

    Args:
        states: K classes.
        shape: (P, D).
    """
    held = list(states)
    none = np.zeros((0, shape[0] * shape[1]))
    rejected = [flat for state in held for flat in state.rejected]
    return {
        "masses": np.array([state.mass for state in held], np.float64),
        "totals": np.concatenate([none, *(state.total[None] for state in held)]),
        "examples": np.array([state.examples for state in held], np.float64),
        "shown": np.concatenate([none, *(state.shown[None] for state in held)]),
        "rejections": np.array([state.rejections for state in held], np.float64),
        "rejected": np.array(rejected, np.float32).reshape(-1, *shape),
    }


def read_gathered(snapshot: BankSnapshot, table: ClassTable) -> dict[str, Gathered]:
    """What ``pack_gathered`` made, by class; ``rejected_by`` says whose the rejected examples are.

    Raises:
        SnapshotError: Something is missing or contradicts itself.
    """
    count, length = len(table), table.shape[0] * table.shape[1]
    mass = read_array(snapshot, "masses", (count,), dtype=np.float64, sound=masses)
    totals, shown = (
        read_array(snapshot, name, (count, length), dtype=np.float64) for name in ("totals", "shown")
    )
    examples, rejections = (
        read_array(snapshot, name, (count,), dtype=np.float64, sound=counts)
        for name in ("examples", "rejections")
    )
    owners = read_meta(snapshot, "rejected_by", list)
    shape = (len(owners), *table.shape)
    rejected = read_array(snapshot, "rejected", shape, dtype=np.float32, sound=are_unit)
    gathered = {class_id: Gathered(length) for class_id in table.ids}
    for row, state in enumerate(gathered.values()):
        state.mass, state.total = float(mass[row]), totals[row].copy()
        state.examples, state.shown = int(examples[row]), shown[row].copy()
        state.rejections = int(rejections[row])
    for owner, rows in zip(owners, rejected, strict=True):
        known = isinstance(owner, str) and owner in gathered
        if not known or len(gathered[owner].rejected) == MOST_REJECTED:
            raise SnapshotError(f"wanted rejections of the classes held, got {owner!r:.40}; discard it")
        gathered[owner].rejected.append(rows.reshape(-1).copy())
    return gathered
