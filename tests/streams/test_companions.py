import numpy as np
import pytest

from streams.companions import Companions
from streams.sources.base import Person, SkeletonFrame
from streams.tracking import Tracked
from tests.streams.fakes import person_at, standing


def companions(pairs: Companions, *places: float) -> dict[int, int]:
    tracked = tuple(Tracked(i, person_at(x)) for i, x in enumerate(places))
    return pairs(tracked, SkeletonFrame(tuple(t.person for t in tracked), captured_ns=0))


def test_who_stands_close_belongs_together_both_ways() -> None:
    assert companions(Companions(), 0.0, 0.8) == {0: 1, 1: 0}
    assert companions(Companions(), 0.0, 3.0) == {}
    assert companions(Companions(), 0.0) == {}
    assert companions(Companions()) == {}


def test_of_three_the_closest_two_belong_together() -> None:
    assert companions(Companions(), 0.0, 1.0, 1.5) == {1: 2, 2: 1}


def test_a_pair_parts_later_than_it_meets() -> None:
    pairs = Companions()
    assert companions(pairs, 0.0, 1.4) == {}
    assert companions(pairs, 0.0, 1.1) == {0: 1, 1: 0}
    assert companions(pairs, 0.0, 1.4) == {0: 1, 1: 0}
    assert companions(pairs, 0.0, 1.8) == {}
    assert companions(pairs, 0.0, 1.4) == {}


@pytest.mark.parametrize(("other_size", "together"), [(0.5, True), (0.25, False)])
def test_in_a_picture_somebody_far_behind_is_no_companion(other_size: float, together: bool) -> None:
    tracked: list[Tracked] = []
    for number, (x, size) in enumerate(((0.4, 0.5), (0.6, other_size))):
        body = standing()
        points = np.stack([x - body[:, 0] * size, 0.5 - body[:, 1] * size], axis=1).astype(np.float32)
        tracked.append(Tracked(number, Person(body, np.ones(25, np.float32), image_points=points)))
    frame = SkeletonFrame(tuple(t.person for t in tracked), captured_ns=0)
    assert bool(Companions()(tuple(tracked), frame)) is together
