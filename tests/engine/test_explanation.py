import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embedding import Prepared
from engine.explanation import STRETCHES, explained, hold_joint, liveliest, variants
from streams.skeleton.layouts import NTU_25, Joint
from tests.engine.fakes import reaching, standing, window


def bones(person: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
    """By joint, (T, 3) from the one it hangs on."""
    return {j: person[:, j] - person[:, p] for j, p in enumerate(NTU_25.parents) if p >= 0}


@pytest.fixture
def person() -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    return (standing() + 0.1 * rng.normal(size=standing().shape)).astype(np.float32)


@pytest.mark.parametrize("joint", [Joint.SHOULDER_RIGHT, Joint.ELBOW_LEFT, Joint.SPINE_MID, Joint.HEAD])
def test_one_bone_is_held_and_no_other(person: NDArray[np.float32], joint: int):
    before, after = bones(person), bones(hold_joint(person, joint))
    for other, bone in after.items():
        wanted = (
            np.broadcast_to(before[other].mean(axis=0), bone.shape) if other == joint else before[other]
        )
        np.testing.assert_allclose(bone, wanted, atol=1e-5)


def test_the_root_has_no_bone(person: NDArray[np.float32]):
    np.testing.assert_array_equal(hold_joint(person, Joint.SPINE_BASE), person)


def test_variants_are_the_window_its_joints_and_its_stretches(person: NDArray[np.float32]):
    people = np.stack([person, standing()])
    made = variants(people)
    assert made.shape == (1 + 25 + STRETCHES, *people.shape)
    np.testing.assert_array_equal(made[0], people)
    # Only the first person is held still.
    np.testing.assert_array_equal(made[:, 1], np.repeat(people[None, 1], len(made), axis=0))
    for number in range(STRETCHES):
        held = (made[26 + number, 0] != person).any(axis=(1, 2))
        begin, end = round(number * 48 / STRETCHES), round((number + 1) * 48 / STRETCHES)
        assert held.nonzero()[0].tolist() == list(range(begin, end))


def test_the_liveliest_frame_is_the_farthest_reach():
    assert 20 <= liveliest(reaching(0.6)) <= 28


def test_what_a_score_hangs_on_has_the_largest_drop():
    """An encoder that sees nothing but how far the right wrist goes, in the first half of the window."""
    prepared = Prepared(window(), reaching(0.6)[None], motion_m=0.5)
    made = variants(prepared.people)
    reach = np.ptp(made[:, 0, :24, Joint.WRIST_RIGHT, 1], axis=1)
    scores = np.stack([reach, np.full(len(made), 0.1), np.full(len(made), 0.05)], axis=1).astype(np.float32)
    found = explained(prepared, "r", 0, ["reach", "bow", "sit"], scores, unknown_cosine=0.2)
    assert (found.name, found.rival) == ("reach", "bow")
    assert found.lead == pytest.approx(reach[0] - 0.2, abs=1e-5)
    # The whole arm rises from the elbow on: the shoulder does not move, what hangs on the elbow follows.
    assert int(np.argmax(found.joints)) == Joint.ELBOW_RIGHT
    assert found.joints[Joint.ELBOW_RIGHT] == pytest.approx(reach[0], abs=1e-4)
    assert found.joints[Joint.KNEE_LEFT] == 0.0
    assert max(found.stretches[4:]) == pytest.approx(0.0, abs=1e-4)
    assert len(found.pose) == 25


def test_a_single_action_is_weighed_against_the_unnamed_class():
    prepared = Prepared(window(), reaching(0.6)[None], motion_m=0.5)
    scores = np.full((1 + 25 + STRETCHES, 1), 0.5, np.float32)
    found = explained(prepared, "r", 0, ["reach"], scores, unknown_cosine=0.2)
    assert (found.rival, found.lead, set(found.joints)) == (None, pytest.approx(0.3), {0.0})
