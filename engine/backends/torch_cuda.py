"""PyTorch on an NVIDIA GPU: the bundle's graph, captured once per batch size.

It has never run on a GPU: no machine of this project has one (docs/gpu-checks.md). On the processor its
graph runner is held against ONNX Runtime operator by operator, and the capture against a stand-in.
"""

import contextlib
from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.backends.base import CheckedBackend
from engine.backends.cuda_graphs import BUCKETS, DEVICE, Recording, bucket_of
from engine.backends.nvidia import require_gpu
from engine.backends.torch_graph import TorchGraph
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, BundleError, EngineError, ModelFileError

_REPEATS_TO = 1e-4


class TorchCudaBackend(CheckedBackend):
    """A ``Backend`` in float32 on the first GPU. Not thread-safe; one owner.

    TF32 stays off, so that embeddings are those of the reference. A batch larger than the largest
    recorded size goes through in pieces.

    Args:
        bundle: Whose skeleton encoder to run.

    Raises:
        BackendUnavailableError: No GPU, or a PyTorch without CUDA.
        BundleError: The graph is damaged, or has an operator that is not known here.
        EngineError: The GPU has no memory for it.
    """

    name = "torch-cuda"
    precision = "float32"
    batch = BUCKETS[-1]

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle.manifest)
        require_gpu()
        if not torch.cuda.is_available():
            raise BackendUnavailableError(
                f"wanted a PyTorch with CUDA, got {torch.__version__}; install one of the CUDA builds"
            )
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        try:
            with _typed("load the encoder"):
                self._graph = TorchGraph(bundle.skeleton_onnx, device=DEVICE)
        except ModelFileError as error:
            raise BundleError(str(error)) from error
        self._stream = torch.cuda.Stream()
        self._recordings: dict[tuple[int, int], Recording] = {}

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        pieces = [positions[at : at + BUCKETS[-1]] for at in range(0, len(positions), BUCKETS[-1])]
        with _typed(f"embed {positions.shape}"):
            return np.concatenate([self._piece(piece) for piece in pieces])

    def _piece(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        count, persons = positions.shape[:2]
        size = bucket_of(count)
        filled = np.concatenate([positions, np.repeat(positions[:1], size - count, axis=0)])
        key = (size, persons)
        if key not in self._recordings:
            self._recordings[key] = Recording(
                self._graph.run, filled.shape, stream=self._stream, tolerance=_REPEATS_TO
            )
        return self._recordings[key].run(torch.from_numpy(filled)).numpy()[:count]

    def _release(self) -> None:
        self._recordings.clear()
        del self._graph


@contextlib.contextmanager
def _typed(what: str) -> Generator[None]:
    """PyTorch's failures as ours; running out of memory is one of them."""
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        raise EngineError(
            f"wanted the GPU to {what}, got {str(error).splitlines()[0]:.200}; choose another backend"
        ) from error
