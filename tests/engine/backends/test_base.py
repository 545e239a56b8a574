"""The checks every backend shares."""

import numpy as np
import pytest

from engine.backends.base import check_embeddings
from engine.bundle import Bundle
from streams.skeleton.errors import EngineError


def test_unit_rows_of_the_right_shape_pass(tiny_bundle: Bundle):
    rows = np.zeros((2, 1, 16), np.float32)
    rows[..., 3] = 1.0
    check_embeddings(rows, count=2, manifest=tiny_bundle.manifest)


@pytest.mark.parametrize("value", [0.0, 0.9, 1.1, np.nan, np.inf])
def test_rows_that_are_not_unit_vectors_are_refused(tiny_bundle: Bundle, value: float):
    rows = np.zeros((2, 1, 16), np.float32)
    rows[..., 3] = 1.0
    rows[1, 0, 3] = value
    with pytest.raises(EngineError, match="unit embeddings"):
        check_embeddings(rows, count=2, manifest=tiny_bundle.manifest)


@pytest.mark.parametrize("shape", [(1, 1, 16), (2, 2, 16), (2, 1, 15), (2, 16)])
def test_other_shapes_are_refused(tiny_bundle: Bundle, shape: tuple[int, ...]):
    with pytest.raises(EngineError, match="wanted embeddings"):
        check_embeddings(np.ones(shape, np.float32), count=2, manifest=tiny_bundle.manifest)
