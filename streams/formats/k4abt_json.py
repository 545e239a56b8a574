"""What the Azure Kinect SDK's ``offline_processor`` sample writes: JSON of all bodies in a recording.

    {"frames": [{"timestamp_usec": ..., "bodies": [{"body_id": ..., "joint_positions": [[x, y, z]
    x 32], "joint_confidence": [0..3 x 32]}, ...]}, ...], ...}

Millimetres; x right, y down, z away from the depth camera. Confidences are an addition of some
versions; where there are none, every joint is believed.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.formats.azure_csv import from_k4abt
from streams.formats.recording import (
    Identities,
    Recording,
    evenly,
    finite_only,
    later_only,
    read_text,
    scaled,
    unit_of,
)
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import K4ABT_32
from streams.skeleton.retarget import K4ABT_TO_NTU
from streams.sources.base import Person

KIND = "k4abt offline_processor JSON"
LEVELS = np.array([0.0, 0.3, 1.0, 1.0], np.float32)
"""Confidence of a joint the SDK calls none (out of range), low (predicted), medium, high; it says
medium of a joint it sees, and reserves high."""
_JOINTS = len(K4ABT_32)
_TIMES = ("timestamp_usec", "timestamp_unix")
_CONFIDENCES = ("joint_confidence", "joint_confidences")
_MAX_BODIES = 64
_MAX_USEC = 2**52


def looks_like_k4abt_json(head: str) -> bool:
    """Whether a file that begins so is a JSON object."""
    return head.lstrip().startswith("{")


def read_k4abt_json(path: Path) -> Recording:
    """The frames of a processed recording.

    Raises:
        SourceError: Names the file and the line, or the frame and the body, that is not as it should be.
    """
    frames = _frames(path)
    stamps = [_stamp(frame, number, path) for number, frame in enumerate(frames)]
    timed = all(stamp is not None for stamp in stamps)
    usec = np.array([stamp or 0 for stamp in stamps], np.int64)
    times_ns = usec * 1000 if timed else evenly(len(frames))
    kept = later_only(times_ns)
    identities = Identities()
    raw = [_persons(frame, number, path, identities) for number, frame in enumerate(frames) if kept[number]]
    unit = unit_of(raw, path)
    notes = [] if timed else ["no times: 30 frames a second are taken"]
    if not kept.all():
        notes.append(
            f"{np.count_nonzero(~kept)} frames repeat a time or go back in time; they were left out"
        )
    return Recording(
        kind=KIND,
        layout=K4ABT_32,
        unit=unit,
        timed=timed,
        offsets_ns=times_ns[kept] - times_ns[0],
        persons=scaled(raw, unit),
        notes=tuple(notes),
    )


def _frames(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise SourceError(
            f"wanted JSON, got {error.msg} in line {error.lineno} of {path}; the file is cut off or damaged"
        ) from None
    except (RecursionError, ValueError) as error:
        raise SourceError(f"wanted the JSON of a body tracker, got {error} in {path}") from None
    frames = document.get("frames") if isinstance(document, dict) else None
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) for f in frames):
        raise SourceError(
            f"wanted a list of frames, got {type(frames).__name__} in {path}; "
            "write it with offline_processor"
        )
    return frames


def _stamp(frame: dict[str, Any], number: int, path: Path) -> int | None:
    """Microseconds; None where the frame tells none."""
    told = next((frame[name] for name in _TIMES if name in frame), None)
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float) or not abs(told) < _MAX_USEC:
        raise SourceError(f"wanted microseconds, got {told!r:.40} in frame {number} of {path}")
    return round(told)


def _persons(frame: dict[str, Any], number: int, path: Path, identities: Identities) -> tuple[Person, ...]:
    bodies = frame.get("bodies")
    if not isinstance(bodies, list) or len(bodies) > _MAX_BODIES:
        raise SourceError(f"wanted a list of bodies, got {bodies!r:.40} in frame {number} of {path}")
    where = f"in frame {number} of {path}"
    return finite_only(_person(body, place, where, identities) for place, body in enumerate(bodies))


def _person(body: Any, place: int, where: str, identities: Identities) -> Person:
    if not isinstance(body, dict):
        raise SourceError(f"wanted a body, got {body!r:.40} {where}")
    joints = _array(body.get("joint_positions"), (_JOINTS, 3), f"joint_positions of body {place} {where}")
    levels = next((body[name] for name in _CONFIDENCES if name in body), [3] * _JOINTS)
    level = _array(levels, (_JOINTS,), f"joint_confidence of body {place} {where}")
    confidence = LEVELS[np.nan_to_num(level).clip(0, 3).astype(int)]
    identity = body.get("body_id", place)
    return Person(
        positions=from_k4abt(joints),
        confidence=K4ABT_TO_NTU.confidence(confidence),
        track=identities(identity if isinstance(identity, int | str) else place),
    )


def _array(value: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.shape != shape:
        raise SourceError(
            f"wanted {shape} numbers, got {array.shape} as {what}; process the recording again"
        )
    return array
