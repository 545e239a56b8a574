"""What the page needs to draw people: the limbs with their sides, and frames in binary."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import NTU_25

_LEG = ("hip", "knee", "ankle", "foot")


def limbs() -> list[dict[str, Any]]:
    """Head, trunk, arms and legs of the NTU-25 layout: ``kind``, ``side`` and (child, parent) ``bones``."""
    grouped: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for child, parent in NTU_25.bones:
        grouped.setdefault(_limb(NTU_25.joints[child]), []).append((child, parent))
    return [{"kind": kind, "side": side, "bones": bones} for (kind, side), bones in grouped.items()]


def _limb(joint: str) -> tuple[str, str]:
    side = next((side for side in ("left", "right") if side in joint), "middle")
    if side == "middle":
        return "head" if joint == "head" else "trunk", side
    return "leg" if joint.startswith(_LEG) else "arm", side


def person(
    track: int,
    joints: NDArray[np.float32],
    *,
    confidence: NDArray[np.float32],
    points: NDArray[np.float32] | None,
) -> dict[str, Any]:
    """One person of a frame, JSON-safe.

    Args:
        track: Identity within the stream.
        joints: (25, 3), metres, Kinect camera space.
        confidence: (25,) in [0, 1].
        points: (25, 2), shares of the picture's width and height; None where there is no picture.
    """
    return {
        "track": track,
        "joints": np.asarray(joints, np.float64).round(3).tolist(),
        "confidence": np.asarray(confidence, np.float64).round(2).tolist(),
        "points": None if points is None else np.asarray(points, np.float64).round(4).tolist(),
    }


def frame(
    number: int, people: Sequence[dict[str, Any]], *, aspect: float | None, jpeg: bytes | None
) -> bytes:
    """A frame for the live channel.

    Args:
        number: Grows with every frame.
        people: Results of ``person``.
        aspect: Width over height of the picture the points are shares of; None without a picture.
        jpeg: The picture; None where none may be shown.

    Returns:
        Four bytes (little-endian) of header length, the header in JSON, the JPEG.
    """
    header = json.dumps({"n": number, "aspect": aspect, "people": list(people)}, allow_nan=False).encode()
    return struct.pack("<I", len(header)) + header + (jpeg or b"")
