"""What a file of skeletons holds, whatever its form: everybody in every frame, as NTU-25 joints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import Layout
from streams.skeleton.normalize import body_size
from streams.sources.base import Person

MAX_BYTES = 256 * 1024 * 1024
KINECT_FPS = 30.0
"""Rate of every Kinect; taken where a file tells no times."""
TRACKING_STATE = np.array([0.0, 0.3, 1.0], np.float32)
"""Confidence of a Kinect v2 joint: not tracked, inferred, tracked. An inferred joint is the
sensor's guess: below the 0.5 from which the normalisation believes a joint."""

_METRES, _MILLIMETRES = (0.3, 3.0), (300.0, 3000.0)
"""Trunk, thigh and shin of anybody, child or giant."""
_FARTHEST = 1e6


@dataclass(frozen=True, eq=False)
class Recording:
    """Skeletons over time.

    Attributes:
        kind: What the file is, in words.
        layout: The joints the file has; ``persons`` have been retargeted from them.
        unit: "m", "mm" or "pixels": what the file counts in; ``persons`` are in metres.
        timed: Whether the file tells times; else 30 frames a second are taken.
        offsets_ns: (T,) int64, nanoseconds since the first frame, strictly increasing.
        persons: For each of the T frames everybody in it, NTU-25 joints, metres, Kinect camera
            space; ``track`` counts the file's own identities in order of appearance.
        notes: What was repaired or taken for granted, a sentence each.
    """

    kind: str
    layout: Layout
    unit: str
    timed: bool
    offsets_ns: NDArray[np.int64]
    persons: tuple[tuple[Person, ...], ...]
    notes: tuple[str, ...] = ()


def read_text(path: Path) -> str:
    """The file as text, without a byte-order mark, its lines ended by a newline alone.

    Raises:
        SourceError: It is too large or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SourceError(f"wanted a file of at most {MAX_BYTES} bytes, got {size} in {path}; split it")
        # Universal newlines: a file that went through Windows has the same lines.
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise SourceError(f"wanted to read {path}, got {error.strerror}; check its permissions") from None


def numbers_in(lines: Sequence[str], *, each: int, first_line: int, path: Path) -> NDArray[np.float64]:
    """(len(lines), each) numbers separated by white space.

    Args:
        lines: Of the file.
        each: Numbers wanted in a line.
        first_line: Number of the first of them in the file, from 1.
        path: The file, for the message.

    Raises:
        SourceError: A line has other than ``each`` numbers; names it.
    """
    for number, line in enumerate(lines, start=first_line):
        if (found := len(line.split())) != each:
            raise SourceError(
                f"wanted {each} numbers, got {found} in line {number} of {path}; copy it again"
            )
    try:
        # Ten times as fast as one number at a time, but silent about where it stopped.
        return np.fromstring("\n".join(lines), sep=" ").reshape(len(lines), each)
    except ValueError:
        rows = [floats(line.split(), number, path) for number, line in enumerate(lines, start=first_line)]
    return np.array(rows, np.float64)


def floats(fields: Iterable[str], number: int, path: Path) -> list[float]:
    """The fields of a line as numbers.

    Raises:
        SourceError: One is none; names the line.
    """
    try:
        return [float(field) for field in fields]
    except ValueError as error:
        raise SourceError(f"wanted numbers in line {number} of {path}, got {error}") from None


def joints_in(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The coordinates as float32; NaN where one is beyond every sensor's reach."""
    return np.where(np.abs(values) < _FARTHEST, values, np.nan).astype(np.float32)


def evenly(frames: int) -> NDArray[np.int64]:
    """(frames,) nanoseconds of frames at a Kinect's rate."""
    return np.round(np.arange(frames) * (1e9 / KINECT_FPS)).astype(np.int64)


def later_only(times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(T,) True for frames later than all before: one that repeats a time says nothing new."""
    return np.concatenate([[True], times_ns[1:] > np.maximum.accumulate(times_ns)[:-1]])


def finite_only(persons: Iterable[Person]) -> tuple[Person, ...]:
    """The persons all of whose joints are somewhere, and not all at one point: absent ones are zeros."""
    return tuple(p for p in persons if np.isfinite(p.positions).all() and np.ptp(p.positions, axis=0).any())


def unit_of(persons: Sequence[Sequence[Person]], path: Path) -> str:
    """The unit the persons' positions are in, by the size of their bodies: "m" or "mm"; "m" of nobody.

    Raises:
        SourceError: Bodies of another size.
    """
    seen = [person.positions for frame in persons for person in frame]
    if not seen:
        return "m"
    # Of a long recording a thousand bodies tell as much as all.
    size = body_size(np.stack(seen[:: 1 + len(seen) // 1000]))
    for unit, (least, most) in (("m", _METRES), ("mm", _MILLIMETRES)):
        if least <= size <= most:
            return unit
    raise SourceError(
        f"wanted bodies whose trunk and leg measure 0.3 to 3 m, or that in millimetres, got {size:.4g} in "
        f"{path}; check the unit and the order of joints"
    )


def scaled(persons: Sequence[Sequence[Person]], unit: str) -> tuple[tuple[Person, ...], ...]:
    """The persons in metres."""
    if unit == "m":
        return tuple(tuple(frame) for frame in persons)
    return tuple(
        tuple(
            Person(person.positions / np.float32(1000), person.confidence, track=person.track)
            for person in frame
        )
        for frame in persons
    )


class Identities:
    """Small numbers for the identities a file gives, in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def __call__(self, identity: object) -> int:
        """The number of an identity, the same each time."""
        return self._numbers.setdefault(identity, len(self._numbers))
