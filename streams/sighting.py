"""Where a person is and how the body is held, as the tracker compares it from frame to frame.

Where there is a picture the place is that in the picture, because a single camera's joints all
have their origin between the hips; else it is the place before the sensor. Distances are counted
in trunk lengths of the person, so that one rule serves pixels and metres, near and far.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import Joint
from streams.sources.base import Person, SkeletonFrame

Array = NDArray[np.float64]

_LEAST_TRUNK_M, _LEAST_TRUNK_SHARE = 0.1, 0.01


@dataclass(frozen=True, eq=False)
class Sighting:
    """One person in one frame.

    Attributes:
        hips: (2,) in the picture, both axes as shares of its height, or (3,) metres.
        trunk: Length of the trunk in the same unit.
        box: (2, 2) least and greatest x, y of the joints, in the same unit.
        posture: (25, 3) joints relative to the hips, metres.
        source_id: Identity the source gives; None where it gives none.
    """

    hips: Array
    trunk: float
    box: Array
    posture: Array
    source_id: int | None


def sighting(person: Person, frame: SkeletonFrame) -> Sighting:
    """Where a person of this frame is."""
    joints = person.positions.astype(np.float64)
    if person.image_points is None:
        points, least = joints, _LEAST_TRUNK_M
    else:
        height, width = frame.picture.rgb.shape[:2] if frame.picture else (1, 1)
        points, least = person.image_points * np.array([width / height, 1.0]), _LEAST_TRUNK_SHARE
    hips = points[Joint.SPINE_BASE]
    flat = points[:, :2]
    return Sighting(
        hips=hips,
        trunk=max(least, float(np.linalg.norm(points[Joint.SPINE_SHOULDER] - hips))),
        box=np.stack([flat.min(axis=0), flat.max(axis=0)]),
        posture=joints - joints[Joint.SPINE_BASE],
        source_id=person.track,
    )


def overlap(box: Array, other: Array) -> float:
    """Intersection over union of two (2, 2) boxes, [0, 1]."""
    sides = np.minimum(box[1], other[1]) - np.maximum(box[0], other[0])
    shared = float(np.prod(np.maximum(sides, 0.0)))
    union = float(np.prod(box[1] - box[0]) + np.prod(other[1] - other[0])) - shared
    return shared / union if union > 0 else 0.0
