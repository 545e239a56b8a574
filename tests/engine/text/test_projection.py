"""From text features to class rows."""

from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle, write_manifest
from engine.text.descriptions import class_feature
from engine.text.encoders import TextEncoder
from engine.text.projection import TextProjection
from streams.skeleton.errors import BundleError, EngineError, ShapeError
from tests.engine.tiny_bundle import make_tiny_bundle


@pytest.mark.parametrize("parts", [1, 2])
def test_rows_are_unit_and_one_class_each(tmp_path: Path, parts: int):
    projection = TextProjection(make_tiny_bundle(tmp_path, dim=16, parts=parts, text_dim=12))
    features = np.eye(12, dtype=np.float32)[:5]
    rows = projection.rows(features)
    assert (rows.shape, rows.dtype) == ((5, parts, 16), np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(projection.rows(features[3:4]), rows[3:4], atol=1e-6)
    assert projection.rows(features[:0]).shape == (0, parts, 16)


def test_a_typed_name_becomes_a_class(tiny_bundle: Bundle, minilm: TextEncoder):
    projection = TextProjection(tiny_bundle)
    assert projection.rows(class_feature(["squat"], minilm)[None]).shape == (1, 1, 16)


@pytest.mark.parametrize(
    "features",
    [
        np.ones((1, 11), np.float32),
        np.ones((1, 12), np.float32),
        np.zeros((1, 12), np.float32),
        np.full((1, 12), np.nan, np.float32),
        np.eye(12)[:1],
        np.eye(12, dtype=np.float32)[0],
    ],
)
def test_features_of_another_kind_are_refused(tmp_path: Path, features: np.ndarray):
    projection = TextProjection(make_tiny_bundle(tmp_path, text_dim=12))
    with pytest.raises(ShapeError, match="wanted"):
        projection.rows(features)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path):
    bundle = make_tiny_bundle(tmp_path)
    bundle.text_onnx.write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"text\.onnx"):
        TextProjection(write_manifest(tmp_path, bundle.manifest))


def test_rows_of_other_dimensions_than_the_manifest_are_found_out(tmp_path: Path):
    bundle = make_tiny_bundle(tmp_path / "one", dim=16, text_dim=12)
    other = make_tiny_bundle(tmp_path / "other", dim=8, text_dim=12)
    bundle.text_onnx.write_bytes(other.text_onnx.read_bytes())
    projection = TextProjection(write_manifest(bundle.folder, bundle.manifest))
    with pytest.raises(EngineError, match="wanted unit rows"):
        projection.rows(np.eye(12, dtype=np.float32)[:1])
