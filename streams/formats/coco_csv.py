"""A table of COCO-17 points of pictures, as any 2-D pose estimator's can be written; lifted into space.

The first line names the fields: time_ms, body, width, height, then for each point its name with _x,
_y and _score. Each further line is one body in one frame: the time in milliseconds, a number that
stays with the body (any where there is none), the picture's size in pixels, and the points in
pixels, x right and y down, each with a score from 0 to 1. Lines of one frame have one time; one whose
body is left empty says that nobody was seen then.
"""

import itertools
from pathlib import Path

import numpy as np

from streams.formats.recording import Identities, Recording, floats, later_only, read_text
from streams.lifting import coco_person
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import COCO_17
from streams.sources.base import Person

KIND = "COCO-17 table"
HEADER = (
    "time_ms",
    "body",
    "width",
    "height",
    *(f"{name}_{what}" for name in COCO_17.joints for what in ("x", "y", "score")),
)
_MOST_MS, _MOST_PIXELS = 2.0**40, 32768


def looks_like_coco_csv(head: str) -> bool:
    """Whether a file that begins so names the fields of such a table in its first line."""
    return head.partition("\n")[0].strip().lower() == ",".join(HEADER)


def read_coco_csv(path: Path) -> Recording:
    """The frames, everybody in each.

    Raises:
        SourceError: Names the file and the line that is not as it should be.
    """
    lines = read_text(path).rstrip("\n").split("\n")[1:]
    rows = [_row(line, number, path) for number, line in enumerate(lines, start=2)]
    if not rows:
        raise SourceError(f"wanted points in {path}, got only the names of the fields; write it again")
    identities = Identities()
    frames: list[tuple[float, tuple[Person, ...]]] = [
        (time_ms, tuple(person for row in bodies if (person := _person(row, identities)) is not None))
        for time_ms, bodies in itertools.groupby(rows, key=lambda row: row[0])
    ]
    times_ns = np.round((np.array([time_ms for time_ms, _ in frames]) - frames[0][0]) * 1e6).astype(
        np.int64
    )
    kept = later_only(times_ns)
    notes = ["lifted from points in the picture: depth, size and distance are guesses"]
    if not kept.all():
        notes.append(f"{np.count_nonzero(~kept)} frames go back in time; they were left out")
    return Recording(
        kind=KIND,
        layout=COCO_17,
        unit="pixels",
        timed=True,
        offsets_ns=times_ns[kept],
        persons=tuple(persons for keep, (_, persons) in zip(kept, frames, strict=True) if keep),
        notes=tuple(notes),
    )


def _row(line: str, number: int, path: Path) -> list[float]:
    fields = line.split(",")
    if len(fields) != len(HEADER):
        raise SourceError(
            f"wanted {len(HEADER)} fields, got {len(fields)} in line {number} of {path}; copy it again"
        )
    if not fields[1].strip():
        fields[1:] = ["0", "1", "1"]
    row = floats(fields, number, path)
    sized = all(1 <= pixels <= _MOST_PIXELS for pixels in row[2:4])
    if not (abs(row[0]) < _MOST_MS and abs(row[1]) < 2.0**62 and sized):
        raise SourceError(
            f"wanted a time, a body's number and a picture's size, got {','.join(fields[:4])!r:.60} in "
            f"line {number} of {path}"
        )
    return row


def _person(row: list[float], identities: Identities) -> Person | None:
    if len(row) < len(HEADER):
        return None
    points = np.array(row[4:]).reshape(len(COCO_17), 3)
    return coco_person(points, size=(round(row[2]), round(row[3])), track=identities(row[1]))
