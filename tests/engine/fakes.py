"""Stand-ins for the engine's tests: a person, a text encoder, an encoder backend, a clock."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from engine.bundle import Bundle
from engine.rows import are_unit
from streams.skeleton.layouts import Joint
from streams.skeleton.window import Window

FRAMES = 48
LENGTH_S = 2.4

# A person standing upright, arms down, facing the sensor; metres, Kinect camera space.
_STANDING = np.array(
    [
        *[(0, 0, 2.5), (0, 0.3, 2.5), (0, 0.56, 2.5), (0, 0.7, 2.5)],
        *[(-0.18, 0.48, 2.5), (-0.24, 0.2, 2.5), (-0.27, -0.04, 2.5), (-0.28, -0.12, 2.5)],
        *[(0.18, 0.48, 2.5), (0.24, 0.2, 2.5), (0.27, -0.04, 2.5), (0.28, -0.12, 2.5)],
        *[(-0.09, -0.02, 2.5), (-0.11, -0.45, 2.5), (-0.12, -0.85, 2.5), (-0.13, -0.9, 2.38)],
        *[(0.09, -0.02, 2.5), (0.11, -0.45, 2.5), (0.12, -0.85, 2.5), (0.13, -0.9, 2.38)],
        *[
            (0, 0.5, 2.5),
            (-0.28, -0.18, 2.5),
            (-0.25, -0.12, 2.46),
            (0.28, -0.18, 2.5),
            (0.25, -0.12, 2.46),
        ],
    ],
    np.float32,
)
_ARMS = (
    (Joint.ELBOW_LEFT, Joint.WRIST_LEFT, Joint.HAND_LEFT, Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT),
    (Joint.ELBOW_RIGHT, Joint.WRIST_RIGHT, Joint.HAND_RIGHT, Joint.HAND_TIP_RIGHT, Joint.THUMB_RIGHT),
)


def standing(frames: int = FRAMES) -> NDArray[np.float32]:
    """(T, 25, 3): somebody who does not move."""
    return np.repeat(_STANDING[None], frames, axis=0)


def reaching(reach_m: float, *, side: int = 1, frames: int = FRAMES) -> NDArray[np.float32]:
    """(T, 25, 3): somebody whose one arm goes up and comes back once, the elbow by ``reach_m``."""
    positions = standing(frames)
    lift = np.sin(np.linspace(0.0, np.pi, frames, dtype=np.float32)) * reach_m
    positions[:, list(_ARMS[side]), 1] += lift[:, None]
    return positions


def window(
    positions: NDArray[Any] | None = None,
    *,
    stream: str = "camera",
    track: int = 0,
    sequence: int = 0,
    captured_ns: int = 0,
    length_s: float = LENGTH_S,
) -> Window:
    """A window of one person, by default one who reaches up."""
    person = reaching(0.6) if positions is None else positions
    persons = person[None] if person.ndim == 3 else person
    return Window(
        stream=stream,
        track=track,
        sequence=sequence,
        positions=persons,
        confidence=np.ones(persons.shape[:3], np.float32),
        length_s=length_s,
        source_fps=20.0,
        captured_ns=captured_ns,
    )


def unit_rows(*numbers: float, dim: int = 16) -> NDArray[np.float32]:
    """(1, D) unit row along these leading numbers."""
    row = np.zeros((1, dim))
    row[0, : len(numbers)] = numbers
    return (row / np.linalg.norm(row)).astype(np.float32)


class FakeBackend:
    """A ``Backend`` that returns what the test has set, and keeps what it was given."""

    name = "fake"
    precision = "float32"
    batch = 1

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows
        self.seen: list[NDArray[np.float32]] = []

    def warm_up(self) -> None:
        pass

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen.append(positions)
        return np.repeat(self.rows[None], len(positions), axis=0)

    def close(self) -> None:
        pass


class FakeEncoder:
    """A ``TextEncoder`` whose features are hashes of the words, or what the test has set.

    A text that contains a key of ``features`` has that feature.
    """

    id = "minilm"
    dim = 384

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        self.features: dict[str, NDArray[np.float32]] = {}
        self.gate: threading.Event | None = None
        """While set and unset inside, encoding waits."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.gate is not None:
            assert self.gate.wait(30)
        features = np.stack([self._feature(text) for text in texts]) if texts else np.empty((0, self.dim))
        assert are_unit(features)
        return features.astype(np.float32)

    def _feature(self, text: str) -> NDArray[np.float32]:
        for key, feature in self.features.items():
            if key in text:
                return feature
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        values = np.random.default_rng(seed).normal(size=self.dim)
        return (values / np.linalg.norm(values)).astype(np.float32)


def feature_towards(bundle: Bundle, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(E,) unit text feature that the bundle's ``text.onnx`` maps onto these rows (P, D)."""
    graph = onnx.load(str(bundle.text_onnx)).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    feature = np.linalg.pinv(weights["weight"].T) @ rows.reshape(-1)
    return (feature / np.linalg.norm(feature)).astype(np.float32)


class ManualClock:
    """A clock that goes when it is told to."""

    def __init__(self, now_ns: int = 1_000_000_000) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> int:
        self.now_ns += round(seconds * 1e9)
        return self.now_ns


def eventually(condition: Callable[[], bool], changed: threading.Condition, timeout_s: float = 5.0) -> bool:
    """Whether the condition holds in time; the one who changes it notifies."""
    with changed:
        return changed.wait_for(condition, timeout_s)
