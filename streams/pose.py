"""Pictures to skeletons: MediaPipe's pose landmarker, and its 33 landmarks as NTU-25 joints.

One landmarker follows one person, which it does at a fixed price and smoothly; asked for several
it searches every picture anew and no longer smooths. So there is a landmarker for each person,
and whoever follows nobody looks, now and then, at a picture from which the others are blotted out.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from streams.config import MAX_POSES
from streams.skeleton.errors import ConfigError, ModelFileError, ShapeError
from streams.skeleton.layouts import Joint
from streams.skeleton.retarget import BLAZEPOSE_FRAME, BLAZEPOSE_TO_NTU
from streams.sources.base import Person, Picture

SEARCH_S = 0.5
"""Time between two searches for another person, seconds."""

_MARGIN = 0.1
"""By how much a person's box is enlarged before it is blotted out, shares of its height."""
_SAME_TRUNKS = 0.5
"""Mean distance of joints in the picture below which two skeletons are one person, trunk lengths."""


class PoseEstimator:
    """Persons in the pictures of one video, which must come in order of time.

    Positions have their origin between the hips in every frame: a single camera sees how a body
    is held, not where it stands. Not thread-safe; close it when done.

    Args:
        model: A ``.task`` file, see ``streams.pose_model``.
        poses: Most persons found, 1 to 6. Each one that is there costs as much as the first; looking
            for one who is not costs half of that, twice a second.

    Raises:
        ModelFileError: The file is not a pose model.
        ConfigError: ``poses`` is out of range.
    """

    def __init__(self, model: Path, *, poses: int = 1) -> None:
        if not 1 <= poses <= MAX_POSES:
            raise ConfigError(f"wanted 1 to {MAX_POSES} persons a picture, got {poses}; change --poses")
        self.smooths = True
        """Whether the persons returned are smoothed already."""
        self._model = model
        self._most = poses
        self._followers = [_Follower(model)]
        self._workers = ThreadPoolExecutor(poses, thread_name_prefix="pose")
        self._begin_ns: int | None = None
        self._last_ms = -1
        self._search_due_ms = 0

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
        self._follow(rgb)
        self._search(rgb)
        return tuple(one.person for one in self._followers if one.person is not None)

    def close(self) -> None:
        """Give the models' memory and threads back."""
        self._workers.shutdown()
        for follower in self._followers:
            follower.close()

    def _follow(self, rgb: NDArray[np.uint8]) -> None:
        """Let everybody who follows somebody look where they are now."""
        busy = [one for one in self._followers if one.person is not None]
        if len(busy) > 1:
            image = _image(rgb)
            list(self._workers.map(lambda one: one.look(image, self._last_ms), busy))
        else:
            for one in busy:
                one.look(_image(rgb), self._last_ms)
        aspect = rgb.shape[1] / rgb.shape[0]
        for place, one in enumerate(busy):
            # Two who have come to follow the same person: the one who has done so for longer stays.
            earlier = [other.person for other in busy[:place] if other.person is not None]
            if one.person is not None and any(_same(one.person, p, aspect) for p in earlier):
                one.person = None

    def _search(self, rgb: NDArray[np.uint8]) -> None:
        """Look for one more: in every picture while there is nobody, else now and then."""
        seen = [one.person for one in self._followers if one.person is not None]
        if len(seen) == self._most or (seen and self._last_ms < self._search_due_ms):
            return
        self._search_due_ms = self._last_ms + round(SEARCH_S * 1000)
        free = next((one for one in self._followers if one.person is None), None)
        if free is None:
            free = _Follower(self._model)
            self._followers.append(free)
        if free.looked_ms < self._last_ms:
            free.look(_image(_blotted(rgb, seen)), self._last_ms)


class _Follower:
    """A landmarker and whom it follows."""

    def __init__(self, model: Path) -> None:
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=1,
        )
        try:
            self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelFileError(
                f"wanted a pose model, got {model} ({reason}); download it again or leave out --pose-model"
            ) from None
        self.person: Person | None = None
        """Whom it follows, as seen last; None while it follows nobody."""
        self.looked_ms = -1

    def look(self, image: mp.Image, time_ms: int) -> None:
        """Look for the person followed, or for anybody."""
        self.looked_ms = time_ms
        found = self._landmarker.detect_for_video(image, time_ms)
        worlds, flats = found.pose_world_landmarks, found.pose_landmarks
        self.person = _person(worlds[0], flats[0]) if worlds and flats else None

    def close(self) -> None:
        """Give the model's memory back."""
        self._landmarker.close()


def _image(rgb: NDArray[np.uint8]) -> mp.Image:
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))


def _blotted(rgb: NDArray[np.uint8], persons: Sequence[Person]) -> NDArray[np.uint8]:
    """The picture with these persons painted over in grey."""
    if not persons:
        return rgb
    grey = rgb.copy()
    size = np.array([rgb.shape[1], rgb.shape[0]])
    for person in persons:
        assert person.image_points is not None
        points = person.image_points * size
        low, high = points.min(axis=0), points.max(axis=0)
        margin = _MARGIN * (high[1] - low[1])
        left, top = np.clip(low - margin, 0, size).astype(int)
        right, bottom = np.clip(high + margin, 0, size).astype(int)
        grey[top:bottom, left:right] = 127
    return grey


def _same(one: Person, other: Person, aspect: float) -> bool:
    """Whether two skeletons lie on each other in the picture."""
    assert one.image_points is not None
    assert other.image_points is not None
    stretch = np.array([aspect, 1.0])
    apart = np.linalg.norm((one.image_points - other.image_points) * stretch, axis=1).mean()
    spine = (one.image_points[Joint.SPINE_SHOULDER] - one.image_points[Joint.SPINE_BASE]) * stretch
    return bool(apart < _SAME_TRUNKS * np.linalg.norm(spine))


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
