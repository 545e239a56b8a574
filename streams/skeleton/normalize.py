"""The one normalisation, used by training and engine alike.

Per frame the root is moved to the origin; the whole sequence is turned about the vertical axis
so that the first confident frame faces the sensor, and scaled so that every body has the same
size. Only the yaw is touched: the published 3-D alignment (2s-AGCN, PYSKL) turns people upside
down in about 20 % of frames when they face away, because its minimal rotation is
ill-conditioned near half a turn.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import CoordinateError, ShapeError
from streams.skeleton.layouts import NTU_25, Joint

_LEFT = (Joint.SHOULDER_LEFT, Joint.HIP_LEFT)
_RIGHT = (Joint.SHOULDER_RIGHT, Joint.HIP_RIGHT)
_SIZE_BONES = (
    (Joint.SPINE_BASE, Joint.SPINE_SHOULDER, 1.0),
    (Joint.HIP_LEFT, Joint.KNEE_LEFT, 0.5),
    (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, 0.5),
    (Joint.KNEE_LEFT, Joint.ANKLE_LEFT, 0.5),
    (Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT, 0.5),
)
# Arrays once, not lists at every window: this runs for each of them.
_ACROSS = np.array(_LEFT + _RIGHT)
_SIZE_FROM, _SIZE_TO = (np.array([bone[end] for bone in _SIZE_BONES]) for end in (0, 1))
_SIZE_WEIGHTS = np.array([bone[2] for bone in _SIZE_BONES])


@dataclass(frozen=True)
class Normalization:
    """How raw positions become encoder input; stored in a bundle's manifest."""

    root: int = int(Joint.SPINE_BASE)
    """Joint moved to the origin in every frame. MediaPipe is hip-centred, so no other choice
    that keeps height above ground can be reached from a webcam."""
    body_size_m: float = 1.3
    """Trunk + thigh + shin after scaling, metres: an adult of 1.75 m."""
    confident: float = 0.5
    """Least confidence of shoulders and hips for a frame to set the yaw, [0, 1]."""


def check_positions(positions: NDArray[np.floating]) -> None:
    """Refuse anything but finite NTU-25 positions in metres.

    Args:
        positions: (T, 25, 3), one person.

    Raises:
        ShapeError: Another shape.
        CoordinateError: NaN, infinite, or beyond 100 m of the sensor (millimetres by mistake).
    """
    if positions.ndim != 3 or positions.shape[1:] != (len(NTU_25), 3) or len(positions) == 0:
        raise ShapeError(f"wanted positions (T, {len(NTU_25)}, 3) with T >= 1, got {positions.shape}")
    farthest = float(np.abs(positions).max())
    if not math.isfinite(farthest):
        frame, joint, _ = np.argwhere(~np.isfinite(positions))[0]
        raise CoordinateError(
            f"wanted finite coordinates, got {positions[frame, joint]} at frame {frame}, "
            f"joint {NTU_25.joints[joint]}; mark a joint that was not seen with confidence 0"
        )
    if farthest > 100.0:
        raise CoordinateError(
            f"wanted metres from the sensor, got {farthest:.0f}; divide millimetres by 1000"
        )


def body_size(positions: NDArray[np.floating]) -> float:
    """Trunk + thigh + shin, metres: the median over frames, both legs averaged.

    Args:
        positions: (T, 25, 3), metres.
    """
    bones = positions.take(_SIZE_FROM, axis=1) - positions.take(_SIZE_TO, axis=1)
    sizes = np.sort(np.sqrt(np.einsum("tbc,tbc->tb", bones, bones)) @ _SIZE_WEIGHTS)
    # The median; of so few, numpy's own takes as long as all the rest.
    return float(sizes[(len(sizes) - 1) // 2] + sizes[len(sizes) // 2]) / 2.0


def facing_yaw(
    positions: NDArray[np.floating],
    confidence: NDArray[np.floating] | None = None,
    *,
    confident: float = 0.5,
) -> float:
    """Yaw of the person, radians, 0 when facing the sensor, from the first confident frame.

    ``yaw_matrix`` of the result takes a person who faces the sensor to the person seen.

    A frame is confident when shoulders and hips are seen and their left-to-right line is not
    seen end-on (at least half its own length is horizontal). Without one, the frame with the
    longest horizontal line is used.

    Args:
        positions: (T, 25, 3), metres, Kinect camera space.
        confidence: (T, 25) in [0, 1]; None means every joint was seen.
        confident: Least confidence of the four joints.
    """
    (left, also_left), (right, also_right) = _LEFT, _RIGHT
    across = positions[:, left] + positions[:, also_left] - positions[:, right] - positions[:, also_right]
    squares = across * across
    level = squares[:, 0] + squares[:, 2]
    # level >= (level + upright) / 4, lengths squared.
    good = 3.0 * level >= squares[:, 1]
    if confidence is not None:
        good &= confidence.take(_ACROSS, axis=1).min(axis=1) >= confident
    frame = int(good.argmax())
    if not good[frame]:
        frame = int(level.argmax())
    # Facing the sensor, the person's left has the smaller x: the line points along -x.
    return math.atan2(across[frame, 2], -across[frame, 0])


def yaw_matrix(angle: float) -> NDArray[np.float32]:
    """(3, 3) rotation about +y by ``angle`` radians; positions turn as ``p @ matrix.T``.

    A quarter turn takes +z to +x.
    """
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def normalize(
    positions: NDArray[np.floating],
    confidence: NDArray[np.floating] | None = None,
    *,
    spec: Normalization = Normalization(),
) -> NDArray[np.float32]:
    """Encoder input of one person, (T, 25, 3) float32: root-centred, facing the sensor, one size.

    Invariant to translation, yaw and body size, not to mirroring, pitch or roll.

    Args:
        positions: (T, 25, 3), metres, Kinect camera space.
        confidence: (T, 25) in [0, 1]; None means every joint was seen.
        spec: The bundle's normalisation.

    Raises:
        ShapeError: Not (T, 25, 3).
        CoordinateError: NaN or infinite, millimetres, or a body of no size.
    """
    check_positions(positions)
    size = body_size(positions)
    if not 0.1 <= size <= 10.0:
        raise CoordinateError(
            f"wanted a body of 0.1 to 10 m (trunk + leg), got {size:.3f} m; "
            "check the unit and the joint order"
        )
    centred = positions - positions[:, spec.root : spec.root + 1]
    turn = yaw_matrix(-facing_yaw(positions, confidence, confident=spec.confident))
    # One product over all joints: numpy takes a stack of small ones matrix by matrix.
    turned = centred.reshape(-1, 3) @ (turn.T * (spec.body_size_m / size))
    return turned.reshape(positions.shape).astype(np.float32, copy=False)
