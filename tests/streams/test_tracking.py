import itertools

import numpy as np
import pytest

from streams.skeleton.errors import ConfigError
from streams.sources.base import Person, Picture, SkeletonFrame
from streams.sources.synthetic_pair import CROSSING_S, SyntheticPairSource
from streams.tracking import Tracker, TrackingConfig
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
    assert tracker(frame(SECOND * 11 // 10, person_at(0)))[0].track != before


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
    # Each is where the other was: the place alone would say they stood still.
    tracker = Tracker()
    first = tracker(frame(0, person_at(0, track=7), person_at(0.3, track=3)))
    second = tracker(frame(FRAME, person_at(0.3, track=7), person_at(0, track=3)))
    ours = {t.person.track: t.track for t in first}
    assert ours == {t.person.track: t.track for t in second}
    assert sorted(ours.values()) == [0, 1]


def test_numbers_that_jump_across_the_room_are_not_believed() -> None:
    tracker = Tracker()
    first = by_place(tracker(frame(0, person_at(0, track=0), person_at(2, track=1))))
    second = by_place(tracker(frame(FRAME, person_at(0, track=1), person_at(2, track=0))))
    assert first == second


def test_a_person_whose_number_changes_in_place_is_the_same() -> None:
    tracker = Tracker()
    first = by_place(tracker(frame(0, person_at(0, track=0), person_at(1, track=1))))
    second = by_place(tracker(frame(FRAME, person_at(0, track=0), person_at(1, track=5))))
    assert first == second


def test_a_newcomer_beside_somebody_who_keeps_the_number_is_another() -> None:
    tracker = Tracker()
    tracker(frame(0, person_at(0, track=0)))
    tracked = tracker(frame(FRAME, person_at(0, track=0), person_at(0.2, track=1)))
    assert {t.person.track: t.track for t in tracked} == {0: 0, 1: 1}


def test_who_is_known_counts_before_who_is_clearer() -> None:
    tracker = Tracker(TrackingConfig(max_persons=1))
    faint = Person(person_at(0).positions, np.full(25, 0.4, np.float32))
    assert tracker(frame(0, faint))[0].track == 0
    tracked = tracker(frame(FRAME, person_at(3), faint))
    assert [(t.track, t.person) for t in tracked] == [(0, faint)]


def test_identities_that_are_final_are_passed_on() -> None:
    tracker = Tracker()
    for at_ns, tracks in ((0, (4, 2)), (FRAME, (2, 4))):
        persons = tuple(person_at(0, track=track) for track in tracks)
        tracked = tracker(SkeletonFrame(persons, captured_ns=at_ns, identified=True))
        assert [t.track for t in tracked] == list(tracks)


@pytest.mark.parametrize(
    ("camera", "fps", "minutes", "missed"),
    [(True, 10.0, 10, 0.0), (False, 10.0, 1, 0.0), (False, 30.0, 0.5, 0.1), (True, 30.0, 0.5, 0.1)],
)
def test_two_people_who_cross_and_hide_each_other_stay_who_they_are(
    camera: bool, fps: float, minutes: float, missed: float
) -> None:
    source = SyntheticPairSource(fps=fps, realtime=False, camera=camera)
    tracker, rng = Tracker(), np.random.default_rng(0)
    known: dict[int, int] = {}
    switches = 0
    for seen in itertools.islice(source, round(minutes * 60 * fps)):
        kept = [i for i in range(len(seen.persons)) if rng.random() >= missed]
        persons = tuple(seen.persons[i] for i in kept)
        numbers = {id(t.person): t.track for t in tracker(frame(seen.captured_ns, *persons))}
        for i in kept:
            who, number = source.order[i], numbers[id(seen.persons[i])]
            switches += known.get(who, number) != number
            known[who] = number
    crossings = minutes * 60 / CROSSING_S
    assert switches <= crossings / 10
    assert len(set(known.values())) == 2


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


@pytest.mark.parametrize("bad", [{"max_persons": 0}, {"max_persons": 9}, {"lost_s": 0.0}], ids=str)
def test_settings_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        TrackingConfig(**bad)
