"""The wire format: a JSON header and raw buffers, never a pickle.

Every message is ``[header, buffer, ...]``. The header is a JSON object with ``v`` (version),
``type`` and, per buffer, ``{"dtype", "shape"}`` in ``arrays``. Clocks of two machines are never
compared: a header carries ages. ``clock`` names the sender's clock, so that a receiver on the
same machine may also count the time in transit.

The windows plane, DEALER (capture) to ROUTER (engine):

    HELLO   capture -> engine   {stream}                    on connect, and each second unanswered
    WELCOME engine -> capture   {frames, length_s, credit}  the window the bundle wants
    WINDOW  capture -> engine   {stream, track, sequence, age_ns, ...} + positions + confidence
    CREDIT  engine -> capture   {credit}                    one for each window taken off the queue
    REFUSED engine -> capture   {code, message}             the window was not usable

A capture process sends a window only while it holds credit; meanwhile the newest window of a
track replaces the one waiting, and every one replaced is counted.
"""

import functools
import json
import math
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import WireError, WireVersionError
from streams.skeleton.window import Window

VERSION = 1
MAX_HEADER_BYTES = 64 * 1024
MAX_BUFFER_BYTES = 8 * 1024 * 1024
MAX_BUFFERS = 8
_MAX_NUMBER = 2**62
_ENCODE = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_DTYPES = {"float32": np.float32, "uint8": np.uint8}

Header = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """One decoded message.

    Attributes:
        type: What it is, for example ``"window"``.
        header: The other fields of the JSON header.
        arrays: Read-only views of the buffers, by name.
        transit_ns: Time on the way, nanoseconds; None when the peer's clock is another.
    """

    type: str
    header: Header
    arrays: dict[str, NDArray[Any]]
    transit_ns: int | None


@functools.cache
def clock_id() -> str:
    """Name of this machine's monotonic clock: the same in every process until it reboots."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        return boot.read_text().strip()
    return f"{uuid.getnode():x}-{round((time.time_ns() - time.monotonic_ns()) / 1e10)}"


def pack(kind: str, header: Header | None = None, **arrays: NDArray[Any]) -> list[bytes]:
    """Frames of one message, ready for ``send_multipart``.

    Args:
        kind: The message type.
        header: JSON-safe fields.
        arrays: float32 or uint8 arrays, sent in C order.
    """
    described = {name: {"dtype": str(a.dtype), "shape": list(a.shape)} for name, a in arrays.items()}
    full = {
        **(header or {}),
        "v": VERSION,
        "type": kind,
        "clock": clock_id(),
        "sent_ns": time.monotonic_ns(),
        "arrays": described,
    }
    return [_ENCODE(full).encode(), *(np.ascontiguousarray(a).tobytes() for a in arrays.values())]


def unpack(frames: list[bytes], *, received_ns: int | None = None) -> Message:
    """The message in these frames.

    Args:
        frames: What ``recv_multipart`` returned, without routing frames.
        received_ns: ``time.monotonic_ns`` at receipt; now if None.

    Raises:
        WireError: Not a message: too large, not JSON, buffers that do not fit the header.
        WireVersionError: The peer speaks another version.
    """
    header = _header(frames)
    declared = header.pop("arrays", {})
    kind = header.pop("type", None)
    if not isinstance(kind, str) or not isinstance(declared, dict):
        raise WireError(f"wanted a header with 'type' and 'arrays', got keys {sorted(header)[:12]}")
    if len(declared) != len(frames) - 1 or len(declared) > MAX_BUFFERS:
        raise WireError(f"wanted {len(declared)} buffers as the header says, got {len(frames) - 1}")
    arrays = {
        name: _array(name, what, buffer)
        for (name, what), buffer in zip(declared.items(), frames[1:], strict=True)
    }
    sent_ns, clock = header.pop("sent_ns", None), header.pop("clock", None)
    transit = None
    if clock == clock_id() and isinstance(sent_ns, int) and abs(sent_ns) < _MAX_NUMBER:
        transit = max(0, (time.monotonic_ns() if received_ns is None else received_ns) - sent_ns)
    return Message(type=kind, header=header, arrays=arrays, transit_ns=transit)


def _header(frames: list[bytes]) -> Header:
    if not frames or len(frames[0]) > MAX_HEADER_BYTES:
        size = len(frames[0]) if frames else 0
        raise WireError(f"wanted a JSON header of at most {MAX_HEADER_BYTES} bytes, got {size}")
    try:
        header = json.loads(frames[0])
    except (ValueError, RecursionError) as error:
        raise WireError(f"wanted a JSON header, got {bytes(frames[0][:40])!r}: {error}") from None
    if not isinstance(header, dict):
        raise WireError(f"wanted a JSON object as header, got {type(header).__name__}")
    version = header.pop("v", None)
    if version != VERSION:
        raise WireVersionError(f"wanted wire version {VERSION}, got {version!r}; update the older side")
    return header


def _array(name: str, declared: Any, buffer: bytes) -> NDArray[Any]:
    try:
        dtype = _DTYPES[declared["dtype"]]
        shape = tuple(declared["shape"])
        known = all(isinstance(n, int) and 0 <= n <= MAX_BUFFER_BYTES for n in shape)
    except (KeyError, TypeError):
        known, dtype, shape = False, np.uint8, ()
    if not known:
        raise WireError(f"wanted dtype {sorted(_DTYPES)} and a shape for {name}, got {declared!r:.100}")
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if expected != len(buffer) or expected > MAX_BUFFER_BYTES:
        raise WireError(
            f"wanted {expected} bytes (at most {MAX_BUFFER_BYTES}) for {name}, got {len(buffer)}"
        )
    return np.frombuffer(buffer, dtype).reshape(shape)


def pack_window(window: Window) -> list[bytes]:
    """Frames of a WINDOW message; the instant of capture becomes an age."""
    header = {
        "stream": window.stream,
        "track": window.track,
        "sequence": window.sequence,
        "age_ns": max(0, time.monotonic_ns() - window.captured_ns),
        "length_s": window.length_s,
        "source_fps": window.source_fps,
        "quality": round(window.quality, 4),
    }
    return pack("window", header, positions=window.positions, confidence=window.confidence)


def unpack_window(message: Message, *, received_ns: int) -> Window:
    """The window a WINDOW message carries, its capture instant on this machine's clock.

    Raises:
        WireError: A field is missing or of another type.
        ShapeError, CoordinateError: The arrays are not a window.
    """
    for name, array in message.arrays.items():
        if array.dtype != np.float32:
            raise WireError(f"wanted {name} as float32 in a window, got {array.dtype}")
    try:
        age_ns = field(message, "age_ns", int) + (message.transit_ns or 0)
        return Window(
            stream=field(message, "stream", str),
            track=field(message, "track", int),
            sequence=field(message, "sequence", int),
            positions=message.arrays["positions"],
            confidence=message.arrays["confidence"],
            length_s=float(field(message, "length_s", (int, float))),
            source_fps=float(field(message, "source_fps", (int, float))),
            captured_ns=received_ns - age_ns,
            # An older sender does not tell.
            quality=float(field(message, "quality", (int, float))) if "quality" in message.header else 1.0,
        )
    except KeyError as missing:
        raise WireError(f"wanted buffer {missing} in a window, got {sorted(message.arrays)}") from None


def field(message: Message, name: str, kind: type[Any] | tuple[type[Any], ...]) -> Any:
    """A header field of the given type; a number is finite and fits 63 bits.

    Raises:
        WireError: Missing, of another type, or a number out of range.
    """
    value = message.header.get(name)
    # The comparison is also false for NaN, which Python's JSON reader accepts.
    in_range = not isinstance(value, (int, float)) or abs(value) < _MAX_NUMBER
    if not isinstance(value, kind) or isinstance(value, bool) or not in_range:
        raise WireError(f"wanted {name} as {kind} in a {message.type} message, got {value!r:.60}")
    return value
