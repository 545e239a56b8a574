"""What a source gives: pictures that still need a pose estimator, or skeletons ready to use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Picture:
    """One image of a camera or video.

    Attributes:
        rgb: (H, W, 3) uint8, never mirrored.
        captured_ns: ``time.monotonic_ns`` at exposure; for a file, the frame's time on a clock
            that is never ahead of this one. Strictly increasing within a source.
    """

    rgb: NDArray[np.uint8]
    captured_ns: int


@dataclass(frozen=True, eq=False)
class Person:
    """One person in one frame.

    Attributes:
        positions: (25, 3) float32, metres, Kinect camera space, NTU-25 joints.
        confidence: (25,) float32 in [0, 1]; 0 where a joint was not seen.
        image_points: (25, 2) float32, x right and y down as shares of the picture's width and
            height; None where there is no picture.
        track: Identity the source itself gives; None where the pipeline has to find it.
        quality: How much of the person could be believed when they were recorded, [0, 1]; None where
            nobody has judged yet.
    """

    positions: NDArray[np.float32]
    confidence: NDArray[np.float32]
    image_points: NDArray[np.float32] | None = None
    track: int | None = None
    quality: float | None = None


@dataclass(frozen=True, eq=False)
class SkeletonFrame:
    """Everybody seen at one instant; nobody is normal.

    Attributes:
        persons: In any order.
        captured_ns: ``time.monotonic_ns`` at exposure, strictly increasing within a source.
        picture: What they were seen in; None for sources without pictures.
        smoothed: Whether what estimated the joints has smoothed them over time already.
        identified: Whether every person's ``track`` is final, as this project's own tracker gave it.
    """

    persons: tuple[Person, ...]
    captured_ns: int
    picture: Picture | None = None
    smoothed: bool = False
    identified: bool = False


class PictureSource(Protocol):
    """Pictures from a camera or a video. One owner; iterate once."""

    name: str
    live: bool
    """Frames come in real time and late ones are dropped; False when every frame is delivered."""

    @property
    def dropped(self) -> int:
        """Frames so far that came too late to be given to anyone."""
        ...

    def __iter__(self) -> Iterator[Picture]:
        """Pictures in order of time, until the source ends.

        Raises:
            SourceError: The source is gone or cannot be read.
        """
        ...

    def close(self) -> None:
        """Give the device or file back."""
        ...


class SkeletonSource(Protocol):
    """Skeletons from a depth sensor, a recording or a generator. One owner; iterate once."""

    name: str
    live: bool

    @property
    def dropped(self) -> int:
        """Frames so far that came too late to be given to anyone."""
        ...

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames in order of time, until the source ends.

        Raises:
            SourceError: The source is gone or cannot be read.
        """
        ...

    def close(self) -> None:
        """Give the device or file back."""
        ...
