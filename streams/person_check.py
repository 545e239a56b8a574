"""What no window may hold is refused where a person comes in."""

import numpy as np

from streams.skeleton.errors import CoordinateError, ShapeError
from streams.skeleton.normalize import check_positions
from streams.sources.base import Person


def check_person(person: Person) -> None:
    """Refuse a person no window may hold.

    Raises:
        ShapeError: Positions, confidence or image points have another shape.
        CoordinateError: NaN, infinite, or millimetres.
    """
    if person.positions.ndim != 2:
        raise ShapeError(f"wanted a person's positions (25, 3), got {person.positions.shape}")
    check_positions(person.positions[None])
    joints = len(person.positions)
    if person.confidence.shape != (joints,):
        raise ShapeError(f"wanted confidence ({joints},), got {person.confidence.shape}")
    points = person.image_points
    if points is not None and points.shape != (joints, 2):
        raise ShapeError(f"wanted image points ({joints}, 2), got {points.shape}")
    if not np.isfinite(person.confidence).all() or (points is not None and not np.isfinite(points).all()):
        raise CoordinateError(
            "wanted finite confidence and image points, got NaN or infinity; drop the frame"
        )
