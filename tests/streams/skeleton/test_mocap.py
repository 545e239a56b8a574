import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.skeleton.errors import LayoutError
from streams.skeleton.layouts import COCO_17, LAYOUTS, NTU_25, Joint
from streams.skeleton.mocap import retargeting_for
from streams.skeleton.normalize import normalize

SHARED = Path(os.environ.get("ANYMOVE_SHARED", Path(__file__).parents[4] / "shared"))
SETS = (
    *("open/ui_prmd", "open/berkeley_mhad", "open/accad", "open/cmu_locomotion", "open/cmu_iclone"),
    *("open/cmu_dance", "open/precog", "open/hdm05", "eval/kinder_gator"),
)
UI_PRMD = (
    *("waist", "spine", "chest", "neck", "head", "head_tip", "left_collar", "left_upper_arm"),
    *("left_forearm", "left_hand", "right_collar", "right_upper_arm", "right_forearm", "right_hand"),
    *("left_upper_leg", "left_lower_leg", "left_foot", "left_toes", "right_upper_leg"),
    *("right_lower_leg", "right_foot", "right_toes"),
)


IN_SPACE = [layout for layout in LAYOUTS.values() if layout is not COCO_17]


@pytest.mark.parametrize("layout", IN_SPACE, ids=lambda layout: layout.name)
def test_every_sensor_layout_has_a_map(layout: object) -> None:
    joints = getattr(layout, "joints")  # noqa: B009
    found = retargeting_for(joints)
    assert found.source_joints == joints
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0, atol=1e-4)


def test_ntu_stays_as_it_is() -> None:
    positions = np.random.default_rng(0).normal(size=(4, 25, 3)).astype(np.float32)
    np.testing.assert_array_equal(retargeting_for(NTU_25.joints).positions(positions), positions)


def test_a_rig_may_order_its_joints_as_it_likes() -> None:
    positions = np.random.default_rng(0).normal(size=(4, len(UI_PRMD), 3)).astype(np.float32)
    order = np.random.default_rng(1).permutation(len(UI_PRMD))
    straight = retargeting_for(UI_PRMD).positions(positions)
    shuffled = retargeting_for(tuple(UI_PRMD[i] for i in order)).positions(positions[:, order])
    np.testing.assert_allclose(straight, shuffled, atol=1e-6)


def test_ui_prmd_sides_and_hands() -> None:
    positions = np.zeros((1, len(UI_PRMD), 3), np.float32)
    positions[0, UI_PRMD.index("left_hand")] = [-1, 0, 0]
    positions[0, UI_PRMD.index("left_forearm")] = [-0.75, 0, 0]
    ntu = retargeting_for(UI_PRMD).positions(positions)[0]
    np.testing.assert_allclose(ntu[Joint.WRIST_LEFT], [-1, 0, 0])
    assert ntu[Joint.HAND_TIP_LEFT, 0] < ntu[Joint.HAND_LEFT, 0] < -1
    np.testing.assert_allclose(ntu[Joint.WRIST_RIGHT], 0)


def test_unknown_joints_are_refused_with_what_is_known() -> None:
    with pytest.raises(LayoutError, match=r"known layout or rig \(ntu25.*HDM05\), got 2: snout, tail"):
        retargeting_for(("snout", "tail"))


def test_a_rig_with_a_joint_missing_is_refused() -> None:
    with pytest.raises(LayoutError):
        retargeting_for(tuple(name for name in UI_PRMD if name != "left_toes"))


@pytest.mark.shared
@pytest.mark.parametrize("name", SETS)
def test_bodies_of_every_set_look_like_people(name: str) -> None:
    path = SHARED / "data" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not part of the project")
    with np.load(path, allow_pickle=False) as raw:
        joints = tuple(str(joint) for joint in raw["joints"])
        source = raw["positions"][raw["offsets"][:-1]]  # the first frame of every sequence
    people = retargeting_for(joints).positions(source)
    bodies = np.stack([normalize(person[None])[0] for person in people])
    median = np.median(bodies, axis=0)
    assert (bodies[:, Joint.SHOULDER_LEFT, 0] < bodies[:, Joint.SHOULDER_RIGHT, 0]).mean() > 0.98
    assert (bodies[:, Joint.HIP_LEFT, 0] < bodies[:, Joint.HIP_RIGHT, 0]).mean() > 0.98
    assert median[Joint.HEAD, 1] > median[Joint.NECK, 1] > median[Joint.SPINE_SHOULDER, 1]
    assert median[Joint.FOOT_LEFT, 1] < median[Joint.KNEE_LEFT, 1] < median[Joint.HIP_LEFT, 1] + 0.02
    assert median[Joint.FOOT_LEFT, 2] < median[Joint.ANKLE_LEFT, 2]  # toes point at the sensor
    _check_proportions(bodies)


def _check_proportions(bodies: NDArray[np.float32]) -> None:
    """Within 40 % of what a Kinect v2 sees of an adult, after normalisation."""
    lengths = {
        (Joint.SPINE_BASE, Joint.SPINE_SHOULDER): 0.54,
        (Joint.SPINE_SHOULDER, Joint.HEAD): 0.23,
        (Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT): 0.36,
        (Joint.SHOULDER_LEFT, Joint.ELBOW_LEFT): 0.26,
        (Joint.ELBOW_LEFT, Joint.WRIST_LEFT): 0.24,
        (Joint.HIP_LEFT, Joint.HIP_RIGHT): 0.18,
        (Joint.HIP_LEFT, Joint.KNEE_LEFT): 0.38,
        (Joint.KNEE_LEFT, Joint.ANKLE_LEFT): 0.40,
    }
    for (a, b), wanted in lengths.items():
        found = float(np.median(np.linalg.norm(bodies[:, a] - bodies[:, b], axis=-1)))
        assert wanted * 0.6 < found < wanted * 1.4, f"{a.name} to {b.name}: {found:.2f} m"
