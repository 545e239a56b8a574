"""A stand-in for CUDA on the processor: what is done within a capture is written down and done again."""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine.backends import cuda_graphs, torch_cuda


class Stream:
    """Does everything at once; counts how often somebody waited for it."""

    cuda_stream = 7

    def __init__(self) -> None:
        self.waited = 0

    def synchronize(self) -> None:
        self.waited += 1


class Graph:
    """Operators in order, with the tensors they read and wrote: replaying uses the same memory."""

    capturing: "Graph | None" = None
    """The one being captured, for libraries that put their own work into it."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.empty = False
        """Capture nothing, as with another device current."""

    def replay(self) -> None:
        with torch.inference_mode():
            for call in self.calls:
                call()


class _Capture(TorchDispatchMode):
    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        result = func(*args, **named)

        def again() -> None:
            for kept, made in zip(_tensors(result), _tensors(func(*args, **named)), strict=True):
                # A view shows the memory it is of, and needs no copy.
                if made.data_ptr() != kept.data_ptr():
                    kept.copy_(made)

        self._graph.calls.append(again)
        return result


def _tensors(result: Any) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    several = result if isinstance(result, (list, tuple)) else ()
    return [one for one in several if isinstance(one, torch.Tensor)]


@pytest.fixture
def fake_cuda(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """CUDA there is, one GPU, and it is the processor; the graphs that were captured."""
    graphs: list[Graph] = []

    def new_graph() -> Graph:
        graphs.append(Graph())
        return graphs[-1]

    @contextlib.contextmanager
    def capture(graph: Graph, *, stream: Stream, capture_error_mode: str) -> Generator[None]:
        assert isinstance(stream, Stream)
        assert capture_error_mode == "thread_local"
        if graph.empty:
            yield
            return
        Graph.capturing = graph
        with _Capture(graph):
            yield
        Graph.capturing = None

    for module in (cuda_graphs, torch_cuda):
        monkeypatch.setattr(module, "DEVICE", "cpu")
    monkeypatch.setattr(cuda_graphs, "require_gpu", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", new_graph)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    return graphs
