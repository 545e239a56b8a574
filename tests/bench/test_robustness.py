import numpy as np
import pytest

from bench.robustness import DISTURBANCES, Clip, Disturbance, disturbed, frames_of, synthetic_clips
from bench.tables.recognition import robustness_table
from streams.skeleton.layouts import Joint
from streams.skeleton.normalize import facing_yaw


@pytest.fixture(scope="module")
def clip() -> Clip:
    return synthetic_clips(3.0)[0]


def worse(clip: Clip, kind: str, value: float) -> Clip:
    return disturbed(clip, Disturbance(kind, value, ""), np.random.default_rng(0))


@pytest.mark.parametrize("way", DISTURBANCES, ids=lambda way: f"{way.kind} {way.value}")
def test_every_disturbance_gives_whole_frames_with_their_truth(clip: Clip, way: Disturbance) -> None:
    found = disturbed(clip, way, np.random.default_rng(0))
    assert len(found.names) == len(found.positions)
    frames = list(frames_of(found))
    assert all(np.isfinite(frame.persons[0].positions).all() for frame in frames)
    assert (np.diff([frame.captured_ns for frame in frames]) > 0).all()


def test_turning_turns_and_keeps_the_place(clip: Clip) -> None:
    turned = worse(clip, "yaw", 90)
    before, after = facing_yaw(clip.positions), facing_yaw(turned.positions)
    assert np.rad2deg(after - before) % 360 == pytest.approx(90, abs=0.1)
    np.testing.assert_allclose(turned.positions[0, Joint.SPINE_BASE], clip.positions[0, Joint.SPINE_BASE])


def test_distance_brings_noise_with_its_square(clip: Clip) -> None:
    far = worse(clip, "distance", 5.2)
    moved = far.positions - clip.positions - np.array([0, 0, 2.6], np.float32)
    assert 1000 * moved.std() == pytest.approx(12, rel=0.05)


def test_rate_and_unseen_joints_are_as_asked(clip: Clip) -> None:
    assert len(worse(clip, "rate", 10).positions) == pytest.approx(30, abs=1)
    seen = [frame.persons[0].confidence.mean() for frame in frames_of(worse(clip, "unseen joints", 40))]
    assert float(np.mean(seen)) == pytest.approx(0.6, abs=0.08)


def test_the_table_has_a_row_for_each_disturbance() -> None:
    row = {"kind": "yaw", "value": 90, "unit": "degrees", "windows": 5, "best": 0.5, "shown": 0.25}
    results = {"bundle": "abc", "hop_s": 0.4, "HDM05": {"clips": 1, "actions": 2, "rows": [row]}}
    machine = {"cpu": "x", "cores": 2, "memory_gib": 4, "system": "y"}
    result = {"results": results, "command": "c", "date": "d", "commit": "e", "machine": machine}
    table = robustness_table({"robustness": result})
    assert "| yaw 90 degrees | 50% / 25% |" in table
    assert "abc" in table
    assert robustness_table({}) == "Robustness: not run."
