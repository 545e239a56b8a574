"""ONNX Runtime on the processor: the backend that runs everywhere."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import CheckedBackend
from engine.backends.machine import usable_cores
from engine.backends.session import GraphSession
from engine.bundle import Bundle
from streams.skeleton.errors import BundleError, ModelFileError

MOST_THREADS = 4
"""More do not pay for a graph of a few milliseconds."""


class OnnxRuntimeBackend(CheckedBackend):
    """A ``Backend`` in float32 on the processor. Not thread-safe; one owner.

    A batch is run as windows side by side, one thread each: threads that share a window wait for each
    other at every node. A lone window is run by several threads only where there are cores that
    capture does not need.

    Args:
        bundle: Whose skeleton encoder to run.
        cores: Cores to make use of; those of the process if None.

    Raises:
        BundleError: The bundle's skeleton encoder is not a graph ONNX Runtime runs.
    """

    name = "onnxruntime"
    precision = "float32"

    def __init__(self, bundle: Bundle, *, cores: int | None = None) -> None:
        super().__init__(bundle.manifest)
        cores = usable_cores() if cores is None else cores
        self.batch = min(cores, MOST_THREADS)
        try:
            self._single = GraphSession(bundle.skeleton_onnx)
            threads = min(cores // 2, MOST_THREADS)
            self._lone = (
                GraphSession(bundle.skeleton_onnx, threads=threads) if threads > 1 else self._single
            )
        except ModelFileError as error:
            raise BundleError(str(error)) from error
        self._others = ThreadPoolExecutor(max(1, self.batch - 1), thread_name_prefix="onnxruntime")

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(positions) == 1 or self.batch == 1:
            return self._lone.run(positions)
        mine, *others = np.array_split(positions, min(self.batch, len(positions)))
        running = [self._others.submit(self._single.run, other) for other in others]
        first = self._single.run(mine)
        return np.concatenate([first, *(run.result() for run in running)])

    def _release(self) -> None:
        self._others.shutdown(wait=False)
        del self._single, self._lone
