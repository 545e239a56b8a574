"""The papers' splits of NTU RGB+D and PKU-MMD, as data with their sources."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, DataError

PROTOCOLS = Path(__file__).parent / "data" / "protocols.json"
Key = Literal["subject", "camera", "setup"]
"""What a recording is sorted into training and test by."""


@dataclass(frozen=True)
class ClassSplit:
    """Classes of a data set that training never sees.

    Attributes:
        name: For example ``"smie-1"`` or ``"55-5"``.
        data: ``"ntu60"``, ``"ntu120"`` or ``"pku-mmd"``.
        unseen: Indices of classes, from 0, in the papers' order.
        source: Where it is from.
        exemplars: One recording per unseen class where the split is a one-shot protocol.
    """

    name: str
    data: str
    unseen: tuple[int, ...]
    source: str
    exemplars: tuple[str, ...] = ()

    @property
    def one_shot(self) -> bool:
        """Whether one example of each unseen class is shown, and no recording held out."""
        return self.name.startswith("one-shot")


@dataclass(frozen=True)
class RecordingSplit:
    """Which recordings are for training; all others are for testing.

    Attributes:
        name: ``"xsub"``, ``"xview"`` or ``"xset"``.
        data: ``"ntu60"`` or ``"ntu120"``; PKU-MMD's come as files with the data.
        key: What the numbers are of.
        training: Numbers, from 1 as in the file names.
        source: Where it is from.
    """

    name: str
    data: str
    key: Key
    training: frozenset[int]
    source: str


@dataclass(frozen=True, eq=False)
class Parts:
    """Samples of a class split, as (N,) masks; disjoint.

    Attributes:
        training: Seen classes, training recordings.
        seen_test: Seen classes, test recordings: S of generalised zero-shot results.
        unseen_test: Unseen classes, test recordings.

    Recordings of unseen classes by training subjects are in none: SMIE and PGFA discard them.
    """

    training: NDArray[np.bool_]
    seen_test: NDArray[np.bool_]
    unseen_test: NDArray[np.bool_]


def class_names(data: str) -> tuple[str, ...]:
    """Names of a data set's classes, in the papers' order.

    Raises:
        ConfigError: No such data set.
    """
    names = _read()["classes"]
    if data == "ntu60":  # the first sixty of NTU-120
        return tuple(names["ntu120"][:60])
    if data not in names:
        raise ConfigError(f"wanted a data set (ntu60, ntu120, pku-mmd), got {data!r}")
    return tuple(names[data])


def class_splits(data: str) -> tuple[ClassSplit, ...]:
    """Every class split of this data set."""
    return tuple(
        ClassSplit(
            name=raw["name"],
            data=raw["data"],
            unseen=tuple(raw["unseen"]),
            source=raw["source"],
            exemplars=tuple(raw.get("exemplars", ())),
        )
        for raw in _read()["class_splits"]
        if raw["data"] == data
    )


def class_split(data: str, name: str) -> ClassSplit:
    """The class split of this name.

    Raises:
        ConfigError: No such split of this data set.
    """
    found = {split.name: split for split in class_splits(data)}
    if name not in found:
        raise ConfigError(f"wanted a class split of {data} ({', '.join(found) or 'none'}), got {name!r}")
    return found[name]


def recording_split(data: str, name: str) -> RecordingSplit:
    """The recording split of this name.

    Raises:
        ConfigError: No such split of this data set.
    """
    found = {raw["name"]: raw for raw in _read()["recording_splits"] if raw["data"] == data}
    if name not in found:
        raise ConfigError(f"wanted a recording split of {data} ({', '.join(found)}), got {name!r}")
    raw = found[name]
    return RecordingSplit(name, data, raw["key"], frozenset(raw["training"]), raw["source"])


def parts(
    classes: NDArray[np.integer], training: Sequence[bool] | NDArray[np.bool_], split: ClassSplit
) -> Parts:
    """Which samples a class split trains on and tests on.

    Args:
        classes: (N,) class index of each sample.
        training: (N,) whether its recording is for training.
        split: Of the classes.

    Raises:
        DataError: One of the three parts is empty, or a class index is out of range.
    """
    count = len(class_names(split.data))
    if len(classes) and (classes.min() < 0 or classes.max() >= count):
        raise DataError(
            f"wanted class indices 0 to {count - 1} of {split.data}, got {classes.min()} to "
            f"{classes.max()}; the labels are of other data"
        )
    unseen = np.isin(classes, split.unseen)
    recorded = np.asarray(training, bool)
    found = Parts(recorded & ~unseen, ~recorded & ~unseen, ~recorded & unseen)
    for name, mask in (
        ("training", found.training),
        ("seen test", found.seen_test),
        ("unseen test", found.unseen_test),
    ):
        if not mask.any():
            raise DataError(
                f"wanted samples in every part of {split.data} {split.name}, got none in {name}; "
                "the data lacks subjects or classes"
            )
    return found


@cache
def _read() -> dict[str, Any]:
    return json.loads(PROTOCOLS.read_text("utf-8"))
