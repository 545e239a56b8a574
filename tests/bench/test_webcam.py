from pathlib import Path

import cv2
import numpy as np
import pytest

from bench import webcam
from bench.tables.latency import webcam_table
from bench.webcam import ClipDevice


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (60, 120))
    for level in range(0, 250, 25):
        writer.write(np.full((120, 60, 3), level, np.uint8))
    writer.release()
    return path


def test_an_upright_clip_is_shown_whole_in_a_cameras_shape(clip: Path) -> None:
    device = ClipDevice(clip, 1000.0)
    assert device.isOpened()
    _, picture = device.read()
    assert picture.shape == (480, 640, 3)
    assert picture[:, :190].max() == 0
    assert picture[:, 225:415].mean() > 0


def test_who_comes_late_misses_what_was_in_between(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    now_ns = [0]
    monkeypatch.setattr(webcam.time, "monotonic_ns", lambda: now_ns[0])
    monkeypatch.setattr(webcam.time, "sleep", slept.append)
    device = ClipDevice(clip, 10.0)
    levels = []
    for at_ms in (0, 30, 460):
        now_ns[0] = at_ms * 1_000_000
        levels.append(round(float(device.read()[1][240, 320].mean()) / 25))
    assert levels == [1, 2, 5]
    assert slept == pytest.approx([0.0, 0.07, 0.0])


def test_the_table_says_what_was_measured() -> None:
    times = {"p50": 20.0, "p95": 31.0}
    results = {
        "source": "clip.mp4",
        "camera_fps": 30.0,
        "pose_fps": 29.9,
        "pose_ms": times,
        "picture_to_joints_ms": times,
        "pose_cpu_ms": 19.5,
    }
    machine = {"cpu": "", "cores": 2, "memory_gib": 1, "load": 0, "system": ""}
    page = webcam_table(
        {"webcam": {"results": results, "date": "", "commit": "", "command": "", "machine": machine}}
    )
    assert "| 29.9 | 25 |" in page
    assert "20.0 / 31.0 ms | p95 80 ms" in page
