"""ONNX Runtime on the processor: the backend that runs everywhere."""

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import CheckedBackend
from engine.backends.session import GraphSession
from engine.bundle import Bundle
from streams.skeleton.errors import BundleError, ModelFileError

DEFAULT_THREADS = 2


class OnnxRuntimeBackend(CheckedBackend):
    """A ``Backend`` in float32 on the processor. Not thread-safe; one owner.

    Args:
        bundle: Whose skeleton encoder to run.
        threads: Threads of one inference.

    Raises:
        BundleError: The bundle's skeleton encoder is not a graph ONNX Runtime runs.
    """

    name = "onnxruntime"
    precision = "float32"

    def __init__(self, bundle: Bundle, *, threads: int = DEFAULT_THREADS) -> None:
        super().__init__(bundle.manifest)
        try:
            self._session: GraphSession | None = GraphSession(bundle.skeleton_onnx, threads=threads)
        except ModelFileError as error:
            raise BundleError(str(error)) from error

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._session is not None
        return self._session.run(positions)

    def _release(self) -> None:
        self._session = None
