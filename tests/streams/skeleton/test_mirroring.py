import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.body import Body, Pose, at_sensor, positions_of
from streams.skeleton.layouts import NTU_25
from streams.skeleton.mirroring import looks_mirrored
from streams.skeleton.motions import perform, step
from streams.skeleton.normalize import yaw_matrix

MIRROR = np.array([-1, 1, 1], np.float32)


def squatting() -> np.ndarray:
    pose: Pose = perform([step(0.9, pelvis=(0.0, -0.4, -0.2)), step(0.8, pelvis=(0.0, 0.0, 0.0))], fps=30)
    return at_sensor(positions_of(pose, body=Body()))


@given(st.floats(-np.pi, np.pi))
def test_nobody_who_turns_looks_mirrored_and_their_mirror_image_does(yaw: float) -> None:
    positions = squatting() @ yaw_matrix(yaw).T
    assert not looks_mirrored(positions)
    assert looks_mirrored(positions * MIRROR)


def test_swapped_names_look_mirrored_and_both_together_do_not() -> None:
    partner = list(NTU_25.mirrored())
    assert looks_mirrored(squatting()[:, partner])
    assert not looks_mirrored(squatting()[:, partner] * MIRROR)


def test_what_is_not_seen_tells_nothing() -> None:
    positions = squatting() * MIRROR
    assert not looks_mirrored(positions, np.zeros((len(positions), 25)))
    assert not looks_mirrored(positions[:3])


@pytest.mark.parametrize("frames", [0, 1])
def test_hardly_any_frames_tell_nothing(frames: int) -> None:
    assert not looks_mirrored(squatting()[:frames])
