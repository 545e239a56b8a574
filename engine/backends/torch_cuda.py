"""PyTorch on an NVIDIA GPU: the bundle's graph, captured once per batch size.

It has never run on a GPU: no machine of this project has one (docs/gpu-checks.md). On the processor its
graph runner is held against ONNX Runtime operator by operator, and the capture against a stand-in.
"""

import torch

from engine.backends.cuda_graphs import DEVICE, RecordedBackend, Work, typed_failures
from engine.backends.torch_graph import TorchGraph
from engine.bundle import Bundle
from streams.skeleton.errors import BundleError, ModelFileError

_REPEATS_TO = 1e-4


class TorchCudaBackend(RecordedBackend):
    """A ``Backend`` in float32 on the first GPU. Not thread-safe; one owner.

    TF32 stays off, so that embeddings are those of the reference.

    Args:
        bundle: Whose skeleton encoder to run.

    Raises:
        BackendUnavailableError: No GPU, or a PyTorch without CUDA.
        BundleError: The graph is damaged, or has an operator that is not known here.
        EngineError: The GPU has no memory for it.
    """

    name = "torch-cuda"
    precision = "float32"

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle, tolerance=_REPEATS_TO)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        try:
            with typed_failures("load the encoder"):
                self._graph = TorchGraph(bundle.skeleton_onnx, device=DEVICE)
        except ModelFileError as error:
            raise BundleError(str(error)) from error

    def _work(self) -> Work:
        return self._graph.run

    def _release(self) -> None:
        super()._release()
        del self._graph
