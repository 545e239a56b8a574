import numpy as np
import pytest

from streams.skeleton.graph import hop_distances, spatial_partition
from streams.skeleton.layouts import BLAZEPOSE_33, LAYOUTS, NTU_25, Joint, Layout

CHAIN = Layout("chain", ("a", "b", "c"), (-1, 0, 1))


def test_hops_count_bones() -> None:
    hops = hop_distances(NTU_25)
    assert hops[Joint.SPINE_SHOULDER, Joint.HEAD] == 2
    assert hops[Joint.HAND_TIP_LEFT, Joint.HAND_TIP_RIGHT] == 2 * 5
    assert hops[Joint.FOOT_LEFT, Joint.FOOT_RIGHT] == 8
    assert (hops == hops.T).all()
    assert (np.diag(hops) == 0).all()


def test_joints_in_separate_pieces_are_as_far_as_can_be() -> None:
    hops = hop_distances(BLAZEPOSE_33)  # its face hangs together, apart from the body
    assert hops[0, 11] == len(BLAZEPOSE_33)


def test_chain_by_hand() -> None:
    own, farther, nearer = spatial_partition(CHAIN, centre=0)
    third, half = 1 / 3, 1 / 2
    np.testing.assert_allclose(own, np.diag([half, third, half]), atol=1e-6)
    # b sends to a and c; a is the centre.
    np.testing.assert_allclose(farther, [[0, 0, 0], [half, 0, 0], [0, third, 0]], atol=1e-6)
    np.testing.assert_allclose(nearer, [[0, third, 0], [0, 0, half], [0, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_joint_receives_one_in_all_and_subsets_do_not_overlap(layout: Layout) -> None:
    parts = spatial_partition(layout, centre=0)
    assert parts.shape == (3, len(layout), len(layout))
    assert parts.dtype == np.float32
    np.testing.assert_allclose(parts.sum(axis=(0, 1)), 1.0, atol=1e-6)
    assert ((parts > 0).sum(axis=0) <= 1).all()


def test_mirroring_the_body_changes_nothing() -> None:
    parts, swap = spatial_partition(), list(NTU_25.mirrored())
    np.testing.assert_array_equal(parts, parts[:, swap][:, :, swap])
