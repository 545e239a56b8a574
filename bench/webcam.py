"""How many pictures a second become joints, and how old those are then: a clip stands in for the camera.

The clip's pictures, cut and scaled to 640 x 480, are handed out at the camera's rate by what
``CameraSource`` takes for a device, so its reader thread, the newest picture and the landmarkers are the
live ones. What the lens and the driver add is not in it.
"""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.common import ROOT, percentiles
from streams.pose import PoseEstimator
from streams.pose_model import pose_model
from streams.sources.camera import CameraSource

_WIDTH, _HEIGHT = 640, 480
_WARM_UP_S = 2.0


@dataclass(frozen=True)
class WebcamConfig:
    """Pose rate and age of joints, with a clip as the camera."""

    source: Path = ROOT.parent / "shared" / "video" / "carlge_squat.mp4"
    """A video of one person."""
    seconds: float = 20.0
    """Measured, after two to warm up."""
    fps: float = 30.0
    """Of the pretended camera."""
    poses: int = 2
    """Most persons looked for, as in `anymove run`."""


class ClipDevice:
    """What ``cv2.VideoCapture`` is to a camera: pictures of a clip, again and again, at an even rate."""

    def __init__(self, path: Path, fps: float) -> None:
        self._pictures = _pictures(path)
        self._period_ns = round(1e9 / fps)
        self._next = 0
        self._due_ns = time.monotonic_ns()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether the clip has pictures."""
        return bool(self._pictures)

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        """The next picture, when it is due; a reader that comes late misses those in between."""
        now_ns = time.monotonic_ns()
        missed = max(0, (now_ns - self._due_ns) // self._period_ns)
        self._next += missed + 1
        self._due_ns += (missed + 1) * self._period_ns
        time.sleep(max(0, self._due_ns - self._period_ns - now_ns) / 1e9)
        return True, self._pictures[self._next % len(self._pictures)]

    def release(self) -> None:
        """Nothing is held."""


def run(config: WebcamConfig) -> dict[str, Any]:
    """Pictures a second that became joints, milliseconds of the pose and from picture to joints."""
    age_ms: list[float] = []
    pose_ms: list[float] = []
    seen, cpu_ns = 0, 0
    with (
        closing(CameraSource("clip", opened_by=lambda _: ClipDevice(config.source, config.fps))) as camera,
        closing(PoseEstimator(pose_model(), poses=config.poses)) as estimator,
    ):
        began_ns = ended_ns = time.monotonic_ns()
        for picture in camera:
            start_ns, before_ns = time.monotonic_ns(), time.process_time_ns()
            persons = estimator.persons(picture)
            ended_ns = time.monotonic_ns()
            if ended_ns - began_ns < _WARM_UP_S * 1e9:
                continue
            if ended_ns - began_ns > (_WARM_UP_S + config.seconds) * 1e9:
                break
            pose_ms.append((ended_ns - start_ns) / 1e6)
            cpu_ns += time.process_time_ns() - before_ns
            age_ms.append((ended_ns - picture.captured_ns) / 1e6)
            seen += bool(persons)
    return {
        "source": config.source.name,
        "size": [_WIDTH, _HEIGHT],
        "camera_fps": config.fps,
        "pose_fps": round(len(pose_ms) / config.seconds, 1),
        "with_person": round(seen / max(1, len(pose_ms)), 3),
        "pose_ms": percentiles(pose_ms),
        # What other work on the machine does not change much.
        "pose_cpu_ms": round(cpu_ns / 1e6 / max(1, len(pose_ms)), 1),
        "picture_to_joints_ms": percentiles(age_ms),
    }


def _pictures(path: Path) -> list[NDArray[np.uint8]]:
    """The clip's pictures, the largest part of each that has a camera's shape."""
    capture, pictures = cv2.VideoCapture(str(path)), list[NDArray[np.uint8]]()
    while True:
        done, picture = capture.read()
        if not done:
            break
        height, width = picture.shape[:2]
        # Somebody upright fills the height: bars at the sides, nothing cut off.
        wide = max(width, round(height * _WIDTH / _HEIGHT))
        framed = np.zeros((max(height, round(wide * _HEIGHT / _WIDTH)), wide, 3), np.uint8)
        framed[:height, (wide - width) // 2 : (wide - width) // 2 + width] = picture
        pictures.append(np.asarray(cv2.resize(framed, (_WIDTH, _HEIGHT)), np.uint8))
    capture.release()
    return pictures
