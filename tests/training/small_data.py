"""A text encoder of hashes and packed sets of a few seconds, made in milliseconds."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import KINECT_V1_20

STANDING = np.array(
    [
        *([0, 1.0, 2], [0, 1.05, 2], [0, 1.4, 2], [0, 1.6, 2]),
        *([-0.18, 1.3, 2], [-0.2, 1.05, 2], [-0.22, 0.8, 2], [-0.22, 0.72, 2]),
        *([0.18, 1.3, 2], [0.2, 1.05, 2], [0.22, 0.8, 2], [0.22, 0.72, 2]),
        *([-0.1, 0.92, 2], [-0.11, 0.45, 2], [-0.12, 0.08, 2], [-0.12, 0.0, 1.9]),
        *([0.1, 0.92, 2], [0.11, 0.45, 2], [0.12, 0.08, 2], [0.12, 0.0, 1.9]),
    ],
    np.float32,
)
"""(20, 3) metres: a person who faces the sensor, in Kinect v1 joints."""


class HashEncoder:
    """Unit rows that depend on the text alone; texts of one word in common are no closer."""

    id = "hash"
    sha256 = "0" * 64
    dim = 384

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 384) float32 unit rows."""
        rows = np.empty((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
            row[:] = np.random.default_rng(seed).normal(size=self.dim)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def moving(label: str, seed: int, frames: int = 60) -> NDArray[np.float32]:
    """(frames, 20, 3) metres: one arm or one leg swings, in time with a random speed."""
    rng = np.random.default_rng(seed)
    positions = np.repeat(STANDING[None], frames, axis=0)
    phase = rng.uniform(1.5, 3.0) * np.arange(frames) / 30 + rng.uniform(0, 6)
    joints = [9, 10, 11] if "arm" in label else [17, 18, 19]
    if "squat" in label:
        joints = [0, 1, 2, 3, *range(4, 12)]
    positions[:, joints, 1] += 0.3 * np.sin(phase)[:, None]
    return positions + rng.normal(0, 0.003, positions.shape).astype(np.float32)


def packed_arrays(labels: Sequence[str], *, frames: int = 60) -> dict[str, Any]:
    """Arrays of a packed set in Kinect v1 joints, one sequence per label."""
    sequences = [moving(label, seed, frames) for seed, label in enumerate(labels)]
    return {
        "positions": np.concatenate(sequences).astype(np.float32),
        "offsets": np.cumsum([0, *(len(s) for s in sequences)]),
        "joints": np.array(KINECT_V1_20.joints),
        "label": np.array(labels),
        "subject": np.array([f"s{n % 3}" for n in range(len(labels))]),
        "trial": np.array([f"t{n}" for n in range(len(labels))]),
        "fps": np.array(30.0),
    }


def write_packed(path: Path, labels: Sequence[str], *, frames: int = 60, **changes: Any) -> Path:
    """A packed set on disk; a change of None removes the key."""
    arrays = {**packed_arrays(labels, frames=frames), **changes}
    np.savez_compressed(path, **{key: value for key, value in arrays.items() if value is not None})
    return path
