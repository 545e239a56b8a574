"""A table of Azure Kinect skeletons of one person: 32 cells "x y z" in a line, in metres.

The first line may name the joints, in the order of the Azure Kinect body tracking SDK. Axes are
the SDK's: x right, y down, z away from the camera. There are no times and no confidences.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.formats.recording import (
    Recording,
    evenly,
    finite_only,
    floats,
    joints_in,
    read_text,
    scaled,
    unit_of,
)
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import K4ABT_32, NTU_25
from streams.skeleton.retarget import K4ABT_FRAME, K4ABT_TO_NTU
from streams.sources.base import Person

KIND = "Azure Kinect table"
_JOINTS = len(K4ABT_32)


def looks_like_azure_csv(head: str) -> bool:
    """Whether a file that begins so has 32 cells in its first line: joint names, or three numbers each."""
    cells = head.partition("\n")[0].split(",")
    return len(cells) == _JOINTS and (_names(cells) or all(len(cell.split()) == 3 for cell in cells))


def read_azure_csv(path: Path) -> Recording:
    """The frames of one recorded person.

    Raises:
        SourceError: Names the file and the line that is not as it should be.
    """
    lines = read_text(path).rstrip("\n").split("\n")
    named = _names(lines[0].split(","))
    if len(lines) == named:
        raise SourceError(f"wanted frames in {path}, got only the names of joints; record it again")
    raw = [
        finite_only([_person(line, number, path)])
        for number, line in enumerate(lines[named:], start=1 + named)
    ]
    unit = unit_of(raw, path)
    return Recording(
        kind=KIND,
        layout=K4ABT_32,
        unit=unit,
        timed=False,
        offsets_ns=evenly(len(raw)),
        persons=scaled(raw, unit),
        notes=("no times and no confidences: 30 frames a second are taken, and every joint is believed",),
    )


def _names(cells: list[str]) -> bool:
    """Whether these are the joints' names, in the SDK's order, however they are spelt."""
    spelt = [cell.strip().lower().replace("_", "") for cell in cells]
    return spelt == [name.replace("_", "") for name in K4ABT_32.joints]


def _person(line: str, number: int, path: Path) -> Person:
    cells = line.split(",")
    values = floats((part for cell in cells for part in cell.split()), number, path)
    if len(cells) != _JOINTS or len(values) != 3 * _JOINTS:
        raise SourceError(
            f"wanted {_JOINTS} cells of x y z, got {len(cells)} with {len(values)} numbers "
            f"in line {number} of {path}; copy it again"
        )
    return Person(
        from_k4abt(np.array(values).reshape(_JOINTS, 3)), np.ones(len(NTU_25), np.float32), track=0
    )


def from_k4abt(joints: NDArray[np.float64]) -> NDArray[np.float32]:
    """(25, 3) NTU-25 joints in Kinect camera space, in the unit of the (32, 3) k4abt joints."""
    return K4ABT_TO_NTU.positions(joints_in(joints)) * np.sign(K4ABT_FRAME)
