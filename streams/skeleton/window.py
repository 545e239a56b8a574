"""A window: the one stretch of skeleton stream that travels from sensor to encoder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError, CoordinateError, ShapeError
from streams.skeleton.layouts import NTU_25

MAX_PERSONS = 2


@dataclass(frozen=True)
class WindowSpec:
    """The shape of the windows an encoder was trained for; part of a bundle's manifest."""

    frames: int = 48
    """T, frames after resampling."""
    length_s: float = 2.4
    """Time the window spans, seconds."""

    def __post_init__(self) -> None:
        """Refuse windows nobody can compute."""
        if not (2 <= self.frames <= 512 and 0.1 <= self.length_s <= 30.0):
            raise ConfigError(
                f"wanted 2 to 512 frames over 0.1 to 30 s, got {self.frames} over {self.length_s} s"
            )


@dataclass(frozen=True, eq=False)
class Window:
    """M persons over T evenly spaced frames, self-contained.

    Attributes:
        stream: Name of the stream it was cut from.
        track: Identity of the (first) person within the stream.
        sequence: Counts the windows of a track from 0; a gap means windows were replaced.
        positions: (M, T, 25, 3) float32, metres, Kinect camera space; M is 1 or 2.
        confidence: (M, T, 25) float32 in [0, 1]; 0 where a joint was not seen and its
            position is held or guessed.
        length_s: Time spanned, seconds.
        source_fps: Rate of the frames it was resampled from, 1/s.
        captured_ns: ``time.monotonic_ns`` of this machine at the exposure of the last frame.
        quality: How much of the (first) person could be believed, the mean over the frames, [0, 1]:
            seen, inside the picture, large enough.
    """

    stream: str
    track: int
    sequence: int
    positions: NDArray[np.float32]
    confidence: NDArray[np.float32]
    length_s: float
    source_fps: float
    captured_ns: int
    quality: float = 1.0

    def __post_init__(self) -> None:
        """Refuse shapes and values no encoder may see.

        Raises:
            ShapeError: positions or confidence have another shape.
            CoordinateError: NaN or infinite values, or a quality out of its range.
        """
        shape = self.positions.shape
        if len(shape) != 4 or shape[2:] != (len(NTU_25), 3):
            raise ShapeError(f"wanted positions (M, T, {len(NTU_25)}, 3), got {shape}")
        if not 1 <= shape[0] <= MAX_PERSONS or shape[1] < 2:
            raise ShapeError(f"wanted 1 to {MAX_PERSONS} persons and 2 or more frames, got {shape}")
        if self.confidence.shape != shape[:3]:
            raise ShapeError(f"wanted confidence {shape[:3]}, got {self.confidence.shape}")
        if not (np.isfinite(self.positions).all() and np.isfinite(self.confidence).all()):
            raise CoordinateError("wanted finite positions and confidence, got NaN or infinity")
        if not 0.0 <= self.quality <= 1.0:
            raise CoordinateError(f"wanted a quality of 0 to 1, got {self.quality}; it is a share")

    @property
    def frames(self) -> int:
        """T."""
        return self.positions.shape[1]
