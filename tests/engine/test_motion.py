"""Idle people are told from moving ones, whatever their sensor's jitter."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bundle import Calibration
from engine.motion import AVERAGED_FRAMES, motion_extent
from streams.skeleton.errors import ShapeError
from streams.skeleton.layouts import Joint
from streams.skeleton.normalize import normalize
from tests.engine.fakes import reaching, standing

IDLE_M = Calibration().idle_extent_m


def _reference(positions: NDArray[np.floating]) -> float:
    """The same by loops: joint by joint, frame by frame."""
    farthest = 0.0
    for joint in range(21):
        smooth = [
            np.mean([positions[t + k, joint] for k in range(AVERAGED_FRAMES)], axis=0, dtype=float)
            for t in range(len(positions) - AVERAGED_FRAMES + 1)
        ]
        mean = np.mean(smooth, axis=0)
        for place in smooth:
            farthest = max(farthest, float(np.sqrt(((place - mean) ** 2).sum())))
    return farthest


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_the_loops_say(seed: int):
    positions = np.random.default_rng(seed).normal(0, 0.3, (20, 25, 3)).astype(np.float32)
    assert motion_extent(positions) == pytest.approx(_reference(positions), abs=1e-6)


def test_who_stands_still_does_not_move():
    assert motion_extent(normalize(standing())) == pytest.approx(0.0, abs=1e-6)


def test_jitter_of_a_camera_is_idle():
    jitter = np.random.default_rng(0).normal(0, 0.02, (48, 25, 3))
    assert motion_extent(normalize((standing() + jitter).astype(np.float32))) < IDLE_M


def test_a_hand_raised_a_little_is_not_idle():
    assert motion_extent(normalize(reaching(0.2))) > IDLE_M


def test_walking_away_moves_nobody_whose_limbs_are_still():
    gliding = standing() + np.linspace(0, 3, 48, dtype=np.float32)[:, None, None] * (0, 0, 1)
    assert motion_extent(normalize(gliding)) < IDLE_M


@pytest.mark.parametrize("joint", [Joint.THUMB_LEFT, Joint.HAND_TIP_RIGHT])
def test_thumbs_and_hand_tips_do_not_count(joint: Joint):
    positions = standing()
    positions[20:, joint] += 0.5
    assert motion_extent(positions) == pytest.approx(0.0, abs=1e-6)


def test_two_frames_are_enough():
    positions = standing(2)
    positions[1, Joint.HEAD, 1] += 1.0
    # Fewer frames than the average is long: they are averaged into one place.
    assert motion_extent(positions) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 25, 3), (48, 24, 3), (48, 25, 2), (48, 25), (2, 48, 25, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ShapeError, match="wanted positions"):
        motion_extent(np.zeros(shape, np.float32))
