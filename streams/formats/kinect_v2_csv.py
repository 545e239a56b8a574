"""A table of Kinect v2 skeletons of one person: the form of Microsoft's Labanotation Suite.

No header; each line has a time in 100 ns units, then x, y, z (metres, Kinect camera space) and
the tracking state of 25 joints, then a trailing comma: 102 fields.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.formats.recording import (
    TRACKING_STATE,
    Recording,
    finite_only,
    floats,
    joints_in,
    later_only,
    read_text,
    scaled,
    unit_of,
)
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person

KIND = "Kinect v2 table"
_FIELDS = 1 + 4 * len(NTU_25)
_LONGEST_TICKS = 2.0**62 / 100


def looks_like_kinect_v2_csv(head: str) -> bool:
    """Whether a file that begins so has a line of 102 comma-separated fields."""
    return head.partition("\n")[0].count(",") == _FIELDS


def read_kinect_v2_csv(path: Path) -> Recording:
    """The frames of one recorded person.

    Raises:
        SourceError: Names the file and the line that is not as it should be.
    """
    table = _table(read_text(path).rstrip("\n").split("\n"), path)
    times_ns = np.round((table[:, 0] - table[0, 0]) * 100).astype(np.int64)
    kept = later_only(times_ns)
    raw = [finite_only([_person(row)]) for row in table[kept, 1:].reshape(-1, len(NTU_25), 4)]
    unit = unit_of(raw, path)
    notes: list[str] = []
    if not kept.all():
        notes.append(
            f"{np.count_nonzero(~kept)} lines repeat a time or go back in time; they were left out"
        )
    if unit == "mm":
        notes.append("positions are in millimetres, not in metres as they should be; they were divided")
    return Recording(
        kind=KIND,
        layout=NTU_25,
        unit=unit,
        timed=True,
        offsets_ns=times_ns[kept],
        persons=scaled(raw, unit),
        notes=tuple(notes),
    )


def _person(joints: NDArray[np.float64]) -> Person:
    state = np.nan_to_num(joints[:, 3]).clip(0, 2).astype(int)
    return Person(joints_in(joints[:, :3]), confidence=TRACKING_STATE[state], track=0)


def _table(lines: list[str], path: Path) -> NDArray[np.float64]:
    """(T, 101) ticks, then x, y, z, state of 25 joints."""
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        fields = line.rstrip().rstrip(",").split(",")
        if len(fields) != _FIELDS:
            raise SourceError(
                f"wanted {_FIELDS} fields (a time and {len(NTU_25)} joints), got {len(fields)} in line "
                f"{number} of {path}; copy it again"
            )
        row = floats(fields, number, path)
        if not abs(row[0]) < _LONGEST_TICKS:
            raise SourceError(f"wanted a time, got {fields[0]!r:.40} in line {number} of {path}")
        rows.append(row)
    return np.array(rows)
