from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from streams.pose import PoseEstimator, _blotted, _same
from streams.pose_model import prepare_pose_model
from streams.skeleton.errors import ConfigError, ModelFileError, ShapeError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import body_size
from streams.sources.base import Person, Picture
from streams.sources.video import VideoSource


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return prepare_pose_model()
    except ModelFileError as error:
        pytest.skip(f"no pose model here: {error}")


@pytest.fixture
def estimator(model: Path) -> Iterator[PoseEstimator]:
    with closing(PoseEstimator(model)) as estimator:
        yield estimator


def blank(time_ns: int = 0, *, value: int = 127) -> Picture:
    return Picture(np.full((120, 160, 3), value, np.uint8), time_ns)


def facing_the_camera(shared: Path, *, mirrored: bool = False) -> list[Picture]:
    """A man who faces the camera and squats."""
    pictures = list(VideoSource(shared / "video" / "carlge_squat.mp4", fast=True))[:20]
    if mirrored:
        return [Picture(np.ascontiguousarray(p.rgb[:, ::-1]), p.captured_ns) for p in pictures]
    return pictures


def last_person(estimator: PoseEstimator, pictures: list[Picture]) -> Person:
    found = [estimator.persons(picture) for picture in pictures]
    assert all(len(persons) == 1 for persons in found)
    return found[-1][0]


def test_nobody_is_seen_in_an_empty_picture(estimator: PoseEstimator) -> None:
    assert estimator.persons(blank()) == ()


def test_pictures_may_follow_each_other_within_a_millisecond_or_come_late(estimator: PoseEstimator) -> None:
    for time_ns in (10**15, 10**15 + 10, 10**15 + 20, 10**15 + 10**9, 10**15):
        assert estimator.persons(blank(time_ns)) == ()


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(estimator: PoseEstimator, rgb: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="wanted a picture"):
        estimator.persons(Picture(rgb, 0))


@pytest.mark.parametrize("poses", [0, 7])
def test_at_most_six_persons(model: Path, poses: int) -> None:
    with pytest.raises(ConfigError, match="change --poses"):
        PoseEstimator(model, poses=poses)


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.task").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"wanted a pose model, got .*x\.task .*download it again"):
        PoseEstimator(tmp_path / "x.task")
    with pytest.raises(ModelFileError, match=r"none\.task"):
        PoseEstimator(tmp_path / "none.task")


@pytest.mark.shared
def test_left_is_left_and_up_is_up(estimator: PoseEstimator, shared: Path) -> None:
    person = last_person(estimator, facing_the_camera(shared))
    joints = person.positions
    for left, right in ((Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT), (Joint.HIP_LEFT, Joint.HIP_RIGHT)):
        # Camera space: x grows to the sensor's left, so the left of someone who faces it is less.
        assert joints[left, 0] < joints[right, 0] - 0.1
        assert person.image_points is not None
        assert person.image_points[left, 0] > person.image_points[right, 0]
    assert joints[Joint.HEAD, 1] > joints[Joint.SPINE_SHOULDER, 1] > joints[Joint.SPINE_BASE, 1]
    assert joints[Joint.SPINE_BASE, 1] > joints[Joint.KNEE_LEFT, 1] > joints[Joint.ANKLE_LEFT, 1]
    assert 0.8 < body_size(joints[None]) < 1.6


@pytest.mark.shared
def test_toes_point_towards_the_camera_one_faces(estimator: PoseEstimator, shared: Path) -> None:
    joints = last_person(estimator, facing_the_camera(shared)).positions
    for foot, ankle in ((Joint.FOOT_LEFT, Joint.ANKLE_LEFT), (Joint.FOOT_RIGHT, Joint.ANKLE_RIGHT)):
        assert joints[foot, 2] < joints[ankle, 2]


@pytest.mark.shared
def test_the_mirror_image_is_taken_for_what_it_shows(model: Path, shared: Path) -> None:
    with closing(PoseEstimator(model)) as one, closing(PoseEstimator(model)) as other:
        seen = last_person(one, facing_the_camera(shared))
        mirrored = last_person(other, facing_the_camera(shared, mirrored=True))
    back = mirrored.positions[list(NTU_25.mirrored())] * np.array([-1, 1, 1], np.float32)
    assert np.linalg.norm(back - seen.positions, axis=1).mean() < 0.06
    assert mirrored.positions[Joint.SHOULDER_LEFT, 0] < mirrored.positions[Joint.SHOULDER_RIGHT, 0]


@pytest.mark.shared
def test_image_points_lie_on_the_body(estimator: PoseEstimator, shared: Path) -> None:
    pictures = facing_the_camera(shared)
    person = last_person(estimator, pictures)
    assert person.image_points is not None
    height, width = pictures[-1].rgb.shape[:2]
    x, y = (person.image_points[Joint.SPINE_MID] * (width, height)).astype(int)
    # The man wears a red shirt.
    red, green, blue = cv2.blur(pictures[-1].rgb, (15, 15))[y, x].astype(int)
    assert red > green + 30
    assert red > blue + 20
    assert (person.confidence[[Joint.SPINE_BASE, Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT]] > 0.9).all()


def in_square(x: float, *, size: float = 0.5) -> Person:
    body = np.zeros((25, 3), np.float32)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (25, 2)) * size + (x, 0.5)
    points[Joint.SPINE_BASE], points[Joint.SPINE_SHOULDER] = (x, 0.5), (x, 0.3)
    return Person(body, np.ones(25, np.float32), image_points=points.astype(np.float32))


def test_two_skeletons_on_each_other_are_one_person() -> None:
    assert _same(in_square(0.4), in_square(0.45), 1.0)
    assert not _same(in_square(0.4), in_square(0.55), 1.0)
    # In a wide picture the same share of it is further.
    assert not _same(in_square(0.4), in_square(0.45), 3.0)


def test_everybody_known_is_blotted_out_and_nothing_else() -> None:
    rgb = np.full((100, 200, 3), 9, np.uint8)
    grey = _blotted(rgb, [in_square(0.25, size=0.2)])
    assert (grey[40:60, 40:60] == 127).all()
    assert (grey[:, 120:] == 9).all()
    assert (rgb == 9).all()
    assert _blotted(rgb, []) is rgb


@pytest.mark.shared
def test_two_people_are_found_and_one_is_not_found_twice(model: Path, shared: Path) -> None:
    with closing(PoseEstimator(model, poses=3)) as estimator:
        pictures = list(VideoSource(shared / "video" / "p2s_multi_cam01.mp4", fast=True))[:45]
        counts = [len(estimator.persons(picture)) for picture in pictures]
    assert counts[0] == 1
    assert set(counts[35:]) == {2}
    with closing(PoseEstimator(model, poses=2)) as estimator:
        counts = [len(estimator.persons(picture)) for picture in facing_the_camera(shared)]
    assert set(counts) == {1}
