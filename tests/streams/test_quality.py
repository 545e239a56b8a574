import numpy as np
import pytest

from streams.quality import LARGE_ENOUGH, TOO_SMALL, person_quality
from streams.sighting import sighting
from streams.sources.base import Person, SkeletonFrame
from tests.streams.fakes import person_at, standing

SURE = np.ones(25, np.float32)


def quality(person: Person) -> float:
    return person_quality(person, sighting(person, SkeletonFrame((person,), captured_ns=0)))


def in_picture(*, trunk: float, x: float = 0.5, y: float = 0.5) -> Person:
    """Somebody whose trunk is ``trunk`` of the picture's height long."""
    body = standing()
    points = np.stack([x - body[:, 0] * 2 * trunk, y - body[:, 1] * 2 * trunk], axis=1)
    return Person(body, SURE, image_points=points.astype(np.float32))


def test_somebody_wholly_seen_is_believed_wholly() -> None:
    assert quality(person_at(0)) == 1.0
    assert quality(in_picture(trunk=0.25)) == 1.0


def test_joints_that_are_not_seen_count_as_nothing() -> None:
    half = np.where(np.arange(25) < 5, 0, 1).astype(np.float32)
    assert quality(Person(standing(), half)) == pytest.approx(0.8)


def test_somebody_cut_off_by_the_edge_is_believed_less() -> None:
    whole, cut, gone = (quality(in_picture(trunk=0.25, y=y)) for y in (0.5, 0.95, 2.0))
    assert whole == 1.0
    assert 0.3 < cut < 0.8
    assert gone == 0.0


def test_somebody_tiny_is_not_believed() -> None:
    assert quality(in_picture(trunk=TOO_SMALL)) == pytest.approx(0.0, abs=1e-6)
    assert quality(in_picture(trunk=(TOO_SMALL + LARGE_ENOUGH) / 2)) == pytest.approx(0.5, abs=1e-3)
    assert quality(in_picture(trunk=LARGE_ENOUGH)) == pytest.approx(1.0, abs=1e-5)
