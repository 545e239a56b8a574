from dataclasses import replace

import numpy as np
import pytest

from streams.skeleton.errors import ConfigError, CoordinateError, ShapeError
from streams.skeleton.window import Window, WindowSpec


def window(positions: np.ndarray, confidence: np.ndarray | None = None) -> Window:
    if confidence is None:
        confidence = np.ones(positions.shape[:3], np.float32)
    return Window("s", 0, 0, positions, confidence, length_s=2.4, source_fps=30.0, captured_ns=0)


@pytest.mark.parametrize("persons", [1, 2])
def test_one_or_two_persons(persons: int) -> None:
    assert window(np.zeros((persons, 48, 25, 3), np.float32)).frames == 48


@pytest.mark.parametrize(
    "shape", [(48, 25, 3), (1, 48, 24, 3), (1, 48, 25, 2), (0, 48, 25, 3), (3, 48, 25, 3), (1, 1, 25, 3)]
)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="got"):
        window(np.zeros(shape, np.float32), np.zeros(shape[:3], np.float32))


def test_confidence_has_a_value_for_each_joint() -> None:
    with pytest.raises(ShapeError, match="wanted confidence"):
        window(np.zeros((1, 48, 25, 3), np.float32), np.ones((1, 48, 24), np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    positions = np.zeros((1, 4, 25, 3), np.float32)
    positions[0, 2, 3, 1] = bad
    with pytest.raises(CoordinateError):
        window(positions)
    confidence = np.full((1, 4, 25), bad, np.float32)
    with pytest.raises(CoordinateError):
        window(np.zeros((1, 4, 25, 3), np.float32), confidence)


@pytest.mark.parametrize(("frames", "length_s"), [(1, 2.4), (513, 2.4), (48, 0.05), (48, 31.0)])
def test_specs_nobody_can_compute_are_refused(frames: int, length_s: float) -> None:
    with pytest.raises(ConfigError, match="got"):
        WindowSpec(frames=frames, length_s=length_s)


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("nan")])
def test_quality_is_a_share(quality: float) -> None:
    whole = window(np.zeros((1, 48, 25, 3), np.float32))
    with pytest.raises(CoordinateError, match="wanted a quality"):
        replace(whole, quality=quality)
    assert whole.quality == 1.0
