from pathlib import Path

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import Joint
from streams.sources.kinect_csv import KinectCsvSource, looks_like_kinect_csv
from tests.streams.fakes import standing


def line(ticks: int, *, state: int = 2, joints: int = 25) -> str:
    cells = [f"{x:.6f},{y:.6f},{z + 2.5:.6f},{state}" for x, y, z in standing()[:joints]]
    return f"{ticks}," + ",".join(cells) + ",\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("".join(line(89810293609 + i * 333_333, state=i % 3) for i in range(30)))
    return path


def test_positions_and_times_are_read(table: Path) -> None:
    assert looks_like_kinect_csv(table)
    frames = list(KinectCsvSource(table, fast=True))
    assert len(frames) == 30
    np.testing.assert_allclose(np.diff([f.captured_ns for f in frames]) / 1e6, 33.3333, atol=1e-3)
    np.testing.assert_allclose(
        frames[0].persons[0].positions, standing() + np.array([0, 0, 2.5], np.float32), atol=1e-5
    )
    assert not frames[0].smoothed


def test_inferred_joints_are_not_believed(table: Path) -> None:
    frames = list(KinectCsvSource(table, fast=True))
    untracked, inferred, tracked = (f.persons[0].confidence for f in frames[:3])
    assert (untracked == 0).all()
    assert ((inferred > 0) & (inferred < 0.5)).all()
    assert (tracked == 1).all()


def test_lines_that_repeat_a_time_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(line(t) for t in (100, 200, 200, 150, 300)))
    assert len(list(KinectCsvSource(path, fast=True))) == 3


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (line(5, joints=24), r"wanted 101 fields .* got 97 in line 3"),
        (line(5).replace("2.5", "two"), "wanted numbers in line 3"),
        ("\n", "got 1 in line 3"),
    ],
)
def test_lines_that_are_no_skeleton_are_named(tmp_path: Path, broken: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(line(1) + line(2) + broken)
    with pytest.raises(SourceError, match=message):
        KinectCsvSource(path)


@pytest.mark.shared
def test_real_recordings_are_people_who_face_the_sensor(shared: Path) -> None:
    for path in sorted((shared / "kinect").glob("Ges*.csv")):
        frames = list(KinectCsvSource(path, fast=True))
        assert len(frames) > 150
        joints = np.stack([f.persons[0].positions for f in frames])
        assert np.median(joints[:, Joint.HEAD, 1] - joints[:, Joint.SPINE_BASE, 1]) > 0.4
        assert np.median(joints[:, Joint.SHOULDER_LEFT, 0] - joints[:, Joint.SHOULDER_RIGHT, 0]) < -0.2
