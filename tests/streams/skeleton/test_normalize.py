import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import CoordinateError, ShapeError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import (
    Normalization,
    body_size,
    check_positions,
    facing_yaw,
    normalize,
    yaw_matrix,
)
from tests.streams.fakes import standing, waving

ANGLES = st.floats(-np.pi, np.pi)


def moving() -> np.ndarray:
    """(30, 25, 3): one second of waving the right hand, 2.5 m away."""
    return np.stack([frame.persons[0].positions for frame in waving(1.0)])


@given(ANGLES, st.tuples(st.floats(-3, 3), st.floats(-1, 1), st.floats(-3, 3)), st.floats(0.5, 1.5))
def test_yaw_place_and_size_do_not_matter(angle: float, place: tuple[float, ...], scale: float) -> None:
    seen = moving()
    other = (seen @ yaw_matrix(angle).T) * scale + np.array(place, np.float32)
    np.testing.assert_allclose(normalize(other), normalize(seen), atol=2e-4)


@given(ANGLES)
def test_everybody_faces_the_sensor_afterwards_with_left_on_the_left(angle: float) -> None:
    found = normalize(moving() @ yaw_matrix(angle).T)
    assert facing_yaw(found) == pytest.approx(0.0, abs=1e-4)
    # Facing the sensor, the person's left has the smaller x.
    assert (found[:, Joint.SHOULDER_LEFT, 0] < found[:, Joint.SHOULDER_RIGHT, 0]).all()
    assert (found[:, Joint.HEAD, 1] > found[:, Joint.SPINE_BASE, 1]).all()


@given(ANGLES)
def test_the_mirror_image_stays_another_movement(angle: float) -> None:
    seen = moving() @ yaw_matrix(angle).T
    mirrored = (seen * np.array([-1, 1, 1], np.float32))[:, list(NTU_25.mirrored())]
    ours, theirs = normalize(seen), normalize(mirrored)
    right, left = (Joint.HAND_RIGHT, 1), (Joint.HAND_LEFT, 1)
    assert np.ptp(ours[(slice(None), *right)]) > 0.5 > 0.01 > np.ptp(ours[(slice(None), *left)])
    assert np.ptp(theirs[(slice(None), *left)]) > 0.5 > 0.01 > np.ptp(theirs[(slice(None), *right)])


@given(st.floats(0.2, 1.2))
def test_leaning_is_kept(pitch: float) -> None:
    c, s = np.cos(pitch), np.sin(pitch)
    lean = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float32)
    upright, leaning = normalize(moving()), normalize(moving() @ lean.T)
    assert np.abs(upright - leaning).max() > 0.1


def test_a_quarter_turn_takes_z_to_x() -> None:
    np.testing.assert_allclose(np.array([0, 0, 1.0]) @ yaw_matrix(np.pi / 2).T, [1, 0, 0], atol=1e-7)


@given(ANGLES)
def test_facing_yaw_finds_the_turn(angle: float) -> None:
    found = facing_yaw(standing()[None] @ yaw_matrix(angle).T)
    assert np.angle(np.exp(1j * (found - angle))) == pytest.approx(0.0, abs=1e-5)


def test_yaw_comes_from_the_first_confident_frame() -> None:
    turned = standing() @ yaw_matrix(1.0).T
    two = np.stack([turned, standing()])
    confidence = np.ones((2, 25), np.float32)
    assert facing_yaw(two, confidence) == pytest.approx(1.0, abs=1e-5)
    confidence[0, Joint.HIP_LEFT] = 0.2
    assert facing_yaw(two, confidence) == pytest.approx(0.0, abs=1e-5)


def test_a_person_seen_sideways_on_their_back_does_not_set_the_yaw() -> None:
    lying = standing() @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32).T
    two = np.stack([lying, standing() @ yaw_matrix(0.7).T])
    assert facing_yaw(two) == pytest.approx(0.7, abs=1e-5)


def test_bodies_come_out_in_one_size() -> None:
    assert body_size(normalize(moving())) == pytest.approx(Normalization().body_size_m, abs=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 5, 30])
def test_the_size_is_the_median_over_frames(frames: int) -> None:
    seen = np.random.default_rng(frames).normal(0, 0.5, (frames, 25, 3)).astype(np.float32)
    trunk = ((Joint.SPINE_BASE, Joint.SPINE_SHOULDER),)
    legs = tuple(
        (Joint[f"{a}_{side}"], Joint[f"{b}_{side}"])
        for side in ("LEFT", "RIGHT")
        for a, b in (("HIP", "KNEE"), ("KNEE", "ANKLE"))
    )
    sizes = [
        sum(float(np.linalg.norm(p[a] - p[b])) for a, b in trunk)
        + sum(float(np.linalg.norm(p[a] - p[b])) for a, b in legs) / 2
        for p in seen
    ]
    assert body_size(seen) == pytest.approx(float(np.median(sizes)), rel=1e-6)


def test_the_root_is_the_origin_of_every_frame() -> None:
    jumping = moving()
    jumping[:, :, 1] += np.linspace(0, 1, len(jumping), dtype=np.float32)[:, None]
    np.testing.assert_allclose(normalize(jumping)[:, Joint.SPINE_BASE], 0, atol=1e-6)


@pytest.mark.parametrize("shape", [(25, 3), (0, 25, 3), (4, 24, 3), (4, 25, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="got"):
        check_positions(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_no_place_are_named(value: float) -> None:
    positions = moving()
    positions[3, Joint.KNEE_LEFT, 1] = value
    with pytest.raises(CoordinateError, match="frame 3, joint knee_left"):
        normalize(positions)


def test_millimetres_are_recognised() -> None:
    with pytest.raises(CoordinateError, match="divide millimetres by 1000"):
        normalize(moving() * 1000)


def test_a_body_without_size_is_refused() -> None:
    with pytest.raises(CoordinateError, match=r"got 0\.000 m"):
        normalize(np.zeros((4, 25, 3), np.float32))
