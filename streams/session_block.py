"""One second of a session file: frames in whole millimetres, what changes from frame to frame, packed.

Before packing (raw LZMA2), little-endian:

    u16 frames n, i64 microseconds of the first since the session began
    u32 microseconds since the frame before, n - 1 of them
    u8 flags, n (1: the joints are smoothed already; 2: the identities are final)
    u8 persons, n
    i32 identity (-1: none), u8 quality + 1 in 254ths (0: not told), for each person of each frame
    joints and confidences: for each person the differences to the same identity's last values in
    this block, positions in millimetres and confidence in hundredths; a column for each of the 100
    values, zigzag, first all lowest bytes, then all second, third and fourth

Values are rounded to this grid before anybody uses them (``as_stored``): what was recorded is what
was seen, and a replay has the very numbers of the live run.
"""

import lzma
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person, SkeletonFrame

MAX_FRAMES = 1024
MAX_PERSONS = 16
MAX_PACKED = 8 * 1024 * 1024
"""Bytes of a packed block: every value of the fullest one at its longest."""
_UNIT_M = np.float32(0.001)
_LEVELS = np.float32(100.0)
_QUALITIES = 254
_HEAD = struct.Struct("<Hq")
_JOINTS = len(NTU_25)
_COLUMNS = _JOINTS * 4
_SMOOTHED, _IDENTIFIED = 1, 2
_FARTHEST = 2**30
FILTERS: list[dict[str, Any]] = [
    {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20, "lc": 0, "lp": 0, "pb": 0, "preset": 6}
]
_MOST_RAW = _HEAD.size + MAX_FRAMES * (6 + MAX_PERSONS * (5 + 4 * _COLUMNS))


def as_stored(frame: SkeletonFrame, *, begin_ns: int) -> SkeletonFrame:
    """The frame as it comes back from a file: rounded to millimetres, hundredths and microseconds.

    Args:
        frame: At ``begin_ns`` or later.
        begin_ns: When the session began.
    """
    # To the nearest: cutting off would make thirty even frames a second come too early for a window.
    offset_us = (frame.captured_ns - begin_ns + 500) // 1000
    persons = tuple(
        _person(_values(person), person.image_points, person.track, person.quality)
        for person in frame.persons
    )
    return replace(frame, persons=persons, captured_ns=begin_ns + 1000 * offset_us)


def stored_quality(quality: float) -> float:
    """A quality as it comes back from a file, [0, 1]."""
    return round(quality * _QUALITIES) / _QUALITIES


def encode_block(frames: Sequence[tuple[int, SkeletonFrame]]) -> bytes:
    """The packed block.

    Args:
        frames: (microseconds since the session began, frame), 1 to ``MAX_FRAMES`` of them, later each
            time by less than an hour; at most ``MAX_PERSONS`` persons of each are kept.
    """
    offsets = np.array([offset_us for offset_us, _ in frames], np.int64)
    kept = [frame.persons[:MAX_PERSONS] for _, frame in frames]
    flags = [_SMOOTHED * frame.smoothed | _IDENTIFIED * frame.identified for _, frame in frames]
    everybody = [person for persons in kept for person in persons]
    tracks = np.array([-1 if p.track is None else p.track for p in everybody], "<i4")
    qualities = [
        0 if p.quality is None else 1 + round(min(max(p.quality, 0.0), 1.0) * _QUALITIES) for p in everybody
    ]
    values = np.array([_values(p) for p in everybody], np.int32).reshape(len(everybody), _COLUMNS)
    raw = [
        _HEAD.pack(len(frames), offsets[0]),
        np.diff(offsets).astype("<u4").tobytes(),
        bytes(flags),
        bytes(len(persons) for persons in kept),
        tracks.tobytes(),
        bytes(qualities),
        _planes(_differences(values, tracks)),
    ]
    return lzma.compress(b"".join(raw), format=lzma.FORMAT_RAW, filters=FILTERS)


def decode_block(packed: bytes) -> list[tuple[int, SkeletonFrame]] | None:
    """What ``encode_block`` was given, nanoseconds instead of microseconds; None of what is no block."""
    try:
        raw = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=FILTERS).decompress(packed, _MOST_RAW)
        count, first_us = _HEAD.unpack_from(raw)
        if not 1 <= count <= MAX_FRAMES:
            return None
        at = _HEAD.size
        steps = np.frombuffer(raw, "<u4", count - 1, at).astype(np.int64)
        at += 4 * (count - 1)
        flags, persons = raw[at : at + count], raw[at + count : at + 2 * count]
        at += 2 * count
        total = sum(persons)
        tracks = np.frombuffer(raw, "<i4", total, at)
        qualities = raw[at + 4 * total : at + 5 * total]
        at += 5 * total
        planes = np.frombuffer(raw, np.uint8, 4 * _COLUMNS * total, at)
    except (lzma.LZMAError, struct.error, ValueError):
        return None
    if at + len(planes) != len(raw) or len(persons) != count or (steps == 0).any():
        return None
    if max(persons) > MAX_PERSONS:
        return None
    values = _summed(_unplaned(planes, total), tracks)
    offsets_ns = 1000 * (first_us + np.concatenate([[0], np.cumsum(steps)]))
    everybody = [
        _person(row, None, None if track < 0 else track, None if not told else (told - 1) / _QUALITIES)
        for row, track, told in zip(values, tracks.tolist(), qualities, strict=True)
    ]
    frames: list[tuple[int, SkeletonFrame]] = []
    for offset_ns, flag, number in zip(offsets_ns.tolist(), flags, persons, strict=True):
        seen, everybody = tuple(everybody[:number]), everybody[number:]
        smoothed, identified = bool(flag & _SMOOTHED), bool(flag & _IDENTIFIED)
        frames.append((offset_ns, SkeletonFrame(seen, offset_ns, smoothed=smoothed, identified=identified)))
    return frames


def _values(person: Person) -> NDArray[np.int32]:
    """(100,) whole millimetres, and confidence in hundredths."""
    places = np.rint(person.positions.ravel() / _UNIT_M).clip(-_FARTHEST, _FARTHEST)
    return np.concatenate([places, np.rint(person.confidence.clip(0, 1) * _LEVELS)]).astype(np.int32)


def _person(
    values: NDArray[np.int32], points: NDArray[np.float32] | None, track: int | None, quality: float | None
) -> Person:
    floats = values.astype(np.float32)
    return Person(
        (floats[: 3 * _JOINTS] * _UNIT_M).reshape(_JOINTS, 3),
        floats[3 * _JOINTS :] / _LEVELS,
        points,
        track,
        quality,
    )


def _differences(values: NDArray[np.int32], tracks: NDArray[np.int32]) -> NDArray[np.int32]:
    made = values.copy()
    for track in np.unique(tracks):
        rows = np.flatnonzero(tracks == track)
        made[rows[1:]] = np.diff(values[rows], axis=0)
    return made


def _summed(differences: NDArray[np.int32], tracks: NDArray[np.int32]) -> NDArray[np.int32]:
    made = differences.copy()
    for track in np.unique(tracks):
        rows = np.flatnonzero(tracks == track)
        made[rows] = np.cumsum(differences[rows], axis=0, dtype=np.int32)
    return made


def _planes(differences: NDArray[np.int32]) -> bytes:
    zigzag = ((differences << 1) ^ (differences >> 31)).T.astype("<u4")
    return np.moveaxis(np.ascontiguousarray(zigzag)[..., None].view(np.uint8), -1, 0).tobytes()


def _unplaned(planes: NDArray[np.uint8], rows: int) -> NDArray[np.int32]:
    bytes_last = np.moveaxis(planes.reshape(4, _COLUMNS, rows), 0, -1)
    zigzag = np.ascontiguousarray(bytes_last).view("<u4")[..., 0].T
    return ((zigzag >> 1).astype(np.int32)) ^ -(zigzag & 1).astype(np.int32)
