import itertools

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import Joint
from streams.sources.synthetic_pair import SyntheticPairSource


def places(frames: int, *, camera: bool = False, seed: int = 0) -> list[dict[int, float]]:
    """Who is where, across, in each frame."""
    source = SyntheticPairSource(realtime=False, camera=camera, seed=seed)
    found = []
    for frame in itertools.islice(source, frames):
        values = [
            p.positions[0, 0] if p.image_points is None else p.image_points[0, 0] for p in frame.persons
        ]
        found.append(dict(zip(source.order, map(float, values), strict=True)))
    return found


@pytest.mark.parametrize("camera", [False, True])
def test_they_change_sides_and_one_is_hidden_meanwhile(camera: bool) -> None:
    there = places(181, camera=camera)
    # In the picture the sensor's left is on the right.
    assert (there[0][0] > there[0][1]) is not camera
    assert (there[180][0] < there[180][1]) is not camera
    hidden = [i for i, who in enumerate(there) if set(who) == {0}]
    assert 80 < hidden[0] < hidden[-1] < 100
    assert hidden == list(range(hidden[0], hidden[-1] + 1))


def test_they_come_in_no_order_and_without_numbers() -> None:
    source = SyntheticPairSource(realtime=False)
    orders = set()
    for frame in itertools.islice(source, 40):
        orders.add(source.order)
        assert [person.track for person in frame.persons] == [None, None]
    assert orders == {(0, 1), (1, 0)}


def test_a_single_camera_does_not_see_where_they_stand() -> None:
    (frame,) = itertools.islice(SyntheticPairSource(realtime=False, camera=True), 1)
    for person in frame.persons:
        assert (person.positions[Joint.SPINE_BASE] == 0).all()
        assert person.image_points is not None
        assert person.image_points[Joint.HEAD, 1] < person.image_points[Joint.FOOT_LEFT, 1]


def test_the_same_seed_gives_the_same_frames() -> None:
    assert places(30, seed=5) == places(30, seed=5) != places(30, seed=6)


def test_in_real_time_it_waits_and_ends_when_closed() -> None:
    source = SyntheticPairSource(fps=100.0)
    times = []
    for frame in source:
        times.append(frame.captured_ns)
        if len(times) == 5:
            source.close()
    assert len(times) == 5
    assert (np.diff(times) % 10_000_000 == 0).all()


@pytest.mark.parametrize("script", ["synthetic", "synthetic:two:squat", "synthetic:two:fly,squat", "two"])
def test_other_scripts_are_refused(script: str) -> None:
    with pytest.raises(SourceError, match="wanted synthetic:two"):
        SyntheticPairSource(script)
    with pytest.raises(SourceError, match="240 frames"):
        SyntheticPairSource(fps=0)
