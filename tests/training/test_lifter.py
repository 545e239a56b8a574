from pathlib import Path

import numpy as np
import pytest
import torch

from streams.lifting import BODY_SIZE_M, Lifter, features
from streams.skeleton.layouts import COCO_17, NTU_25, Joint
from streams.skeleton.normalize import body_size, facing_yaw
from tests.streams.fakes import standing
from training import lifter
from training.lifter import LifterConfig, Network, measure, save, train, viewed

LEFT_WRIST, RIGHT_WRIST = (COCO_17.joints.index(f"wrist_{side}") for side in ("left", "right"))


def people(count: int = 40) -> np.ndarray:
    """(N, 25, 3): the same body with its right arm higher each time."""
    bodies = np.repeat(standing()[None], count, axis=0)
    bodies[:, Joint.WRIST_RIGHT, 1] += np.linspace(0, 0.8, count)
    return bodies * np.float32(BODY_SIZE_M / body_size(bodies))


def test_in_numpy_it_is_the_network_that_was_trained(tmp_path: Path) -> None:
    network = Network(32, 2)
    save(network, tmp_path / "w.npz")
    points, confidence, _ = viewed(people(), np.random.default_rng(0))
    with np.load(tmp_path / "w.npz") as archive, torch.no_grad():
        ours = Lifter(archive)(points, confidence)
        theirs = network(torch.from_numpy(features(points, confidence))).numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    assert np.abs(ours[:, 0]).max() == 0


def test_a_camera_sees_what_is_there() -> None:
    points, confidence, joints = viewed(people(200), np.random.default_rng(0), clean=True)
    assert (confidence == 1).all()
    facing = np.array([abs(facing_yaw(body[None])) < 0.5 for body in joints])
    assert 10 < facing.sum() < 100
    # Who faces the camera has the left hand on the right of the picture.
    assert (points[facing, LEFT_WRIST, 0] > points[facing, RIGHT_WRIST, 0]).all()
    heads = [COCO_17.joints.index("nose"), COCO_17.joints.index("ankle_left")]
    assert (points[:, heads[0], 1] < points[:, heads[1], 1]).all()
    np.testing.assert_allclose([body_size(body[None]) for body in joints], BODY_SIZE_M, atol=1e-3)


def test_points_are_hidden_and_moved_on_purpose() -> None:
    points, confidence, _ = viewed(people(400), np.random.default_rng(0))
    hidden = (confidence == 0).mean(axis=0)
    assert (hidden > 0.02).all()
    assert hidden[COCO_17.joints.index("ankle_left")] > hidden[COCO_17.joints.index("hip_left")]
    assert np.isfinite(points).all()


def test_training_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifter, "bodies", lambda config, rng: (people(), {"own": people(8)}))
    network = Network(32, 1)
    save(network, tmp_path / "none.npz")
    with np.load(tmp_path / "none.npz") as archive:
        before = measure(Lifter(archive), people(8))
    config = LifterConfig(tmp_path, tmp_path / "w.npz", steps=150, batch=64, hidden=32, blocks=1)
    after = train(config)["sets"]["own"]
    assert after["every point seen"]["mean_mm"] < 0.6 * before["every point seen"]["mean_mm"]
    assert set(after["joints_mm"]) == set(NTU_25.joints)
