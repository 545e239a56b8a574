from pathlib import Path

import cv2
import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.sources.base import Picture
from streams.sources.video import VideoSource


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten pictures at 20 a second, brighter and brighter, red on the left and blue on the right."""
    path = tmp_path / "not_named_after_its_content.dat"
    written = tmp_path / "a.mp4"
    writer = cv2.VideoWriter(str(written), cv2.VideoWriter.fourcc(*"mp4v"), 20, (64, 48))
    for i in range(10):
        bgr = np.zeros((48, 64, 3), np.uint8)
        bgr[:, :32, 2] = bgr[:, 32:, 0] = 60 + 18 * i
        writer.write(bgr)
    writer.release()
    return written.rename(path)


def test_every_picture_comes_with_the_containers_time(video: Path) -> None:
    source = VideoSource(video, fast=True)
    pictures = list(source)
    assert not source.live
    assert len(pictures) == 10
    np.testing.assert_allclose(np.diff([p.captured_ns for p in pictures]) / 1e6, 50, atol=1e-3)
    assert source.dropped == 0


def test_pictures_are_rgb_and_not_mirrored(video: Path) -> None:
    pictures = list(VideoSource(video, fast=True))
    left, right = pictures[5].rgb[24, 10].astype(int), pictures[5].rgb[24, 54].astype(int)
    assert left[0] > 100 > left[2]
    assert right[2] > 100 > right[0]
    brightness = [float(p.rgb.max()) for p in pictures]
    assert brightness[0] < brightness[4] < brightness[9]


def test_in_real_time_pictures_come_when_they_are_due(video: Path) -> None:
    source = VideoSource(video)
    assert source.live
    given = [p.captured_ns for p in source]
    assert len(given) + source.dropped == 10
    assert (np.diff(given) > 0).all()


def test_a_loop_goes_on_in_time(video: Path) -> None:
    source = VideoSource(video, fast=True, loop=True)
    times: list[int] = []
    for picture in source:
        times.append(picture.captured_ns)
        if len(times) == 25:
            source.close()
    assert len(times) == 25
    steps = np.diff(times) / 1e6
    np.testing.assert_allclose(steps[[9, 19]], 1000, atol=1e-3)
    np.testing.assert_allclose(np.delete(steps, [9, 19]), 50, atol=1e-3)


class WithoutTimes:
    """A container that does not tell when its pictures are due, or how fast they follow."""

    def __init__(self, fps: float) -> None:
        self._left, self._fps = 5, fps

    def get(self, what: int) -> float:
        return self._fps if what == cv2.CAP_PROP_FPS else 0.0

    def grab(self) -> bool:
        self._left -= 1
        return self._left > 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(("fps", "step_ms"), [(25.0, 40.0), (0.0, 1000 / 30), (float("nan"), 1000 / 30)])
def test_without_times_pictures_follow_at_the_rate(
    video: Path, monkeypatch: pytest.MonkeyPatch, fps: float, step_ms: float
) -> None:
    monkeypatch.setattr(VideoSource, "_open", lambda self: WithoutTimes(fps))
    times = [p.captured_ns for p in VideoSource(video, fast=True)]
    np.testing.assert_allclose(np.diff(times) / 1e6, [step_ms] * 4, atol=1e-3)


@pytest.mark.parametrize(
    "content", [b"", b"no video at all" * 100, b"\x00\x00\x00\x18ftypmp42" + bytes(500)]
)
def test_what_is_no_video_is_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"got {path} \({len(content)} bytes\).*convert it"):
        VideoSource(path)


def test_a_file_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="got no file at"):
        VideoSource(tmp_path / "none.mp4")


def test_a_cut_off_file_gives_what_it_has_and_then_says_so(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = VideoSource(video, fast=True)
    source._promised = 30
    pictures: list[Picture] = []
    with pytest.raises(SourceError, match=r"wanted the 30 pictures .* got 10; the file is cut off"):
        pictures.extend(source)
    assert len(pictures) == 10


@pytest.mark.shared
def test_a_real_file_cut_in_half(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "video" / "sports2d_demo.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="wanted the 230 pictures"):
        list(VideoSource(cut, fast=True))


@pytest.mark.shared
def test_slow_videos_keep_their_times(shared: Path) -> None:
    pictures = VideoSource(shared / "video" / "tfjs_pose_squats.mp4", fast=True)
    times = [p.captured_ns for p in pictures]
    assert len(times) == 65
    np.testing.assert_allclose(np.diff(times) / 1e6, 200, atol=1)
