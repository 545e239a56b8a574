"""The session file: skeletons over time, without pictures, readable up to where writing stopped.

    "anymove session", a newline, u16 version, u32 length, JSON header, u32 CRC-32 of the header
    then, for each frame, u32 length, u32 CRC-32, payload

A payload is ``i64`` nanoseconds since the session began, ``u8`` flags (1: the joints are
smoothed already; 2: the identities are final), ``u8`` persons, and for each person ``i32`` its
identity (-1: none), (25, 3) float32 positions in metres and (25,) float32 confidence. Everything
is little-endian. Floats are kept whole, so a replay has the very joints that were seen live.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person, SkeletonFrame

MAGIC = b"anymove session\n"
VERSION = 1
MAX_PERSONS = 16
_LEAD = struct.Struct("<HI")
_RECORD = struct.Struct("<II")
_FRAME = struct.Struct("<qBB")
_TRACK = struct.Struct("<i")
_JOINTS = len(NTU_25)
_PERSON_BYTES = _TRACK.size + _JOINTS * 4 * 4
_MOST_BYTES = _FRAME.size + MAX_PERSONS * _PERSON_BYTES
_SMOOTHED, _IDENTIFIED = 1, 2


@dataclass(frozen=True)
class SessionHeader:
    """What a session file says about itself."""

    source: str
    """Name of the source it was recorded from."""
    layout: str = NTU_25.name
    """Joint layout, always NTU-25."""


@dataclass(frozen=True)
class SessionSummary:
    """What a session file holds."""

    header: SessionHeader
    frames: int
    """Whole frames that can be read."""
    duration_s: float
    """Time of the last of them, seconds."""
    torn_bytes: int
    """Bytes after them that are no frame: the process was ended while it wrote, or damage."""
    end: int
    """Position behind the last whole frame."""


def encode_header(header: SessionHeader) -> bytes:
    """The bytes a session file begins with."""
    text = json.dumps(asdict(header)).encode()
    return MAGIC + _LEAD.pack(VERSION, len(text)) + text + struct.pack("<I", zlib.crc32(text))


def encode_frame(frame: SkeletonFrame, offset_ns: int) -> bytes:
    """One record.

    Args:
        frame: At most ``MAX_PERSONS`` persons are kept.
        offset_ns: Its time since the session began, nanoseconds.
    """
    persons = frame.persons[:MAX_PERSONS]
    flags = _SMOOTHED * frame.smoothed | _IDENTIFIED * frame.identified
    parts = [_FRAME.pack(offset_ns, flags, len(persons))]
    for person in persons:
        parts.append(_TRACK.pack(-1 if person.track is None else person.track))
        parts.append(person.positions.astype("<f4").tobytes())
        parts.append(person.confidence.astype("<f4").tobytes())
    payload = b"".join(parts)
    return _RECORD.pack(len(payload), zlib.crc32(payload)) + payload


def read_header(file: BinaryIO, path: Path) -> SessionHeader:
    """The header; the file is then at its first record.

    Raises:
        SourceError: Not a session file, a damaged header, or a newer version.
    """
    lead = file.read(len(MAGIC) + _LEAD.size)
    if not lead.startswith(MAGIC) or len(lead) < len(MAGIC) + _LEAD.size:
        raise SourceError(f"wanted a recorded session, got {path}, which is none; check the path")
    version, length = _LEAD.unpack_from(lead, len(MAGIC))
    if version != VERSION:
        raise SourceError(f"wanted a session of version {VERSION}, got {version}; update this program")
    text, crc = file.read(min(length, 65536)), file.read(4)
    try:
        if struct.pack("<I", zlib.crc32(text)) != crc:
            raise ValueError("checksum")
        header = SessionHeader(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise SourceError(f"wanted the header of {path}, got damage ({error}); copy it again") from None
    if header.layout != NTU_25.name:
        raise SourceError(f"wanted joints in layout {NTU_25.name}, got {header.layout} in {path}")
    return header


def read_frames(file: BinaryIO) -> Iterator[tuple[int, SkeletonFrame]]:
    """(nanoseconds since the beginning, frame with that as its time), up to the first torn record.

    Args:
        file: At its first record.
    """
    last_ns = -1
    while len(lead := file.read(_RECORD.size)) == _RECORD.size:
        length, crc = _RECORD.unpack(lead)
        payload = file.read(length) if length <= _MOST_BYTES else b""
        if len(payload) != length or zlib.crc32(payload) != crc:
            return
        frame = _decode(payload)
        if frame is None or frame.captured_ns <= last_ns:
            return
        last_ns = frame.captured_ns
        yield last_ns, frame


def summarize(path: Path) -> SessionSummary:
    """What the file holds, every record checked.

    Raises:
        SourceError: The file cannot be opened or is not a session.
    """
    try:
        with path.open("rb") as file:
            header = read_header(file, path)
            end, frames, duration_ns = file.tell(), 0, 0
            for offset_ns, _ in read_frames(file):
                frames, duration_ns, end = frames + 1, offset_ns, file.tell()
    except OSError as error:
        raise SourceError(f"wanted a recorded session, got {error}; check the path") from None
    return SessionSummary(header, frames, duration_ns / 1e9, path.stat().st_size - end, end)


def _decode(payload: bytes) -> SkeletonFrame | None:
    if len(payload) < _FRAME.size:
        return None
    offset_ns, flags, count = _FRAME.unpack_from(payload)
    if len(payload) != _FRAME.size + count * _PERSON_BYTES:
        return None
    persons: list[Person] = []
    for i in range(count):
        at = _FRAME.size + i * _PERSON_BYTES
        (track,) = _TRACK.unpack_from(payload, at)
        values = np.frombuffer(payload, "<f4", _JOINTS * 4, at + _TRACK.size).astype(np.float32)
        persons.append(
            Person(
                positions=values[: _JOINTS * 3].reshape(_JOINTS, 3),
                confidence=values[_JOINTS * 3 :],
                track=None if track < 0 else track,
            )
        )
    return SkeletonFrame(
        tuple(persons),
        captured_ns=offset_ns,
        smoothed=bool(flags & _SMOOTHED),
        identified=bool(flags & _IDENTIFIED),
    )
