"""Replays Kinect v2 skeletons from a table: the form of Microsoft's Labanotation Suite.

No header; each line has a time in 100 ns units, then x, y, z (metres, Kinect camera space) and
the tracking state of 25 joints, then a trailing comma: 102 fields.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person, SkeletonFrame
from streams.sources.pace import Pace, replay

_FIELDS = 1 + 4 * len(NTU_25)
_MAX_BYTES = 256 * 1024 * 1024
# Tracking state 0 not tracked, 1 inferred, 2 tracked. An inferred joint is the sensor's guess:
# below the 0.5 from which the normalisation believes a joint.
_CONFIDENCE = np.array([0.0, 0.3, 1.0], np.float32)


def looks_like_kinect_csv(path: Path) -> bool:
    """Whether the file begins with a line of 102 comma-separated fields."""
    with path.open("rb") as file:
        line = file.readline(8192)
    return line.count(b",") == _FIELDS


class KinectCsvSource:
    """The frames of one recorded person.

    Args:
        path: The table.
        fast: Give every frame as soon as it is taken; else at the pace it was recorded.
        loop: Begin again at the end, time going on, after one second.

    Raises:
        SourceError: A line has another number of joints, or is not numbers.
    """

    def __init__(self, path: Path, *, fast: bool = False, loop: bool = False) -> None:
        self.name = str(path)
        self._offsets_ns, self._joints = _table(path)
        self._loop = loop
        self._pace = Pace(fast=fast, duration_s=float(self._offsets_ns[-1]) / 1e9)
        self.live = self._pace.live

    @property
    def dropped(self) -> int:
        """Frames left out because they were taken too late."""
        return self._pace.dropped

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames in order of time."""
        return replay(self._frames, self._pace, loop=self._loop)

    def close(self) -> None:
        """End the iteration; from any thread."""
        self._pace.close()

    def _frames(self) -> Iterator[tuple[int, SkeletonFrame]]:
        for offset_ns, joints in zip(self._offsets_ns.tolist(), self._joints, strict=True):
            yield offset_ns, SkeletonFrame((_person(joints),), captured_ns=offset_ns)


def _person(joints: NDArray[np.float64]) -> Person:
    state = np.nan_to_num(joints[:, 3]).clip(0, 2).astype(int)
    return Person(positions=joints[:, :3].astype(np.float32), confidence=_CONFIDENCE[state])


def _table(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(T,) nanoseconds since the first line, strictly increasing, and (T, 25, 4) x, y, z, state."""
    if path.stat().st_size > _MAX_BYTES:
        raise SourceError(f"wanted a table of at most {_MAX_BYTES} bytes, got {path}; split it")
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        fields = line.rstrip().rstrip(",").split(",")
        if len(fields) != _FIELDS:
            raise SourceError(
                f"wanted {_FIELDS} fields (a time and {len(NTU_25)} joints), got {len(fields)} in line "
                f"{number} of {path}; only Kinect v2 skeletons can be read"
            )
        try:
            rows.append([float(field) for field in fields])
        except ValueError as error:
            raise SourceError(f"wanted numbers in line {number} of {path}, got {error}") from None
    table = np.array(rows)
    times = np.round((table[:, 0] - table[0, 0]) * 100).astype(np.int64)
    # A line that repeats the time of the one before says nothing new.
    kept = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    return times[kept], table[kept, 1:].reshape(-1, len(NTU_25), 4)
