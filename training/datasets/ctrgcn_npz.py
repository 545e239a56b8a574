"""The npz form of CTR-GCN's preparation, which many people have: x and y of training and test."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from training.datasets.converted import Item, Read

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_VALUES = 150


def npz_items(path: Path) -> list[Item]:
    """Every sample, training ones first.

    Args:
        path: An npz of ``x_train`` (N, T, 150) two bodies, metres, ``y_train`` (N, K) one-hot or (N,), and
            the same of the test samples.

    Raises:
        DataError: It is missing, a pickle, lacks a key, or has other shapes.
    """
    arrays = _open(path)
    found: list[Item] = []
    for part in ("train", "test"):
        labels = np.asarray(arrays[f"y_{part}"])
        labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
        found += [
            Item(f"{part}.{n:06d}", int(label), training=part == "train") for n, label in enumerate(labels)
        ]
    return found


def npz_reader(path: Path) -> Read:
    """Bodies of an item of ``npz_items``."""
    arrays = _open(path)

    def read(item: Item) -> NDArray[np.float32]:
        part, _, number = item.name.partition(".")
        values = np.asarray(arrays[f"x_{part}"][int(number)], np.float32)
        bodies = values.reshape(len(values), 2, 25, 3).transpose(1, 0, 2, 3)
        seen = np.flatnonzero(bodies.any(axis=(0, 2, 3)))
        if len(seen) == 0:
            raise DataError(f"wanted somebody in {item.name}, got zeros alone")
        return bodies[:, seen[0] : seen[-1] + 1]

    return read


def _open(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in _KEYS}
    except (OSError, ValueError, KeyError, EOFError, AttributeError) as error:
        raise DataError(f"wanted an npz of {', '.join(_KEYS)}, got {path} ({error})") from None
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim != 3 or x.shape[2] != _VALUES or len(x) != len(y):
            raise DataError(
                f"{path}: wanted x_{part} (N, T, {_VALUES}) and N labels, got {x.shape} and {y.shape}"
            )
    return arrays
