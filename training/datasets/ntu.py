"""NTU RGB+D 60 and 120 as they are given out: a folder of ``.skeleton`` files."""

import re
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.formats.ntu_skeleton import read_ntu_skeleton
from streams.skeleton.errors import DataError
from training.benchmarks import class_names
from training.datasets.bodies import two_bodies
from training.datasets.converted import Item, Read

_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")


def ntu_items(folder: Path, data: Literal["ntu60", "ntu120"], *, missing: Path | None = None) -> list[Item]:
    """Every recording of the benchmark in the folder and below, less those of the missing list.

    Args:
        folder: Of the ``.skeleton`` files.
        data: NTU-60 takes the first 60 classes.
        missing: The official list of samples with missing skeletons, a name a line; None leaves it to
            the reader, which skips recordings that show nobody.

    Raises:
        DataError: There are none, or a list is unreadable or of other data.
    """
    bad = _missing(missing) if missing else frozenset[str]()
    classes = len(class_names(data))
    found: list[Item] = []
    for path in sorted(folder.rglob("*.skeleton")):
        match = _NAME.fullmatch(path.stem)
        if match is None:
            raise DataError(f"wanted names like S001C001P001R001A001.skeleton, got {path}; take it away")
        setup, camera, subject, _, action = (int(number) for number in match.groups())
        if action <= classes and path.stem not in bad:
            found.append(Item(path.stem, action - 1, subject=subject, camera=camera, setup=setup))
    if not found:
        raise DataError(f"wanted .skeleton files of {data}, got none in {folder}; name their folder")
    return found


def ntu_reader(folder: Path) -> Read:
    """Bodies of an item of ``ntu_items``."""
    paths = {path.stem: path for path in folder.rglob("*.skeleton")}

    def read(item: Item) -> NDArray[np.float32]:
        return two_bodies(read_ntu_skeleton(paths[item.name]).persons)

    return read


def _missing(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise DataError(f"wanted the list of missing skeletons, got {path} ({error.strerror})") from None
    names = frozenset(line.strip() for line in lines if _NAME.fullmatch(line.strip()))
    if not names:
        raise DataError(f"wanted names like S001C002P005R002A008 in {path}, got none; it is another list")
    return names
