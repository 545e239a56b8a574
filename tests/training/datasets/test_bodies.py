import numpy as np
import pytest

from streams.skeleton.errors import DataError
from streams.skeleton.normalize import yaw_matrix
from streams.sources.base import Person
from tests.streams.fakes import standing
from training.datasets.bodies import FRAMES, prepared, resized, two_bodies

SURE = np.ones(25, np.float32)


def person(track: int, *, place: float = 0.0, raised: float = 0.0) -> Person:
    body = standing() + np.array([place, 0.0, 2.5])
    body[5:8, 1] += raised
    return Person(body.astype(np.float32), SURE, track=track)


def moving(track: int, frames: range, *, reach: float, place: float = 0.0) -> dict[int, Person]:
    return {at: person(track, place=place, raised=reach * np.sin(at)) for at in frames}


def film(*tracks: dict[int, Person]) -> list[list[Person]]:
    return [[track[at] for track in tracks if at in track] for at in range(40)]


def test_two_who_move_most_are_kept_in_that_order() -> None:
    still, waves, jumps = (moving(n, range(40), reach=r) for n, r in enumerate((0.0, 0.1, 0.3)))
    found = two_bodies(film(still, waves, jumps))
    assert found.shape == (2, 40, 25, 3)
    np.testing.assert_array_equal(found[0, 7], jumps[7].positions)
    np.testing.assert_array_equal(found[1, 7], waves[7].positions)


def test_a_body_may_enter_midway_and_frames_of_nobody_at_the_ends_go() -> None:
    found = two_bodies(film(moving(0, range(5, 35), reach=0.3), moving(1, range(20, 35), reach=0.1)))
    assert found.shape[1] == 30
    assert not found[1, :15].any()
    assert found[1, 15:].any(axis=(1, 2)).all()


def test_a_short_track_is_noise_beside_a_long_one() -> None:
    found = two_bodies(film(moving(0, range(40), reach=0.1), moving(1, range(3), reach=2.0)))
    assert not found[1].any()
    alone = two_bodies(film(moving(1, range(3), reach=0.5)))
    assert alone[0].any()


def test_a_table_is_no_body() -> None:
    table = {
        at: Person(p.positions[:, [1, 0, 2]], SURE, track=9)
        for at, p in moving(0, range(40), reach=1).items()
    }
    found = two_bodies(film(table, moving(1, range(40), reach=0.1)))
    np.testing.assert_allclose(found[0, 0], person(1).positions, atol=0.2)


def test_nobody_is_an_error() -> None:
    with pytest.raises(DataError, match="nobody"):
        two_bodies([[], []])


def test_resizing_takes_half_pixel_centres() -> None:
    bodies = np.zeros((1, 4, 25, 3), np.float32)
    bodies[0, :, 0, 0] = [0, 1, 2, 3]
    np.testing.assert_allclose(resized(bodies, 2)[0, :, 0, 0], [0.5, 2.5])
    np.testing.assert_allclose(resized(bodies, 8)[0, :, 0, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])


def test_pgfa_preparation_does_not_change_with_place_and_heading() -> None:
    bodies = two_bodies(film(moving(0, range(40), reach=0.3)))
    turned = np.where(
        bodies.any(axis=(2, 3), keepdims=True), (bodies - [0, 0, 2.5]) @ yaw_matrix(0.7).T + [1, 0, 3], 0
    )
    one, other = (prepared(b.astype(np.float32), "pgfa", frames=50) for b in (bodies, turned))
    np.testing.assert_allclose(one, other, atol=1e-4)
    np.testing.assert_allclose(one[0, :, 20], 0, atol=1e-6)
    line = one[0, :, 8] - one[0, :, 4]
    np.testing.assert_allclose(line[:, 2], 0, atol=1e-5)


def test_ctr_gcn_preparation_keeps_the_way_between_two() -> None:
    bodies = two_bodies(film(moving(0, range(40), reach=0.3), moving(1, range(40), reach=0.1, place=1.0)))
    found = prepared(bodies, "ctr-gcn", frames=64)
    assert found.shape == (2, 64, 25, 3)
    np.testing.assert_allclose(found[1, 0, 1, 0] - found[0, 0, 1, 0], 1.0, atol=1e-5)
    np.testing.assert_allclose(found[0, 0, 1], 0, atol=1e-6)


@pytest.mark.parametrize("how", FRAMES)
def test_an_absent_second_person_stays_zero(how: str) -> None:
    bodies = two_bodies(film(moving(0, range(40), reach=0.3)))
    found = prepared(bodies, how, frames=FRAMES[how])  # pyright: ignore[reportArgumentType]
    assert found.shape == (2, FRAMES[how], 25, 3)
    assert not found[1].any()
    assert np.isfinite(found).all()
