"""Pictures to skeletons: MediaPipe's pose landmarker, and its 33 landmarks as NTU-25 joints."""

from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, ModelFileError, ShapeError
from streams.skeleton.retarget import BLAZEPOSE_FRAME, BLAZEPOSE_TO_NTU
from streams.sources.base import Person, Picture

MAX_POSES = 2


class PoseEstimator:
    """Persons in the pictures of one video, which must come in order of time.

    Positions have their origin between the hips in every frame: a single camera sees how a body
    is held, not where it stands. Not thread-safe; close it when done.

    Args:
        model: A ``.task`` file, see ``streams.pose_model``.
        poses: Most persons found, 1 or 2. With 2 the landmarker runs its detector on every
            picture and no longer smooths: twice the time, and jitter that needs our own filter.

    Raises:
        ModelFileError: The file is not a pose model.
        ConfigError: ``poses`` is out of range.
    """

    def __init__(self, model: Path, *, poses: int = 1) -> None:
        if not 1 <= poses <= MAX_POSES:
            raise ConfigError(f"wanted 1 to {MAX_POSES} persons a picture, got {poses}; change --poses")
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=poses,
        )
        try:
            self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelFileError(
                f"wanted a pose model, got {model} ({reason}); download it again or leave out --pose-model"
            ) from None
        self.smooths = poses == 1
        """Whether the persons returned are smoothed already."""
        self._begin_ns: int | None = None
        self._last_ms = -1

    def persons(self, picture: Picture) -> tuple[Person, ...]:
        """Everybody found, with image points; empty when nobody is seen.

        A joint's confidence is the lesser of the landmarks' visibility and presence.

        Raises:
            ShapeError: The picture is not (H, W, 3) uint8.
        """
        rgb = picture.rgb
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ShapeError(f"wanted a picture (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")
        # The landmarker counts milliseconds and takes each only once: above 1000 pictures a
        # second its clock falls behind ours, which only its own smoothing notices.
        if self._begin_ns is None:
            self._begin_ns = picture.captured_ns
        elapsed_ms = (picture.captured_ns - self._begin_ns) // 1_000_000
        self._last_ms = max(self._last_ms + 1, elapsed_ms)
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        found = self._landmarker.detect_for_video(image, self._last_ms)
        return tuple(
            _person(world, flat)
            for world, flat in zip(found.pose_world_landmarks, found.pose_landmarks, strict=True)
        )

    def close(self) -> None:
        """Give the model's memory and threads back."""
        self._landmarker.close()


def _person(world: list[Any], flat: list[Any]) -> Person:
    seen = np.array([min(_share(p.visibility), _share(p.presence)) for p in world], np.float32)
    image = np.array([(p.x, p.y, 0.0) for p in flat], np.float32)
    return Person(
        positions=BLAZEPOSE_TO_NTU.positions(_xyz(world) * BLAZEPOSE_FRAME),
        confidence=BLAZEPOSE_TO_NTU.confidence(seen),
        image_points=BLAZEPOSE_TO_NTU.positions(image)[:, :2],
    )


def _xyz(landmarks: list[Any]) -> NDArray[np.float32]:
    return np.array([(p.x, p.y, p.z) for p in landmarks], np.float32)


def _share(value: float | None) -> float:
    return 0.0 if value is None else min(1.0, max(0.0, value))
