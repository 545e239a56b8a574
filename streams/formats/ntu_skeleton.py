"""NTU RGB+D ``.skeleton`` text: what a Kinect v2 saw of up to six bodies.

    number of frames
    then, for each frame, number of bodies
      then, for each body, one line of 10 fields that begins with its id, number of joints (25)
        then, for each joint, 12 fields: x y z (metres, Kinect camera space), depth and colour
        pixel (2 + 2), orientation (4), tracking state 0 not tracked, 1 inferred, 2 tracked

Shahroudy et al., "NTU RGB+D: A Large Scale Dataset for 3D Human Activity Analysis", CVPR 2016.
"""

from pathlib import Path

import numpy as np

from streams.formats.recording import (
    TRACKING_STATE,
    Identities,
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

KIND = "NTU RGB+D skeleton text"
MAX_FRAMES = 1_000_000
MAX_BODIES = 6
"""A Kinect v2 follows no more."""
_JOINT_FIELDS = 12


def looks_like_ntu_skeleton(head: str) -> bool:
    """Whether a file that begins so has a count of frames, then one of bodies."""
    first, _, rest = head.partition("\n")
    second = rest.partition("\n")[0]
    return _is_count(first) and (_is_count(second) or not rest.strip())


def read_ntu_skeleton(path: Path) -> Recording:
    """The frames of a ``.skeleton`` file.

    Raises:
        SourceError: Names the file and the line that is not as it should be.
    """
    lines = _Lines(read_text(path), path)
    identities = Identities()
    raw = [
        finite_only(_body(lines, identities) for _ in range(lines.count("bodies", most=MAX_BODIES)))
        for _ in range(lines.count("frames", most=MAX_FRAMES))
    ]
    if not raw:
        raise SourceError(f"wanted frames in {path}, got none; copy it again")
    unit = unit_of(raw, path)
    notes = ["no times: 30 frames a second are taken"]
    if unit == "mm":
        notes.append("positions are in millimetres, not in metres as they should be; they were divided")
    if lines.left():
        notes.append(f"{lines.left()} lines after the last frame are ignored")
    return Recording(
        kind=KIND,
        layout=NTU_25,
        unit=unit,
        timed=False,
        offsets_ns=evenly(len(raw)),
        persons=scaled(raw, unit),
        notes=tuple(notes),
    )


def _body(lines: "_Lines", identities: Identities) -> Person:
    identity = lines.next("a body's id").split()[0]
    lines.count("joints", least=len(NTU_25), most=len(NTU_25))
    joints = lines.numbers(len(NTU_25), each=_JOINT_FIELDS)
    state = np.nan_to_num(joints[:, 11]).clip(0, 2).astype(int)
    return Person(
        positions=joints_in(joints[:, :3]),
        confidence=TRACKING_STATE[state],
        track=identities(identity),
    )


class _Lines:
    """A file line by line; whatever is missing is named with its line."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.split("\n")
        self._path = path
        self._at = 0

    def next(self, what: str) -> str:
        """The next line, which is not empty."""
        line = self._lines[self._at] if self._at < len(self._lines) else ""
        self._at += 1
        if not line.strip():
            raise SourceError(
                f"wanted {what}, got {'an empty line' if self.left() else 'the end'} in line {self._at} "
                f"of {self._path}; the file is cut off or damaged, copy it again"
            )
        return line

    def count(self, what: str, *, least: int = 0, most: int) -> int:
        """The next line, which is a number of things."""
        text = self.next(f"a number of {what}").strip()
        number = int(text) if _is_count(text) else -1
        if not least <= number <= most:
            wanted = str(most) if least == most else f"{least} to {most}"
            raise SourceError(
                f"wanted {wanted} {what}, got {text!r:.40} in line {self._at} of {self._path}; "
                "copy it again"
            )
        return number

    def numbers(self, lines: int, *, each: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """The next lines, ``each`` numbers in every one."""
        first = self._at
        self._at = first + lines
        taken = self._lines[first : self._at]
        if len(taken) < lines or not taken[-1].strip():
            given = sum(bool(line.strip()) for line in taken)
            raise SourceError(
                f"wanted {lines} joints from line {first + 1} of {self._path} on, got {given}; "
                "the file is cut off, copy it again"
            )
        return numbers_in(taken, each=each, first_line=first + 1, path=self._path)

    def left(self) -> int:
        """Lines not read yet that are not empty."""
        return sum(bool(line.strip()) for line in self._lines[self._at :])


def _is_count(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdigit() and len(text) <= 9
