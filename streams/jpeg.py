"""Pictures as JPEG, small enough to be sent many times a second."""

import cv2
import numpy as np
from numpy.typing import NDArray


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
