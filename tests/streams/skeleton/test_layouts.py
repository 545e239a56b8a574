import pytest

from streams.skeleton.errors import LayoutError
from streams.skeleton.layouts import LAYOUTS, NTU_25, Joint, Layout, layout_named


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
class TestEveryLayout:
    def test_joint_names_are_unique(self, layout: Layout) -> None:
        assert len(set(layout.joints)) == len(layout)

    def test_parents_form_a_forest(self, layout: Layout) -> None:
        for joint in range(len(layout)):
            seen: set[int] = set()
            while joint >= 0:
                assert joint not in seen
                seen.add(joint)
                joint = layout.parents[joint]

    def test_mirroring_twice_is_nothing(self, layout: Layout) -> None:
        partner = layout.mirrored()
        assert [partner[p] for p in partner] == list(range(len(layout)))

    def test_mirroring_swaps_exactly_the_sided_joints(self, layout: Layout) -> None:
        for joint, partner in enumerate(layout.mirrored()):
            sided = "left" in layout.joints[joint] or "right" in layout.joints[joint]
            assert (partner != joint) == sided

    def test_a_bone_and_its_mirror_image_are_both_bones(self, layout: Layout) -> None:
        partner = layout.mirrored()
        for child, parent in layout.bones:
            if "left" in layout.joints[child] and "left" in layout.joints[parent]:
                assert (partner[child], partner[parent]) in layout.bones


def test_ntu_order_is_the_published_one() -> None:
    assert len(NTU_25) == 25
    assert NTU_25.joints[Joint.SPINE_BASE] == "spine_base"
    assert [int(j) for j in (Joint.HEAD, Joint.HAND_LEFT, Joint.HAND_RIGHT, Joint.SPINE_SHOULDER)] == [
        3,
        7,
        11,
        20,
    ]


def test_ntu_has_one_root() -> None:
    assert NTU_25.parents.count(-1) == 1
    assert len(NTU_25.bones) == 24


def test_parents_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LayoutError, match="2 joints and 1 parents"):
        Layout(name="x", joints=("a", "b"), parents=(-1,))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert layout_named("ntu25") is NTU_25
    with pytest.raises(LayoutError, match=r"kinect_v1_20.*'coco18'"):
        layout_named("coco18")
