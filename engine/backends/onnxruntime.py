"""ONNX Runtime on the processor: the backend that runs everywhere."""

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import check_embeddings, check_positions
from engine.backends.session import GraphSession
from engine.bundle import Bundle
from streams.skeleton.errors import BundleError, EngineError, ModelFileError
from streams.skeleton.layouts import NTU_25

DEFAULT_THREADS = 2


class OnnxRuntimeBackend:
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
        self._manifest = bundle.manifest
        try:
            self._session: GraphSession | None = GraphSession(bundle.skeleton_onnx, threads=threads)
        except ModelFileError as error:
            raise BundleError(str(error)) from error

    def warm_up(self) -> None:
        """Return once the first inference's one-time costs have been paid."""
        shape = (1, 1, self._manifest.window.frames, len(NTU_25), 3)
        self.embed(np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype=np.float32).reshape(shape))

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised, N at least 1, M 1 or 2.

        Raises:
            ShapeError: Another shape or dtype than the bundle's.
            CoordinateError: NaN or infinite positions.
            EngineError: The runtime failed, or the backend was closed.
        """
        check_positions(positions, self._manifest)
        if self._session is None:
            raise EngineError("wanted an open backend, got one that was closed; open another")
        embeddings = self._session.run(positions)
        check_embeddings(embeddings, count=len(positions), manifest=self._manifest)
        return embeddings

    def close(self) -> None:
        """Give back the session's memory; further calls to ``embed`` fail."""
        self._session = None
