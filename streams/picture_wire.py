"""A picture that another process took, on its way to a capture process.

    PICTURE  {age_ns} + jpeg (n,) uint8

``age_ns`` counts from exposure to sending.
"""

import numpy as np

from streams.skeleton.errors import WireError
from streams.wire import field, pack, unpack

MAX_JPEG_BYTES = 512 * 1024
_OLDEST_NS = 5_000_000_000


def pack_picture(jpeg: bytes, *, age_ns: int) -> list[bytes]:
    """Frames of a PICTURE message."""
    return pack("picture", {"age_ns": age_ns}, jpeg=np.frombuffer(jpeg, np.uint8))


def unpack_picture(frames: list[bytes], *, received_ns: int) -> tuple[bytes, int]:
    """The JPEG, and when it was taken on this machine's clock, nanoseconds.

    Raises:
        WireError: Not a picture.
    """
    message = unpack(frames, received_ns=received_ns)
    jpeg = message.arrays.get("jpeg")
    if message.type != "picture" or jpeg is None:
        raise WireError(f"wanted a picture with a JPEG, got {message.type!r:.40}; update the older side")
    age_ns = min(max(0, field(message, "age_ns", int)), _OLDEST_NS) + (message.transit_ns or 0)
    return jpeg.tobytes(), received_ns - age_ns
