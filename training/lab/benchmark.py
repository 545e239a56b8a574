"""A converted data set as samples, and its class splits as tasks."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, DataError
from training.benchmarks import (
    ClassSplit,
    class_names,
    class_split,
    class_splits,
    parts,
    recording_split,
)
from training.datasets.converted import INDEX, Converted, load_converted
from training.lab.config import LabConfig
from training.lab.samples import Samples, Task


def is_converted(config: LabConfig) -> bool:
    """Whether the data is what ``anymove convert`` wrote."""
    return (config.data / INDEX).is_file()


def benchmark_samples(config: LabConfig) -> tuple[Samples, list[Task], str]:
    """Samples of a converted data set, a task for each class split, and the name of the data set.

    The classes of a split are all those of the data set, so indices are the papers'.

    Raises:
        DataError: The data lacks what a split needs.
        ConfigError: No such split.
    """
    converted = load_converted(config.data)
    labels = np.array([item.label for item in converted.items], np.int64)
    training = _training(converted, config)
    names = config.split or tuple(
        split.name for split in class_splits(converted.data) if not split.one_shot
    )
    tasks: list[Task] = []
    for name in names:
        split = class_split(converted.data, name)
        if split.one_shot:
            tasks.append(_one_shot(converted, labels, split))
            continue
        found = parts(labels, training, split)
        test = np.flatnonzero(found.seen_test | found.unseen_test)
        tasks.append(Task(name, split.unseen, np.flatnonzero(found.training), test))
    if converted.positions.shape[2] != config.window.frames:
        raise ConfigError(
            f"wanted windows of the converted {converted.positions.shape[2]} frames, got "
            f"{config.window.frames}; set window.frames"
        )
    rows = _Rows(converted)
    samples = Samples(rows, labels, class_names(converted.data), np.arange(len(labels)))  # pyright: ignore[reportArgumentType]
    return samples, tasks, converted.data


def _one_shot(converted: Converted, labels: NDArray[np.int64], split: ClassSplit) -> Task:
    """All of the seen classes to learn from, all of the others but one each to test on.

    As Liu et al., TPAMI 2020, have it: nobody is held out, classes are. Where the split names no
    exemplars (PKU-MMD), the first recording of a class by name is it.
    """
    unseen = np.isin(labels, split.unseen)
    place = {item.name: n for n, item in enumerate(converted.items)}
    exemplars: list[int] = []
    for number, label in enumerate(split.unseen):
        if split.exemplars:
            found = [place[name] for name in split.exemplars[number : number + 1] if name in place]
        else:
            found = [int(n) for n in np.flatnonzero(labels == label)[:1]]
        if not found or labels[found[0]] != label:
            name = split.exemplars[number] if split.exemplars else f"a recording of class {label}"
            raise DataError(
                f"wanted the exemplar {name} of {split.data} {split.name}, got none; convert it, too"
            )
        exemplars += found
    test = np.setdiff1d(np.flatnonzero(unseen), exemplars)
    if len(test) == 0 or unseen.all():
        raise DataError(
            f"wanted samples to train on and to test on in {split.data} {split.name}, got none; "
            "the data lacks classes"
        )
    return Task(split.name, split.unseen, np.flatnonzero(~unseen), test, exemplars=tuple(exemplars))


def _training(converted: Converted, config: LabConfig) -> NDArray[np.bool_]:
    told = [item.training for item in converted.items]
    if all(value is not None for value in told):
        return np.array(told, bool)
    split = recording_split(converted.data, config.recordings)
    return np.array([getattr(item, split.key) in split.training for item in converted.items])


class _Rows:
    """Whole rows of a converted set, read from disk when asked for."""

    def __init__(self, converted: Converted) -> None:
        self._positions, self._rows = converted.positions, converted.rows

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._rows)

    def __getitem__(self, at: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Those rows."""
        return self._positions[self._rows[at]]
