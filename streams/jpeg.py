"""Pictures as JPEG, small enough to be sent many times a second, and back."""

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import InputError

MAX_SIDE = 1920
"""Longest side of a picture that is decoded, pixels."""
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})
"""Markers among those of a frame's beginning that are none."""


def jpeg(rgb: NDArray[np.uint8], *, max_side: int = 640, quality: int = 75) -> bytes:
    """The picture as JPEG, scaled down where it is larger; never mirrored.

    Args:
        rgb: (H, W, 3) uint8.
        max_side: Longest side of the JPEG, pixels.
        quality: 1 to 100.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "libjpeg takes every (H, W, 3) uint8"
    return encoded.tobytes()


def picture_in(encoded: bytes) -> NDArray[np.uint8]:
    """The picture, (H, W, 3) uint8 RGB.

    Raises:
        InputError: No JPEG, a damaged one, or one of more than 1920 pixels a side.
    """
    size = _size_in(encoded)
    # Before anything is decoded: a few bytes may promise gigabytes.
    if size is None or not 0 < min(size) <= max(size) <= MAX_SIDE:
        found = "no JPEG" if size is None else f"one of {size[0]} x {size[1]}"
        raise InputError(f"wanted a JPEG of up to {MAX_SIDE} pixels a side, got {found}; send it smaller")
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f"wanted a JPEG, got {len(encoded)} bytes of a damaged one; it is left out")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _size_in(encoded: bytes) -> tuple[int, int] | None:
    """Width and height a JPEG promises; None of what is none."""
    at = 2 if encoded.startswith(b"\xff\xd8") else len(encoded)
    while at + 9 <= len(encoded):
        mark, kind, length = struct.unpack_from(">BBH", encoded, at)
        if mark != 0xFF:
            return None
        if 0xC0 <= kind <= 0xCF and kind not in _NO_SIZE:
            height, width = struct.unpack_from(">HH", encoded, at + 5)
            return width, height
        at += 2 + length
    return None
