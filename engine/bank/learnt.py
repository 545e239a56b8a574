"""What a class has learnt from the stream and from people, and its form in a snapshot."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSnapshot
from engine.bank.histogram import FINEST, ConfidenceHistogram
from engine.bank.snapshots import read_array, read_meta
from engine.bank.table import ClassTable
from streams.skeleton.errors import SnapshotError


class Learnt:
    """What one class has absorbed.

    Args:
        bins: Most bins of the histogram.
        length: Length of a feature.
    """

    def __init__(self, bins: int, length: int) -> None:
        self.observed = ConfidenceHistogram(bins, length)
        self.examples = 0
        self.rejections = 0
        self.example_sum = np.zeros(length)


def pack_learnt(
    learnt: Mapping[str, Learnt], *, length: int
) -> tuple[dict[str, NDArray[Any]], list[dict[str, Any]]]:
    """Copies of all sums, one class after another, and a JSON-safe record of each class."""
    states = list(learnt.values())
    none = np.zeros((0, length))
    arrays = {
        "example_sums": np.concatenate([none, *(state.example_sum[None] for state in states)]),
        "masses": np.concatenate([none[:, 0], *(state.observed.masses for state in states)]),
        "sums": np.concatenate([none, *(state.observed.sums for state in states)]),
    }
    records = [
        {
            "id": class_id,
            "examples": state.examples,
            "rejections": state.rejections,
            "level": state.observed.level,
            "keys": state.observed.keys.tolist(),
        }
        for class_id, state in learnt.items()
    ]
    return arrays, records


def read_learnt(snapshot: BankSnapshot, table: ClassTable, *, bins: int) -> dict[str, Learnt]:
    """What ``pack_learnt`` made of, for the classes of a table.

    Raises:
        SnapshotError: Something is missing, contradicts itself, or belongs to no class.
    """
    records: list[Any] = read_meta(snapshot, "learnt", list)
    for record in records:
        if not _is_sound(record, table, bins):
            raise SnapshotError(
                f"wanted what a class has learnt in a snapshot, got {record!r:.80}; discard it"
            )
    if len({record["id"] for record in records}) != len(records):
        raise SnapshotError("wanted each class once in a snapshot, got one twice; discard it")
    length = table.shape[0] * table.shape[1]
    ends = np.cumsum([0, *(len(record["keys"]) for record in records)])
    example_sums = read_array(snapshot, "example_sums", (len(records), length), dtype=np.float64)
    masses = read_array(snapshot, "masses", (int(ends[-1]),), dtype=np.float64, sound=_positive)
    sums = read_array(snapshot, "sums", (int(ends[-1]), length), dtype=np.float64)
    learnt: dict[str, Learnt] = {}
    for index, record in enumerate(records):
        slots = slice(ends[index], ends[index + 1])
        state = Learnt(bins, length)
        state.observed.load(record["level"], np.array(record["keys"], np.int64), masses[slots], sums[slots])
        state.examples, state.example_sum = record["examples"], example_sums[index].copy()
        state.rejections = record["rejections"]
        learnt[record["id"]] = state
    return learnt


def _is_sound(record: Any, table: ClassTable, bins: int) -> bool:
    try:
        level, keys = record["level"], record["keys"]
        numbers = (level, record["examples"], record["rejections"], *keys)
        return (
            record["id"] in table.ids
            and all(type(number) is int and number >= 0 for number in numbers)
            and level <= FINEST
            and len(set(keys)) == len(keys) <= bins
            and all(key < 1 << level for key in keys)
        )
    except (KeyError, TypeError):
        return False


def _positive(array: NDArray[Any]) -> bool:
    return bool(np.isfinite(array).all() and (array > 0).all())
