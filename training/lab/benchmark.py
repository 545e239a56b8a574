"""A converted data set as samples, and its class splits as tasks."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from training.benchmarks import class_names, class_split, class_splits, parts, recording_split
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
        split.name for split in class_splits(converted.data) if not split.name.startswith("one-shot")
    )
    tasks: list[Task] = []
    for name in names:
        split = class_split(converted.data, name)
        found = parts(labels, training, split)
        test = np.flatnonzero(found.seen_test | found.unseen_test)
        tasks.append(Task(name, split.unseen, np.flatnonzero(found.training), test))
    if converted.positions.shape[2] != config.window.frames:
        raise ConfigError(
            f"wanted windows of the converted {converted.positions.shape[2]} frames, got "
            f"{config.window.frames}; set window.frames"
        )
    samples = Samples(_Rows(converted), labels, class_names(converted.data))  # pyright: ignore[reportArgumentType]
    return samples, tasks, converted.data


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
