"""The session file: skeletons over time, without pictures, readable up to where writing stopped.

    "anymove session", a newline, u16 version, u32 length, JSON header, u32 CRC-32 of the header
    then records: u32 length, u32 CRC-32, payload

In version 2 a payload is a second or so of frames, see ``session_block``. In version 1, which is
still read, it is one frame: ``i64`` nanoseconds since the session began, ``u8`` flags (1: the joints
are smoothed already; 2: the identities are final), ``u8`` persons, and for each person ``i32`` its
identity (-1: none), (25, 3) float32 positions in metres and (25,) float32 confidence. Everything is
little-endian.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from streams.session_block import MAX_PACKED, MAX_PERSONS, decode_block, encode_block
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person, SkeletonFrame

MAGIC = b"anymove session\n"
VERSION = 2
_SINGLE = 1
"""Version whose records are single frames."""
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
    version: int = VERSION
    """Of the file; told outside the JSON."""


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
    told = {name: value for name, value in asdict(header).items() if name != "version"}
    text = json.dumps(told).encode()
    return MAGIC + _LEAD.pack(header.version, len(text)) + text + struct.pack("<I", zlib.crc32(text))


def encode_record(frames: Sequence[tuple[int, SkeletonFrame]]) -> bytes:
    """One record.

    Args:
        frames: (microseconds since the session began, frame); see ``session_block.encode_block``.
    """
    payload = encode_block(frames)
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
    if version not in (_SINGLE, VERSION):
        raise SourceError(f"wanted a session of version 1 to {VERSION}, got {version}; update this program")
    text, crc = file.read(min(length, 65536)), file.read(4)
    try:
        if struct.pack("<I", zlib.crc32(text)) != crc:
            raise ValueError("checksum")
        header = SessionHeader(**json.loads(text), version=version)
    except (ValueError, TypeError) as error:
        raise SourceError(f"wanted the header of {path}, got damage ({error}); copy it again") from None
    if header.layout != NTU_25.name:
        raise SourceError(f"wanted joints in layout {NTU_25.name}, got {header.layout} in {path}")
    return header


def read_frames(file: BinaryIO, header: SessionHeader) -> Iterator[tuple[int, SkeletonFrame]]:
    """(nanoseconds since the beginning, frame with that as its time), up to the first torn record.

    Args:
        file: At its first record.
        header: Of the file.
    """
    for frames, _ in _records(file, header):
        yield from frames


def _records(
    file: BinaryIO, header: SessionHeader
) -> Iterator[tuple[list[tuple[int, SkeletonFrame]], int]]:
    """The frames of each sound record, and the position behind it."""
    last_ns = -1
    most = _MOST_BYTES if header.version == _SINGLE else MAX_PACKED
    while len(lead := file.read(_RECORD.size)) == _RECORD.size:
        length, crc = _RECORD.unpack(lead)
        payload = file.read(length) if length <= most else b""
        if len(payload) != length or zlib.crc32(payload) != crc:
            return
        frames = _single(payload) if header.version == _SINGLE else decode_block(payload)
        if frames is None or frames[0][0] <= last_ns:
            return
        last_ns = frames[-1][0]
        yield frames, file.tell()


def summarize(path: Path) -> SessionSummary:
    """What the file holds, every record checked.

    Raises:
        SourceError: The file cannot be opened or is not a session.
    """
    try:
        with path.open("rb") as file:
            header = read_header(file, path)
            end, frames, duration_ns = file.tell(), 0, 0
            for record, behind in _records(file, header):
                frames, duration_ns, end = frames + len(record), record[-1][0], behind
    except OSError as error:
        raise SourceError(f"wanted a recorded session, got {error}; check the path") from None
    return SessionSummary(header, frames, duration_ns / 1e9, path.stat().st_size - end, end)


def _single(payload: bytes) -> list[tuple[int, SkeletonFrame]] | None:
    """The one frame of a record of version 1."""
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
    frame = SkeletonFrame(
        tuple(persons),
        captured_ns=offset_ns,
        smoothed=bool(flags & _SMOOTHED),
        identified=bool(flags & _IDENTIFIED),
    )
    return [(offset_ns, frame)]
