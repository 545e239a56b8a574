from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import lifting
from streams.lifting import BODY_SIZE_M, LEAST_SEEN, WEIGHTS, Lifter, coco_person, features, lifter
from streams.skeleton.errors import ModelFileError, ShapeError
from streams.skeleton.layouts import COCO_17, NTU_25, Joint
from streams.skeleton.normalize import body_size, facing_yaw
from streams.skeleton.retarget import COCO_INVENTED
from tests.streams.fakes import standing
from tests.streams.formats.written import at, coco_at

SIZE = (640, 480)
KNEES_DOWN = [i for i, name in enumerate(COCO_17.joints) if name.startswith(("knee", "ankle"))]


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000


def test_somebody_who_stands_comes_out_standing_where_they_are() -> None:
    person = coco_person(coco_at(0.3), size=SIZE, track=7)
    assert person is not None
    assert person.track == 7
    assert body_size(person.positions[None]) == pytest.approx(BODY_SIZE_M, abs=0.08)
    np.testing.assert_allclose(person.positions[0], at(0.3)[0], atol=0.35)
    limbs = person.positions - person.positions[0]
    away = np.linalg.norm(limbs - standing(), axis=1)
    assert away.mean() < 0.1
    assert abs(facing_yaw(person.positions[None])) < 0.4
    assert person.positions[Joint.HAND_LEFT, 0] < person.positions[Joint.HAND_RIGHT, 0]


def test_a_raised_hand_is_the_raised_hand() -> None:
    points = coco_at(0.0)
    for name, height in (("elbow_right", 40.0), ("wrist_right", 100.0)):
        points[COCO_17.joints.index(name), 1] = points[COCO_17.joints.index("shoulder_right"), 1] - height
    person = coco_person(points, size=SIZE, track=None)
    assert person is not None
    heights = person.positions[:, 1]
    assert heights[Joint.HAND_RIGHT] > heights[Joint.HEAD] > heights[Joint.HAND_LEFT]


@given(scale=st.floats(0.2, 5), x=st.floats(-500, 500), y=st.floats(-500, 500))
@settings(max_examples=20)
def test_place_and_size_in_the_picture_change_no_posture(scale: float, x: float, y: float) -> None:
    points = coco_at(0.0)[None]
    moved = points[..., :2] * scale + np.array([x, y])
    told = np.ones((1, 17))
    np.testing.assert_allclose(features(moved, told), features(points[..., :2], told), atol=1e-3)
    np.testing.assert_allclose(lifter()(moved, told), lifter()(points[..., :2], told), atol=5e-3)


def test_what_is_not_seen_has_no_say_and_no_confidence() -> None:
    points = coco_at(0.0)
    points[KNEES_DOWN] = [9999.0, -9999.0, 0.1]
    one = coco_person(points, size=SIZE, track=None)
    points[KNEES_DOWN] = np.nan
    two = coco_person(points, size=SIZE, track=None)
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one.positions, two.positions)
    assert np.isfinite(two.positions).all()
    assert two.confidence[[Joint.KNEE_LEFT, Joint.FOOT_RIGHT]].tolist() == [0, 0]
    assert two.confidence[Joint.ELBOW_LEFT] == 1


def test_of_whom_too_little_is_seen_nothing_is_said() -> None:
    points = coco_at(0.0)
    points[LEAST_SEEN - 1 :, 2] = 0.0
    assert coco_person(points, size=SIZE, track=None) is None


def test_which_joints_are_invented_is_told() -> None:
    assert "wrist_left" not in COCO_INVENTED
    assert {"spine_mid", "hand_tip_left", "foot_right"} <= set(COCO_INVENTED)
    assert len(COCO_INVENTED) == len(NTU_25) - 12


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match="wanted points"):
        lifter()(np.zeros((1, 18, 2)), np.ones((1, 18)))


def test_weights_that_are_none_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelFileError, match="got others"):
        Lifter({"layers": np.array(2), "weight0": np.zeros((3, 3)), "bias0": np.zeros(3)})
    monkeypatch.setattr(lifting, "WEIGHTS", tmp_path / "none.npz")
    lifter.cache_clear()
    try:
        with pytest.raises(ModelFileError, match="install this again"):
            lifter()
    finally:
        lifter.cache_clear()
