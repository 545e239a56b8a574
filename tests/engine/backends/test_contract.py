"""What every backend promises; a new one in ``BACKENDS`` is picked up without an edit here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.backends.select import BACKENDS, open_backend
from engine.bundle import Bundle, write_manifest
from streams.skeleton.errors import (
    BackendUnavailableError,
    BundleError,
    ConfigError,
    CoordinateError,
    EngineError,
    ShapeError,
)
from tests.engine.tiny_bundle import make_tiny_bundle

FRAMES = 12
TOLERANCE = {"float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-3}
"""Most that an embedding's numbers may differ between two ways to compute them, by precision."""


@pytest.fixture(scope="module", params=[1, 2], ids=["P1", "P2"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_tiny_bundle(tmp_path_factory.mktemp("bundle"), dim=16, parts=request.param, frames=FRAMES)


def opened(name: str, bundle: Bundle) -> Backend:
    try:
        return BACKENDS[name](bundle)
    except BackendUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(params=list(BACKENDS))
def backend(request: pytest.FixtureRequest, bundle: Bundle) -> Iterator[Backend]:
    backend = opened(request.param, bundle)
    yield backend
    backend.close()


def positions(count: int = 1, persons: int = 1, *, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.5, (count, persons, FRAMES, 25, 3)).astype(np.float32)


def test_it_says_what_it_is(backend: Backend):
    assert backend.name in BACKENDS
    assert backend.precision in TOLERANCE
    assert backend.batch >= 1


@pytest.mark.parametrize(("count", "persons"), [(1, 1), (1, 2), (3, 1), (5, 2)])
def test_embeddings_are_unit_rows(backend: Backend, bundle: Bundle, count: int, persons: int):
    embeddings = backend.embed(positions(count, persons))
    assert embeddings.shape == (count, bundle.manifest.parts, 16)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=-1), 1.0, atol=1e-3)


def test_embeddings_are_those_of_the_reference(backend: Backend, bundle: Bundle):
    for persons in (1, 2):
        given = positions(3, persons)
        wanted = open_backend(bundle).embed(given)
        np.testing.assert_allclose(backend.embed(given), wanted, atol=TOLERANCE[backend.precision])


def test_a_window_embeds_the_same_alone_and_in_a_batch(backend: Backend):
    batch = positions(4)
    alone = np.concatenate([backend.embed(window[None]) for window in batch])
    np.testing.assert_allclose(backend.embed(batch), alone, atol=TOLERANCE[backend.precision])
    assert np.abs(alone[0] - alone[1]).max() > 1e-3, "different windows must not embed alike"


def test_the_input_is_left_alone_and_the_output_is_ones_own(backend: Backend):
    given = positions()
    before = given.copy()
    first = backend.embed(given)
    kept = first.copy()
    backend.embed(positions(seed=1))
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(first, kept)


def test_read_only_and_strided_input_is_fine(backend: Backend):
    given = positions()
    read_only = given.copy()
    read_only.flags.writeable = False
    strided = np.repeat(given, 2, axis=2)[:, :, ::2]
    np.testing.assert_array_equal(backend.embed(read_only), backend.embed(given))
    np.testing.assert_array_equal(backend.embed(strided), backend.embed(given))


def test_warming_up_changes_no_result(backend: Backend):
    before = backend.embed(positions())
    backend.warm_up()
    np.testing.assert_array_equal(backend.embed(positions()), before)


@pytest.mark.parametrize(
    "shape",
    [
        (0, 1, FRAMES, 25, 3),
        (1, 0, FRAMES, 25, 3),
        (1, 3, FRAMES, 25, 3),
        (1, 1, FRAMES + 1, 25, 3),
        (1, 1, FRAMES, 33, 3),
        (1, 1, FRAMES, 25, 2),
        (1, FRAMES, 25, 3),
        (),
    ],
)
def test_other_shapes_are_refused(backend: Backend, shape: tuple[int, ...]):
    with pytest.raises(ShapeError, match="wanted positions"):
        backend.embed(np.zeros(shape, np.float32))


def test_other_dtypes_are_refused(backend: Backend):
    with pytest.raises(ShapeError, match="float64"):
        backend.embed(positions().astype(np.float64))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_not_finite_are_refused(backend: Backend, value: float):
    given = positions()
    given[0, 0, 3, 7, 1] = value
    with pytest.raises(CoordinateError, match="finite"):
        backend.embed(given)


def test_a_closed_backend_refuses_to_work(backend: Backend):
    backend.close()
    backend.close()
    with pytest.raises(EngineError, match="closed"):
        backend.embed(positions())


@pytest.mark.parametrize("name", list(BACKENDS))
def test_a_file_that_is_no_graph_is_refused(name: str, tmp_path: Path):
    bundle = make_tiny_bundle(tmp_path)
    bundle.skeleton_onnx.write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"skeleton\.onnx"):
        opened(name, write_manifest(tmp_path, bundle.manifest))


@pytest.mark.parametrize("name", list(BACKENDS))
def test_an_encoder_of_other_dimensions_than_its_manifest_is_found_out(name: str, tmp_path: Path):
    bundle = make_tiny_bundle(tmp_path / "one", dim=16, frames=FRAMES)
    other = make_tiny_bundle(tmp_path / "other", dim=8, frames=FRAMES)
    bundle.skeleton_onnx.write_bytes(other.skeleton_onnx.read_bytes())
    backend = opened(name, write_manifest(bundle.folder, bundle.manifest))
    with pytest.raises(EngineError, match="wanted embeddings"):
        backend.embed(positions())


@pytest.mark.parametrize("name", list(BACKENDS))
def test_a_backend_bears_its_name(name: str, bundle: Bundle):
    assert opened(name, bundle).name == name


def test_an_unknown_backend_is_refused(bundle: Bundle):
    with pytest.raises(ConfigError, match="onnxruntime"):
        open_backend(bundle, "abacus")
