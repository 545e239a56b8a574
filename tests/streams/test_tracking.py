import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import ConfigError
from streams.sources.base import Person, Picture, SkeletonFrame
from streams.tracking import Tracker, TrackingConfig, _assign
from tests.streams.fakes import person_at, standing

SECOND = 1_000_000_000
FRAME = SECOND // 30


def frame(at_ns: int, *persons: Person) -> SkeletonFrame:
    return SkeletonFrame(persons, captured_ns=at_ns)


def by_place(tracked) -> dict[float, int]:
    return {round(float(t.person.positions[0, 0]), 2): t.track for t in tracked}


def in_picture(x: float, *, tall: float = 0.6) -> Person:
    """Somebody at ``x`` of the picture's width, whose joints say nothing about the place."""
    body = standing()
    points = np.stack([x + body[:, 0] * tall / 2, 0.5 - body[:, 1] * tall / 2], axis=1).astype(np.float32)
    return Person(body, np.ones(25, np.float32), image_points=points)


def test_one_person_keeps_a_number_while_walking() -> None:
    tracker = Tracker()
    numbers = {tracker(frame(i * FRAME, person_at(0.05 * i)))[0].track for i in range(60)}
    assert numbers == {0}


def test_two_people_keep_their_numbers_whatever_the_order() -> None:
    tracker = Tracker()
    first = by_place(tracker(frame(0, person_at(-0.5), person_at(0.5))))
    second = by_place(tracker(frame(FRAME, person_at(0.52), person_at(-0.48))))
    assert (first[-0.5], first[0.5]) == (second[-0.48], second[0.52])


def test_two_people_shifted_together_do_not_swap() -> None:
    # Taken one at a time, the nearest would be the other's place.
    tracker = Tracker()
    first = by_place(tracker(frame(0, person_at(0.0), person_at(0.6))))
    second = by_place(tracker(frame(FRAME, person_at(0.4), person_at(1.0))))
    assert second[0.4] == first[0.0]
    assert second[1.0] == first[0.6]


def test_a_person_lost_for_a_moment_is_the_same() -> None:
    tracker = Tracker()
    before = tracker(frame(0, person_at(0)))[0].track
    assert tracker(frame(FRAME)) == ()
    assert tracker(frame(SECOND // 3, person_at(0.1)))[0].track == before


def test_a_person_lost_for_longer_is_another() -> None:
    tracker = Tracker()
    before = tracker(frame(0, person_at(0)))[0].track
    assert tracker(frame(SECOND * 6 // 10, person_at(0)))[0].track != before


def test_nobody_jumps_across_the_room() -> None:
    tracker = Tracker()
    before = tracker(frame(0, person_at(0)))[0].track
    assert tracker(frame(FRAME, person_at(2.0)))[0].track != before


def test_the_picture_tells_apart_whose_joints_are_all_centred_on_the_hips() -> None:
    tracker = Tracker()
    left, right = in_picture(0.3), in_picture(0.7)
    first = tracker(frame(0, left, right))
    second = tracker(frame(FRAME, right, left))
    assert {id(t.person): t.track for t in first} == {id(t.person): t.track for t in second}


def test_distance_in_the_picture_counts_in_body_lengths() -> None:
    near, far = Tracker(), Tracker()
    near(frame(0, in_picture(0.3, tall=0.8)))
    far(frame(0, in_picture(0.3, tall=0.1)))
    assert near(frame(FRAME, in_picture(0.45, tall=0.8)))[0].track == 0
    assert far(frame(FRAME, in_picture(0.45, tall=0.1)))[0].track == 1


def test_a_wide_picture_is_not_mistaken_for_a_square_one() -> None:
    def moved(width: int) -> int:
        tracker = Tracker()
        for i, x in enumerate((0.4, 0.55)):
            picture = Picture(np.zeros((90, width, 3), np.uint8), i * FRAME)
            tracked = tracker(SkeletonFrame((in_picture(x),), i * FRAME, picture=picture))
        return tracked[0].track

    assert moved(90) == 0
    assert moved(900) == 1


def test_a_source_that_knows_its_people_is_believed() -> None:
    tracker = Tracker()
    first = tracker(frame(0, person_at(0, track=7), person_at(1, track=3)))
    second = tracker(frame(FRAME, person_at(1, track=7), person_at(0, track=3)))
    ours = {t.person.track: t.track for t in first}
    assert ours == {t.person.track: t.track for t in second}
    assert sorted(ours.values()) == [0, 1]


def test_a_number_of_the_source_that_comes_back_is_a_new_person() -> None:
    tracker = Tracker()
    before = tracker(frame(0, person_at(0, track=1)))[0].track
    assert tracker(frame(2 * SECOND, person_at(0, track=1)))[0].track != before


def test_in_a_crowd_the_most_confident_are_followed_and_the_rest_counted() -> None:
    tracker = Tracker(TrackingConfig(max_persons=2))
    crowd = [
        Person(person_at(x).positions, np.full(25, c, np.float32))
        for x, c in ((0, 0.2), (2, 0.9), (4, 0.5))
    ]
    tracked = tracker(frame(0, *crowd))
    assert [float(t.person.confidence[0]) for t in tracked] == pytest.approx([0.9, 0.5])
    assert tracker.ignored == 1


def test_flickering_people_take_no_memory() -> None:
    tracker = Tracker()
    rng = np.random.default_rng(0)
    for i in range(300):
        tracker(frame(i * SECOND // 1000, *(person_at(x) for x in rng.uniform(-90, 90, 6))))
        assert len(tracker._tracks) <= 12


@given(
    st.integers(0, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.floats(0, 1.5), min_size=columns, max_size=columns), min_size=0, max_size=5
        )
    )
)
def test_the_assignment_is_the_best_of_all(costs: list[list[float]]) -> None:
    columns = len(costs[0]) if costs else 0

    def worth(pairs: dict[int, int]) -> float:
        return sum(costs[row][column] - 1.0 for column, row in pairs.items())

    best = 0.0
    for choice in itertools.product(range(-1, len(costs)), repeat=columns):
        pairs = {column: row for column, row in enumerate(choice) if row >= 0}
        if len(set(pairs.values())) == len(pairs) and all(costs[r][c] < 1 for c, r in pairs.items()):
            best = min(best, worth(pairs))
    found = _assign(costs)
    assert len(set(found.values())) == len(found)
    assert all(costs[row][column] < 1 for column, row in found.items())
    assert worth(found) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("bad", [{"max_persons": 0}, {"max_persons": 9}, {"lost_s": 0.0}], ids=str)
def test_settings_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        TrackingConfig(**bad)
