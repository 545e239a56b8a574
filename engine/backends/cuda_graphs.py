"""Work on a GPU recorded once per batch size and replayed, each recording checked against a plain run."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.backends.base import CheckedBackend
from engine.backends.nvidia import require_gpu
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, EngineError

BUCKETS = (1, 2, 4, 8, 16, 32, 64)
"""Batch sizes that are recorded; a batch is filled up to the next one with copies of its first window."""

DEVICE = "cuda"

Work = Callable[[Tensor], Tensor]


def bucket_of(count: int) -> int:
    """The smallest recorded batch size that holds ``count`` windows, at most the largest."""
    return next((size for size in BUCKETS if size >= count), BUCKETS[-1])


class Recording:
    """One graph: fixed shapes, fixed memory. One owner, one stream.

    A capture can fail without a word, as when another device is current: it is then empty, and a replay
    leaves the output as it was. So the first replay is compared with a plain run, on input that the plain
    run has not seen.

    Args:
        work: Takes the input buffer, returns the output; no waiting, no memory of its own kind.
        shape: Of the input.
        stream: A ``torch.cuda.Stream`` everything runs on.
        tolerance: Most that replay and plain run may differ.

    Raises:
        EngineError: The graph does not compute what the plain run does.
    """

    def __init__(self, work: Work, shape: tuple[int, ...], *, stream: Any, tolerance: float) -> None:
        self._stream = stream
        with torch.inference_mode(), torch.cuda.stream(stream):
            self._input = torch.linspace(-1.0, 1.0, _size(shape), device=DEVICE).reshape(shape)
            # One plain run first: libraries make themselves ready in it, which no capture may contain.
            work(self._input)
            stream.synchronize()
            self._graph = torch.cuda.CUDAGraph()
            # Other threads of the process may use CUDA meanwhile.
            with torch.cuda.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
                self._output = work(self._input)
            self._input.copy_(torch.linspace(1.0, -0.5, _size(shape), device=DEVICE).reshape(shape))
            wanted = work(self._input).clone()
            self._output.zero_()
            self._graph.replay()
            stream.synchronize()
            off = float((self._output - wanted).abs().max())
        if not off <= tolerance:
            raise EngineError(
                f"wanted a CUDA graph that repeats the plain run to {tolerance:g}, got {off:.3g} for input "
                f"{shape}; another device may have been current"
            )

    def run(self, values: Tensor) -> Tensor:
        """The output for this input, on the processor; an array of its own.

        Raises:
            RuntimeError: CUDA failed.
        """
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            self._input.copy_(values, non_blocking=True)
            self._graph.replay()
            found = self._output.to("cpu", copy=True)
            self._stream.synchronize()
        return found


class RecordedBackend(CheckedBackend):
    """A ``Backend`` on the first GPU whose work is recorded once per batch size and number of persons.

    A batch larger than the largest recorded size goes through in pieces.

    Args:
        bundle: Whose skeleton encoder to run.
        tolerance: Most that a replay may differ from a plain run.

    Raises:
        BackendUnavailableError: No GPU, or a PyTorch without CUDA.
    """

    batch = BUCKETS[-1]

    def __init__(self, bundle: Bundle, *, tolerance: float) -> None:
        super().__init__(bundle.manifest)
        require_gpu()
        if not torch.cuda.is_available():
            raise BackendUnavailableError(
                f"wanted a PyTorch with CUDA, got {torch.__version__}; install one of the CUDA builds"
            )
        self._tolerance = tolerance
        self._stream: Any = torch.cuda.Stream()
        self._recordings: dict[tuple[int, int], Recording] = {}

    @abstractmethod
    def _work(self) -> Work:
        """What one recording does; it may keep state of its own."""

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        pieces = [positions[at : at + BUCKETS[-1]] for at in range(0, len(positions), BUCKETS[-1])]
        with typed_failures(f"embed {positions.shape}"):
            return np.concatenate([self._piece(piece) for piece in pieces])

    def _piece(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        count, persons = positions.shape[:2]
        size = bucket_of(count)
        filled = np.concatenate([positions, np.repeat(positions[:1], size - count, axis=0)])
        key = (size, persons)
        if key not in self._recordings:
            self._recordings[key] = Recording(
                self._work(), filled.shape, stream=self._stream, tolerance=self._tolerance
            )
        return self._recordings[key].run(torch.from_numpy(filled)).numpy()[:count]

    def _release(self) -> None:
        self._recordings.clear()


@contextlib.contextmanager
def typed_failures(what: str) -> Generator[None]:
    """PyTorch's failures as ours; running out of memory is one of them."""
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        raise EngineError(
            f"wanted the GPU to {what}, got {str(error).splitlines()[0]:.200}; choose another backend"
        ) from error


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
