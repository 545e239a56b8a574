"""PKU-MMD as it is given out: long recordings as text, and label files that say what is when."""

import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.formats.pku_skeleton import read_pku_skeleton
from streams.skeleton.errors import DataError
from streams.sources.base import Person
from training.benchmarks import class_names
from training.datasets.bodies import two_bodies
from training.datasets.converted import Item, Read

_CAMERAS = {"L": 1, "M": 2, "R": 3}


def pku_items(skeletons: Path, labels: Path, split: Path) -> list[Item]:
    """Every labelled action of the recordings in the folder.

    Args:
        skeletons: Folder of text files, a line a frame.
        labels: Folder of files of the same names: ``class,first frame,last frame,confidence`` a line,
            classes from 1.
        split: ``cross-subject.txt`` or ``cross-view.txt``: names of training recordings under a line that
            says so.

    Raises:
        DataError: Names the file and the line that is not as it should be, or what is missing.
    """
    training = _training(split)
    found: list[Item] = []
    for path in sorted(skeletons.glob("*.txt")):
        for number, (label, begin, end) in enumerate(_labels(labels / path.name)):
            found.append(
                Item(
                    f"{path.stem}.{number:03d}.{begin}-{end}",
                    label,
                    camera=_CAMERAS.get(path.stem[-1].upper(), 0),
                    training=path.stem in training,
                )
            )
    if not found:
        raise DataError(f"wanted text files of skeletons, got none in {skeletons}; name their folder")
    if not any(item.training for item in found):
        raise DataError(
            f"wanted training recordings of {skeletons} in {split}, got none; it is of other data"
        )
    return found


def pku_reader(skeletons: Path) -> Read:
    """Bodies of an item of ``pku_items``; the last recording is kept, as its actions follow each other."""

    @lru_cache(maxsize=1)
    def persons(name: str) -> tuple[tuple[Person, ...], ...]:
        return read_pku_skeleton(skeletons / f"{name}.txt").persons

    def read(item: Item) -> NDArray[np.float32]:
        name, _, span = item.name.split(".")
        begin, end = (int(number) for number in span.split("-"))
        frames = persons(name)[begin : end + 1]
        if not frames:
            raise DataError(f"wanted frames {begin} to {end}, got {len(persons(name))} in all of {name}")
        return two_bodies(frames)

    return read


def _labels(path: Path) -> list[tuple[int, int, int]]:
    """(class from 0, first frame, last frame) of every line."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise DataError(f"wanted the labels of a recording, got {path} ({error.strerror})") from None
    classes = len(class_names("pku-mmd"))
    found: list[tuple[int, int, int]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fields = line.split(",")
        if len(fields) < 3 or not all(re.fullmatch(r"\s*\d+\s*", field) for field in fields[:3]):
            raise DataError(
                f"wanted class,first,last,confidence in line {number} of {path}, got {line!r:.40}"
            )
        label, begin, end = (int(field) for field in fields[:3])
        if not 1 <= label <= classes or begin > end:
            raise DataError(
                f"wanted a class 1 to {classes} and rising frames in line {number} of {path}, "
                f"got {line!r:.40}"
            )
        found.append((label - 1, begin, end))
    return found


def _training(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"wanted a split file, got {path} ({error.strerror})") from None
    for title, names in pairwise(lines):
        if title.strip().lower().startswith("training"):
            return frozenset(name.strip() for name in names.split(",") if name.strip())
    raise DataError(f"wanted a line that begins with Training in {path}, got none; it is no split file")
