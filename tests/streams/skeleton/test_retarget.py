import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.skeleton.errors import LayoutError, ShapeError
from streams.skeleton.layouts import LAYOUTS, NTU_25, Joint
from streams.skeleton.retarget import (
    BLAZEPOSE_FRAME,
    BLAZEPOSE_TO_NTU,
    K4ABT_FRAME,
    K4ABT_TO_NTU,
    KINECT_V1_TO_NTU,
    Retargeting,
    retargeting,
)

MAPS = {"blazepose33": BLAZEPOSE_TO_NTU, "kinect_v1_20": KINECT_V1_TO_NTU, "k4abt32": K4ABT_TO_NTU}
metres = st.floats(-5, 5, width=32)
every_map = pytest.mark.parametrize("retarget", MAPS.values(), ids=MAPS.keys())


def mirror_image(positions: np.ndarray, partner: tuple[int, ...]) -> np.ndarray:
    """The other person one sees in a mirror: x negated, left and right renamed."""
    return positions[..., list(partner), :] * np.array([-1, 1, 1], np.float32)


@every_map
def test_left_comes_from_left_only(retarget: Retargeting) -> None:
    for joint, row in zip(NTU_25.joints, retarget.weights, strict=True):
        used = [name for name, weight in zip(retarget.source_joints, row, strict=True) if weight]
        for side, other in (("left", "right"), ("right", "left")):
            if side in joint:
                assert used
                assert not any(other in name for name in used), joint


@every_map
@given(data=st.data())
def test_a_translation_stays_a_translation(retarget: Retargeting, data: st.DataObject) -> None:
    source = data.draw(arrays(np.float32, (len(retarget.source_joints), 3), elements=metres))
    shift = data.draw(arrays(np.float32, (3,), elements=metres))
    moved = retarget.positions(source + shift)
    np.testing.assert_allclose(moved, retarget.positions(source) + shift, atol=1e-4)


@pytest.mark.parametrize("name", MAPS)
@given(data=st.data())
def test_retargeting_the_mirror_image_gives_the_mirror_image(name: str, data: st.DataObject) -> None:
    retarget = MAPS[name]
    source = data.draw(arrays(np.float32, (len(retarget.source_joints), 3), elements=metres))
    mirrored = mirror_image(source, LAYOUTS[name].mirrored())
    expected = mirror_image(retarget.positions(source), NTU_25.mirrored())
    np.testing.assert_allclose(retarget.positions(mirrored), expected, atol=1e-4)


@every_map
def test_time_and_person_axes_pass_through(retarget: Retargeting) -> None:
    source = np.random.default_rng(0).normal(size=(2, 7, len(retarget.source_joints), 3)).astype(np.float32)
    found = retarget.positions(source)
    assert found.shape == (2, 7, 25, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[1, 3], retarget.positions(source[1, 3]), atol=1e-6)


def test_blazepose_spine_is_worked_out_by_hand() -> None:
    source = np.zeros((33, 3), np.float32)
    index = {name: i for i, name in enumerate(BLAZEPOSE_TO_NTU.source_joints)}
    for side, x in (("left", -0.2), ("right", 0.2)):
        source[index[f"shoulder_{side}"]] = (x, 0.5, 0)
        source[index[f"ear_{side}"]] = (x / 2, 0.7, 0.1)
        source[index[f"hip_{side}"]] = (x / 2, 0, 0)
    ntu = BLAZEPOSE_TO_NTU.positions(source)
    np.testing.assert_allclose(ntu[Joint.SPINE_BASE], (0, 0, 0), atol=1e-6)
    np.testing.assert_allclose(ntu[Joint.SPINE_MID], (0, 0.25, 0), atol=1e-6)
    np.testing.assert_allclose(ntu[Joint.SPINE_SHOULDER], (0, 0.5, 0), atol=1e-6)
    np.testing.assert_allclose(ntu[Joint.NECK], (0, 0.57, 0.035), atol=1e-6)
    np.testing.assert_allclose(ntu[Joint.HEAD], (0, 0.7, 0.1), atol=1e-6)
    np.testing.assert_allclose(ntu[Joint.SHOULDER_LEFT], (-0.2, 0.5, 0), atol=1e-6)


def test_confidence_is_that_of_the_least_certain_joint_used() -> None:
    confidence = np.ones(33, np.float32)
    confidence[BLAZEPOSE_TO_NTU.source_joints.index("hip_right")] = 0.25
    found = BLAZEPOSE_TO_NTU.confidence(confidence)
    low = {NTU_25.joints[i] for i in np.flatnonzero(found < 1)}
    assert low == {"spine_base", "spine_mid", "hip_right"}
    assert found.min() == pytest.approx(0.25)


@pytest.mark.parametrize("frame", [BLAZEPOSE_FRAME, K4ABT_FRAME])
def test_changing_axes_turns_and_never_mirrors(frame: np.ndarray) -> None:
    assert np.prod(np.sign(frame)) == 1


def test_joints_that_were_not_measured_are_named() -> None:
    assert "spine_mid" in BLAZEPOSE_TO_NTU.invented
    assert "wrist_left" not in BLAZEPOSE_TO_NTU.invented


@every_map
def test_another_number_of_joints_is_refused(retarget: Retargeting) -> None:
    with pytest.raises(ShapeError, match=r"\(4, 24, 3\)"):
        retarget.positions(np.zeros((4, 24, 3), np.float32))
    with pytest.raises(ShapeError, match=r"\(24,\)"):
        retarget.confidence(np.zeros(24, np.float32))


def test_recipes_must_cover_every_joint_and_sum_to_one() -> None:
    names = NTU_25.joints
    complete = {name: {name: 1.0} for name in names}
    with pytest.raises(LayoutError, match=r"neck must sum to 1, got 0\.500"):
        retargeting(names, {**complete, "neck": {"neck": 0.5}})
    with pytest.raises(LayoutError, match="head must sum to 1, got 0"):
        retargeting(names, {k: v for k, v in complete.items() if k != "head"})
    with pytest.raises(LayoutError, match="'tail'"):
        retargeting(names, {**complete, "head": {"tail": 1.0}})
