import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import normalize
from streams.skeleton.retarget import KINECT_V1_TO_NTU
from tests.training.small_data import moving
from training.augment import Augmentation, augmented, mirrored

NOTHING = Augmentation(mirror=0, yaw_deg=0, tilt_deg=0, limb=0, jitter_m=0, depth_m=0, hands_lost=0)
WINDOW = KINECT_V1_TO_NTU.positions(moving("arm", 0, 48))


def draw(config: Augmentation, seed: int = 0) -> tuple[np.ndarray, bool]:
    return augmented(WINDOW, np.random.default_rng(seed), config=config)


def bones(positions: np.ndarray) -> np.ndarray:
    return np.stack([np.linalg.norm(positions[:, c] - positions[:, p], axis=-1) for c, p in NTU_25.bones])


def test_nothing_switched_on_is_the_normalisation_alone() -> None:
    window, swapped = draw(NOTHING)
    assert not swapped
    np.testing.assert_allclose(window, normalize(WINDOW), atol=1e-5)


def test_mirrored_twice_is_the_same() -> None:
    np.testing.assert_array_equal(mirrored(mirrored(WINDOW)), WINDOW)
    assert mirrored(WINDOW)[0, Joint.HAND_LEFT, 0] == -WINDOW[0, Joint.HAND_RIGHT, 0]


def test_mirror_is_told_and_done() -> None:
    window, swapped = draw(Augmentation(mirror=1, **_others(NOTHING, "mirror")))
    assert swapped
    np.testing.assert_allclose(window, normalize(mirrored(WINDOW)), atol=1e-5)
    # The moving arm changes sides.
    assert np.ptp(window[:, Joint.WRIST_LEFT, 1]) > 0.2 > np.ptp(window[:, Joint.WRIST_RIGHT, 1])


def test_what_must_not_be_mirrored_is_not() -> None:
    always = Augmentation(mirror=1, **_others(NOTHING, "mirror"))
    window, swapped = augmented(WINDOW, np.random.default_rng(0), config=always, mirror=False)
    assert not swapped
    np.testing.assert_allclose(window, normalize(WINDOW), atol=1e-5)


def test_limbs_change_length_alike_on_both_sides_and_the_same_in_every_frame() -> None:
    window, _ = draw(Augmentation(limb=0.2, **_others(NOTHING, "limb")))
    ratio = bones(window) / bones(normalize(WINDOW)).clip(1e-6)
    moved = bones(WINDOW).min(axis=1) > 1e-3
    np.testing.assert_allclose(ratio[moved], ratio[moved][:, :1].repeat(48, 1), rtol=1e-3)
    by_child = dict(zip([NTU_25.joints[c] for c, _ in NTU_25.bones], ratio[:, 0], strict=True))
    assert by_child["elbow_left"] == pytest.approx(by_child["elbow_right"], rel=1e-4)
    assert by_child["elbow_left"] != pytest.approx(by_child["knee_left"], rel=1e-3)


def test_tilt_and_yaw_keep_every_length() -> None:
    turned = Augmentation(tilt_deg=8, yaw_deg=30, **_others(NOTHING, "tilt_deg", "yaw_deg"))
    window, _ = draw(turned)
    np.testing.assert_allclose(bones(window), bones(normalize(WINDOW)), atol=1e-4)
    assert np.abs(window - normalize(WINDOW)).max() > 0.02


def test_depth_noise_is_slow_and_in_depth_alone() -> None:
    still = np.repeat(WINDOW[:1], 48, axis=0)
    noise = Augmentation(depth_m=0.05, **_others(NOTHING, "depth_m"))
    window, _ = augmented(still, np.random.default_rng(0), config=noise)
    steps = np.abs(np.diff(window, axis=0)).max(axis=(0, 1))
    assert steps[2] > 10 * steps[1]
    assert steps[2] < 0.05


def test_lost_hands_lie_on_the_wrist() -> None:
    window, _ = draw(Augmentation(hands_lost=1, **_others(NOTHING, "hands_lost")))
    for joint in (Joint.HAND_LEFT, Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT):
        np.testing.assert_allclose(window[:, joint], window[:, Joint.WRIST_LEFT], atol=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_default_disturbances_are_reproducible_finite_and_leave_the_input_alone(seed: int) -> None:
    before = WINDOW.copy()
    first, second = draw(Augmentation(), seed), draw(Augmentation(), seed)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]
    assert first[0].dtype == np.float32
    assert np.isfinite(first[0]).all()
    np.testing.assert_array_equal(WINDOW, before)


@pytest.mark.parametrize("changes", [{"mirror": 1.1}, {"limb": -0.1}, {"hands_lost": 2.0}])
def test_strengths_out_of_range_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Augmentation(**changes)


def _others(config: Augmentation, *names: str) -> dict[str, float]:
    return {key: getattr(config, key) for key in config.__dataclass_fields__ if key not in names}


def test_depth_is_stretched_and_height_is_not() -> None:
    stretched = Augmentation(depth_scale=0.3, **_others(NOTHING, "depth_scale"))
    plain, windows = draw(NOTHING)[0], [draw(stretched, seed)[0] for seed in range(5)]
    for window in windows:
        assert np.abs(window - plain).max() > 0.002
    up = [window[:, Joint.HEAD, 1].mean() for window in windows]
    np.testing.assert_allclose(up, plain[:, Joint.HEAD, 1].mean(), rtol=0.1)


def test_invented_joints_follow_from_the_others() -> None:
    invented = Augmentation(invented=1, **_others(NOTHING, "invented"))
    bent = WINDOW.copy()
    bent[:, Joint.SPINE_MID] += (0.0, 0.0, 0.2)
    bent[:, Joint.THUMB_LEFT] += (0.1, 0.1, 0.0)
    straight, also = (
        augmented(positions, np.random.default_rng(0), config=invented)[0] for positions in (WINDOW, bent)
    )
    np.testing.assert_allclose(straight, also, atol=1e-5)
    middle = straight[:, [Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT, Joint.HIP_LEFT, Joint.HIP_RIGHT]].mean(
        axis=1
    )
    np.testing.assert_allclose(straight[:, Joint.SPINE_MID], middle, atol=1e-5)
    np.testing.assert_allclose(straight[:, Joint.THUMB_LEFT], straight[:, Joint.HAND_LEFT], atol=1e-5)
    seen = [Joint.ELBOW_LEFT, Joint.KNEE_RIGHT, Joint.HEAD]
    apart = np.linalg.norm(straight[:, seen[0]] - straight[:, seen[1]], axis=-1)
    plain = draw(NOTHING)[0]
    scale = apart / np.linalg.norm(plain[:, seen[0]] - plain[:, seen[1]], axis=-1)
    np.testing.assert_allclose(scale, scale[0], rtol=1e-3)
