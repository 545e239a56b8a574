"""Whether left and right are swapped: the sides say one front, the feet and knees another.

A picture mirrored before the pose was estimated, or axes that were reflected, give a body that
no normalisation can undo. Of whoever has a left and a right it is known where the front is, and
toes and bent knees point there.
"""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import Joint

_LEFT = [Joint.SHOULDER_LEFT, Joint.HIP_LEFT]
_RIGHT = [Joint.SHOULDER_RIGHT, Joint.HIP_RIGHT]
_LEGS = (
    (Joint.HIP_LEFT, Joint.KNEE_LEFT, Joint.ANKLE_LEFT, Joint.FOOT_LEFT),
    (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT, Joint.FOOT_RIGHT),
)
_CONFIDENT = 0.5
_LEAST_FRAMES = 15
_LEAST_TELLING = 0.04
"""Toes or knees this far in front of the leg tell where the front is, metres."""
_CONVINCING = 0.8


def looks_mirrored(positions: NDArray[np.floating], confidence: NDArray[np.floating] | None = None) -> bool:
    """Whether in most of the frames that tell, toes and knees point to where the back should be.

    False where fewer than 15 frames tell anything.

    Args:
        positions: (T, 25, 3), metres, Kinect camera space.
        confidence: (T, 25) in [0, 1]; None means every joint was seen.
    """
    front = _front(positions)
    votes: list[NDArray[np.float64]] = []
    for leg in _LEGS:
        hip, knee, ankle, foot = (positions[:, joint, ::2].astype(np.float64) for joint in leg)
        upright = positions[:, leg[0], 1] - positions[:, leg[2], 1] > _LEAST_TELLING
        seen = upright if confidence is None else upright & (confidence[:, leg].min(axis=1) >= _CONFIDENT)
        for pointing in (foot - ankle, knee - (hip + ankle) / 2):
            forward = (pointing * front).sum(axis=1)
            votes.append(forward[seen & (np.abs(forward) >= _LEAST_TELLING)])
    told = np.concatenate(votes)
    return len(told) >= _LEAST_FRAMES and bool(np.mean(told < 0) >= _CONVINCING)


def _front(positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """(T, 2) unit vectors x, z to where the sides say the front is."""
    across = (positions[:, _LEFT] - positions[:, _RIGHT]).sum(axis=1).astype(np.float64)
    # Who faces the sensor has the left at the smaller x, and the front at the smaller z.
    front = np.stack([-across[:, 2], across[:, 0]], axis=1)
    return front / np.maximum(np.linalg.norm(front, axis=1, keepdims=True), 1e-9)
