"""The whole CUDA backend on a stand-in for CUDA: sizes, recordings, silent and loud failures."""

import ctypes
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.backends import nvidia
from engine.backends.cuda_graphs import BUCKETS, Recording, bucket_of
from engine.backends.select import open_backend
from engine.backends.torch_cuda import TorchCudaBackend
from engine.backends.torch_graph import TorchGraph
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, EngineError
from tests.engine.backends.fake_cuda import Graph, Stream, fake_cuda

__all__ = ["fake_cuda"]


def positions(count: int, persons: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(count).normal(0, 0.5, (count, persons, 48, 25, 3)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 33, 64, 70])
@pytest.mark.parametrize("persons", [1, 2])
def test_every_batch_size_gives_the_embeddings_of_the_reference(
    tiny_bundle: Bundle, fake_cuda: list[Graph], count: int, persons: int
):
    backend = TorchCudaBackend(tiny_bundle)
    given = positions(count, persons)
    np.testing.assert_allclose(backend.embed(given), open_backend(tiny_bundle).embed(given), atol=1e-5)
    backend.close()


def test_a_graph_is_captured_once_per_size_and_replayed(tiny_bundle: Bundle, fake_cuda: list[Graph]):
    backend = TorchCudaBackend(tiny_bundle)
    first = backend.embed(positions(3))
    kept = first.copy()
    backend.embed(positions(4))
    assert len(fake_cuda) == 1
    np.testing.assert_array_equal(first, kept)
    backend.embed(positions(5))
    backend.embed(positions(3, persons=2))
    assert len(fake_cuda) == 3
    assert all(graph.calls for graph in fake_cuda)


def test_an_empty_capture_is_found_out(
    tiny_bundle: Bundle, fake_cuda: list[Graph], monkeypatch: pytest.MonkeyPatch
):
    def empty() -> Graph:
        graph = Graph()
        graph.empty = True
        return graph

    monkeypatch.setattr(torch.cuda, "CUDAGraph", empty)
    with pytest.raises(EngineError, match="CUDA graph that repeats the plain run"):
        TorchCudaBackend(tiny_bundle).embed(positions(1))


def test_running_out_of_memory_is_a_typed_failure(
    tiny_bundle: Bundle, fake_cuda: list[Graph], monkeypatch: pytest.MonkeyPatch
):
    backend = TorchCudaBackend(tiny_bundle)

    def full(*_: Any, **__: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB\nand more")

    monkeypatch.setattr(TorchGraph, "run", full)
    with pytest.raises(EngineError, match=r"embed \(2, 1, 48, 25, 3\), got CUDA out of memory"):
        backend.embed(positions(2))


def test_a_pytorch_without_cuda_is_said(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.backends.cuda_graphs.require_gpu", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BackendUnavailableError, match="PyTorch with CUDA"):
        TorchCudaBackend(tiny_bundle)


def test_buckets_hold_every_count():
    assert [bucket_of(n) for n in (1, 2, 3, 17, 64, 1000)] == [1, 2, 4, 32, 64, BUCKETS[-1]]


def test_a_recording_waits_for_its_stream_before_it_answers(fake_cuda: list[Graph]):
    stream = Stream()
    recording = Recording(lambda x: x * 2.0, (3,), stream=stream, tolerance=0.0)
    before = stream.waited
    assert recording.run(torch.tensor([1.0, 2.0, 3.0])).tolist() == [2.0, 4.0, 6.0]
    assert stream.waited == before + 1


class _Driver:
    """The two calls that are made of the driver."""

    def __init__(self, status: int, devices: int) -> None:
        self._status, self._devices = status, devices

    def cuInit(self, flags: int) -> int:
        return self._status

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self._devices
        return 0


@pytest.mark.parametrize(("status", "devices", "works"), [(0, 1, True), (0, 0, False), (100, 1, False)])
def test_a_gpu_is_asked_of_the_driver(
    monkeypatch: pytest.MonkeyPatch, status: int, devices: int, works: bool
):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: _Driver(status, devices))
    if works:
        nvidia.require_gpu()
    else:
        with pytest.raises(BackendUnavailableError, match="nvidia-smi"):
            nvidia.require_gpu()


def test_without_a_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise OSError("no such file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(BackendUnavailableError, match="found no driver"):
        nvidia.require_gpu()
