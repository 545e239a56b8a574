import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.skeleton.body import LEFT, RIGHT, Body, Pose, at_sensor, positions_of
from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.motions import add_sway, duration_of, glide, perform, step, sway
from streams.skeleton.normalize import facing_yaw, normalize


def bone_lengths(positions):
    return np.stack([np.linalg.norm(positions[:, a] - positions[:, b], axis=-1) for a, b in NTU_25.bones])


def random_pose(seed, frames=5):
    """A pose nobody would take: every control is random."""
    rng = np.random.default_rng(seed)
    pose = Pose.standing(frames)
    for values in vars(pose).values():
        values += rng.normal(0.0, 0.7, values.shape)
    pose.upright = np.clip(pose.upright, 0, 1)
    return pose


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.8, 2.1))
def test_bones_keep_their_lengths_whatever_the_pose_asks(seed, height):
    body = Body(height_m=height)
    lengths = bone_lengths(positions_of(random_pose(seed), body=body))
    standing = bone_lengths(positions_of(Pose.standing(1), body=body))
    np.testing.assert_allclose(lengths, np.broadcast_to(standing, lengths.shape), atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nothing_sinks_below_the_floor_and_air_lifts_the_body(seed):
    pose = random_pose(seed)
    pose.air[:] = 0.0
    grounded = positions_of(pose)
    assert grounded[:, :, 1].min() > 0.0
    assert (grounded[:, :, 1].min(axis=1) < 0.1).all()
    pose.air[:] = 0.5
    lifted = positions_of(pose)[:, :, 1] - grounded[:, :, 1]
    np.testing.assert_allclose(lifted, 0.5 * Body().leg_m, atol=1e-4)


def test_a_standing_person_faces_the_sensor_with_the_left_at_smaller_x():
    person = positions_of(Pose.standing(1))
    assert facing_yaw(person) == pytest.approx(0.0, abs=1e-6)
    for left, right in zip((4, 5, 6, 7, 12, 13, 14, 15), (8, 9, 10, 11, 16, 17, 18, 19), strict=True):
        assert person[0, left, 0] < person[0, right, 0]
    assert person[0, Joint.FOOT_LEFT, 2] < person[0, Joint.ANKLE_LEFT, 2]
    assert person[0, Joint.HEAD, 1] == pytest.approx(0.93 * 1.74, abs=0.1)


@pytest.mark.parametrize(("side", "name"), [(LEFT, "left"), (RIGHT, "right")])
def test_each_side_is_its_own(side, name):
    pose = Pose.standing(1)
    pose.hands[:, side] = (0.1, 0.95, 0.1)
    pose.feet[:, side] = (0.0, 0.4, 0.4)
    person = dict(zip(NTU_25.joints, positions_of(pose)[0], strict=True))
    other = "right" if side == LEFT else "left"
    assert person[f"hand_{name}"][1] > person["head"][1] > person[f"hand_{other}"][1]
    assert person[f"ankle_{name}"][1] > person[f"ankle_{other}"][1] + 0.2
    assert person[f"ankle_{name}"][2] < person[f"ankle_{other}"][2] - 0.2


def test_angles_towards_the_left_move_the_body_to_its_left():
    leaning, turning, walking = (Pose.standing(1) for _ in range(3))
    leaning.trunk[:, 1] = 0.4
    turning.heading[:] = np.pi / 2
    walking.travel[:] = (0.5, 1.0)
    still = positions_of(Pose.standing(1))
    assert positions_of(leaning)[0, Joint.HEAD, 0] < -0.1
    # Turned to the own left, the person looks along -x.
    toes = positions_of(turning)[0, Joint.FOOT_LEFT] - positions_of(turning)[0, Joint.ANKLE_LEFT]
    assert toes[0] < -0.05
    np.testing.assert_allclose(positions_of(walking) - still, np.broadcast_to([-0.5, 0, -1.0], still.shape))


def test_mirrored_poses_give_mirrored_bodies():
    step_left = [
        step(0.5, hand=(0.3, 0.5, 0.4), trunk=(0.2, 0.3, 0.4), foot=(0.2, 0.2, 0.1), travel=(1, 2))
    ]
    left = positions_of(perform(step_left, fps=10, side=LEFT))
    right = positions_of(perform(step_left, fps=10, side=RIGHT))
    np.testing.assert_allclose(left[:, NTU_25.mirrored()] * (-1, 1, 1), right, atol=1e-5)


def test_reachable_hands_arrive():
    pose = Pose.standing(1)
    pose.hands[:, LEFT] = (0.2, 0.1, 0.7)
    body = Body()
    person = positions_of(pose, body=body)[0]
    reached = person[Joint.WRIST_LEFT] - person[Joint.SHOULDER_LEFT]
    np.testing.assert_allclose(reached / body.arm_m, (-0.2, 0.1, -0.7), atol=1e-5)


def test_before_a_sensor_nothing_but_place_and_yaw_changes():
    person = positions_of(perform([step(0.5, hands=(0.9, 0.2, 0.1))], fps=30))
    seen = at_sensor(person, distance_m=3.0, sensor_height_m=1.2, aside_m=0.4, yaw=0.7)
    assert facing_yaw(seen) == pytest.approx(0.7, abs=1e-4)
    np.testing.assert_allclose(normalize(seen), normalize(person), atol=1e-4)
    assert seen[0, Joint.ANKLE_LEFT, 1] < -1.0


@pytest.mark.parametrize("size", [{"height_m": 174.0}, {"thigh": 0.0}, {"foot": 0.9}])
def test_impossible_bodies_are_refused(size):
    with pytest.raises(ConfigError, match="wanted"):
        Body(**size)


def test_a_movement_starts_and_ends_at_rest_and_reaches_its_steps():
    steps = [step(0.5, hands=(0.9, 0.1, 0.2), hold_s=0.5), step(0.5, trunk=(0.5, 0, 0))]
    assert duration_of(steps) == 1.5
    pose = perform(steps, fps=20, settle_s=0.5)
    assert pose.frames == 41
    rest = Pose.standing(1)
    for name, values in vars(pose).items():
        np.testing.assert_allclose(values[[0, -1]], np.repeat(getattr(rest, name), 2, axis=0), atol=1e-9)
    np.testing.assert_allclose(pose.hands[10:21, LEFT], np.tile((0.9, 0.1, 0.2), (11, 1)), atol=1e-9)
    np.testing.assert_allclose(pose.trunk[30], (0.5, 0, 0), atol=1e-9)


def test_without_settling_the_last_posture_stays():
    assert perform([step(0.5, pelvis=(0, -0.4, 0))], fps=10, settle_s=0.0).pelvis[-1, 1] == pytest.approx(
        -0.4
    )


def test_a_control_nobody_knows_is_refused():
    with pytest.raises(ConfigError, match="wanted a control"):
        perform([step(0.5, tail=(1, 0, 0))], fps=10)
    with pytest.raises(ConfigError, match="at least one step"):
        perform([], fps=10)


@settings(max_examples=50, deadline=None)
@given(arrays(float, (6, 2), elements=st.floats(-5, 5)), arrays(float, 5, elements=st.floats(0.05, 3)))
def test_gliding_passes_through_its_keys_and_never_beyond_neighbours(values, gaps):
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    np.testing.assert_allclose(glide(times, values, times), values, atol=1e-9)
    dense = np.linspace(-1, times[-1] + 1, 200)
    path = glide(times, values, dense)
    piece = np.clip(np.searchsorted(times, dense, side="right") - 1, 0, 4)
    low, high = np.minimum(values[piece], values[piece + 1]), np.maximum(values[piece], values[piece + 1])
    assert (path >= low - 1e-9).all()
    assert (path <= high + 1e-9).all()


def test_gliding_over_next_to_nothing_does_not_overflow():
    values = np.array([-1.0, 0.0, 5e-324, 0.0])[:, None]
    path = glide(np.arange(4.0), values, np.linspace(0, 3, 50))
    assert np.isfinite(path).all()
    assert path.max() <= 1e-9


def test_sway_is_small_smooth_and_seeded():
    noise = [sway(300, 4, fps=30, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    np.testing.assert_array_equal(noise[0], noise[1])
    assert not np.allclose(noise[0], noise[2])
    assert np.abs(np.diff(noise[0], axis=0)).max() < 0.6
    pose = Pose.standing(300)
    add_sway(pose, fps=30, rng=np.random.default_rng(0))
    person = positions_of(pose)
    assert 0.001 < np.linalg.norm(person - person.mean(0), axis=-1).max() < 0.06
