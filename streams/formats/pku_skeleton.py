"""PKU-MMD skeleton text: a line for each frame, x y z of 25 joints of two bodies, zeros for nobody.

Metres, Kinect camera space, 30 frames a second; 150 numbers a line, or 75 where there is one body.
Liu et al., "PKU-MMD: A Large Scale Benchmark for Continuous Multi-Modal Human Action
Understanding", 2017. The labels are other files and are not read here.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.formats.recording import (
    Recording,
    evenly,
    finite_only,
    joints_in,
    numbers_in,
    read_text,
    scaled,
    unit_of,
)
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person

KIND = "PKU-MMD skeleton text"
_BODY = 3 * len(NTU_25)
_WIDTHS = (_BODY, 2 * _BODY)


def looks_like_pku_skeleton(head: str) -> bool:
    """Whether a file that begins so has 150 or 75 numbers in its first line."""
    first = head.partition("\n")[0]
    if "," in first or len(first.split()) not in _WIDTHS:
        return False
    try:
        return bool(np.isfinite([float(field) for field in first.split()]).all())
    except ValueError:
        return False


def read_pku_skeleton(path: Path) -> Recording:
    """The frames of a PKU-MMD skeleton file; a body's track is its place in the line, 0 or 1.

    Raises:
        SourceError: Names the file and the line that is not as it should be.
    """
    lines = read_text(path).rstrip().split("\n")
    width = len(lines[0].split())
    if width not in _WIDTHS:
        raise SourceError(f"wanted 75 or 150 numbers, got {width} in line 1 of {path}; copy it again")
    table = numbers_in(lines, each=width, first_line=1, path=path)
    raw = [_persons(line) for line in joints_in(table).reshape(len(table), -1, len(NTU_25), 3)]
    unit = unit_of(raw, path)
    notes = ["no times and no tracking states: 30 frames a second are taken, and every joint is believed"]
    if unit == "mm":
        notes.append("positions are in millimetres, not in metres as they should be; they were divided")
    return Recording(
        kind=KIND,
        layout=NTU_25,
        unit=unit,
        timed=False,
        offsets_ns=evenly(len(raw)),
        persons=scaled(raw, unit),
        notes=tuple(notes),
    )


def _persons(bodies: NDArray[np.float32]) -> tuple[Person, ...]:
    sure = np.ones(len(NTU_25), np.float32)
    return finite_only(Person(body, sure, track=place) for place, body in enumerate(bodies))
