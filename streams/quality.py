"""How much a person's joints can be believed: seen, inside the picture, and large enough."""

import numpy as np

from streams.sighting import Sighting
from streams.sources.base import Person

TOO_SMALL, LARGE_ENOUGH = 0.02, 0.06
"""Trunk lengths, as shares of the picture's height, at which a body is too small to make out and
at which its size no longer matters; in between quality rises evenly."""


def person_quality(person: Person, one: Sighting) -> float:
    """Share of a person that can be believed, [0, 1].

    The mean confidence of the joints; where there is a picture, times the share of joints inside
    it, times how large the body is in it. Somebody at a desk, legs out of sight, has about 0.4;
    a face close to the camera next to nothing.

    Args:
        person: As seen.
        one: The same person's place in the frame.
    """
    visible = float(np.clip(person.confidence, 0.0, 1.0).mean())
    if person.image_points is None:
        return visible
    inside = ((person.image_points >= 0.0) & (person.image_points <= 1.0)).all(axis=1).mean()
    size = np.clip((one.trunk - TOO_SMALL) / (LARGE_ENOUGH - TOO_SMALL), 0.0, 1.0)
    return visible * float(inside) * float(size)
