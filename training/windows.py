"""Windows cut from whole sequences: at random for training, in a row for evaluation.

A sequence shorter than its window is held still at both ends, as a person who pauses before and
after; looping it would invent a jump that no camera sees.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from streams.skeleton.normalize import normalize
from streams.skeleton.resample import resample, uniform_times
from streams.skeleton.window import WindowSpec


@dataclass(frozen=True)
class RandomWindows:
    """How training windows differ from the live ones of the same ``WindowSpec``."""

    shortest_s: float = 1.2
    """Least time mapped to a window, seconds: an action twice as fast as it was recorded."""
    longest_s: float = 4.0
    """Most time mapped to a window, seconds."""
    slowest_fps: float = 8.0
    """Least frame rate a window is thinned to before interpolation, 1/s."""
    fastest_fps: float = 30.0
    """Highest such rate, 1/s."""
    held_share: float = 0.25
    """Most of a window that may lie beyond either end of a sequence long enough to fill it, [0, 1)."""

    def __post_init__(self) -> None:
        """Refuse ranges that are empty or not of this world."""
        if not (0.1 <= self.shortest_s <= self.longest_s and 1 <= self.slowest_fps <= self.fastest_fps):
            raise ConfigError(f"wanted rising ranges of seconds and frame rates, got {self}")
        if not 0 <= self.held_share < 1:
            raise ConfigError(f"wanted held_share in [0, 1), got {self.held_share}")


def random_window(
    sequence: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    fps: float,
    spec: WindowSpec,
    config: RandomWindows,
) -> NDArray[np.float32]:
    """One window of raw positions, (T, 25, 3) float32, at a random phase, speed and frame rate.

    Args:
        sequence: (F, 25, 3), metres.
        rng: Source of chance.
        fps: Frames per second of the sequence.
        spec: T.
        config: The ranges drawn from.
    """
    times = np.arange(len(sequence)) / fps
    span = np.exp(rng.uniform(np.log(config.shortest_s), np.log(config.longest_s)))
    slack = times[-1] - span
    edge = config.held_share * span
    low, high = (-edge, slack + edge) if slack > 0 else (slack, 0.0)
    start = rng.uniform(low, high)
    targets = uniform_times(start + span, length_s=span, frames=spec.frames)
    # Thinned frames begin at a random phase and cover the window on both sides.
    step = 1.0 / rng.uniform(config.slowest_fps, config.fastest_fps)
    seen = np.arange(start - rng.uniform(0, step), start + span + step, step)
    return resample(resample(sequence, times, seen), seen, targets)


def sliding_windows(
    sequence: NDArray[np.float32], *, fps: float, spec: WindowSpec, hop_s: float
) -> NDArray[np.float32]:
    """Raw windows in a row, (N, T, 25, 3) float32, as the live engine would see them; N at least 1.

    The last window ends with the sequence, the others every ``hop_s`` before it while they lie
    within. A sequence shorter than a window gives one window with the sequence in its middle.

    Args:
        sequence: (F, 25, 3), metres.
        fps: Frames per second of the sequence.
        spec: T and its time span.
        hop_s: Time between two windows, seconds, above 0.
    """
    if hop_s <= 0:
        raise ConfigError(f"wanted a hop above 0 s, got {hop_s}")
    times = np.arange(len(sequence)) / fps
    slack = times[-1] - spec.length_s
    ends = times[-1] - hop_s * np.arange(int(max(slack, 0) / hop_s) + 1)
    if slack < 0:
        ends = np.array([times[-1] - slack / 2])
    return np.stack(
        [
            resample(sequence, times, uniform_times(end, length_s=spec.length_s, frames=spec.frames))
            for end in ends[::-1]
        ]
    )


def normalized_batch(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Encoder input (N, 1, T, 25, 3) float32 of raw one-person windows (N, T, 25, 3)."""
    return np.stack([normalize(window) for window in windows])[:, None]
