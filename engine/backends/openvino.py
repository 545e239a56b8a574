"""OpenVINO on the processor, its precision always said.

Left to itself OpenVINO computes in bfloat16 wherever the processor has matrix units for it, which is
faster and gives other embeddings. Here the precision is part of the backend's name.

Left to itself it also tells its maker, over the network, that it was imported. Nothing leaves this
machine, so the package that does it is kept from being imported.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import CheckedBackend
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, BundleError, EngineError

DEFAULT_THREADS = 2
_HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoBackend(CheckedBackend):
    """A ``Backend`` on the processor. Not thread-safe; one owner.

    A graph is compiled for each number of persons, for a batch of one and for any other batch: with
    all sizes fixed a window takes less time.

    Args:
        bundle: Whose skeleton encoder to run.
        precision: "float32" or "bfloat16".
        threads: Threads of one inference.

    Raises:
        BundleError: The bundle's skeleton encoder is not a graph OpenVINO runs.
        BackendUnavailableError: OpenVINO is not installed, or the processor does not compute in this
            precision.
    """

    def __init__(
        self, bundle: Bundle, *, precision: str = "float32", threads: int = DEFAULT_THREADS
    ) -> None:
        super().__init__(bundle.manifest)
        self.name = "openvino" if precision == "float32" else "openvino-bf16"
        self.precision = precision
        self._openvino = _import_openvino()
        self._core = self._openvino.Core()
        capabilities = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bfloat16" and "BF16" not in capabilities:
            raise BackendUnavailableError(
                f"wanted a processor that computes in bfloat16, got {', '.join(capabilities)}; "
                "use the backend openvino"
            )
        self._settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            # Pinned threads fight with those of a capture process on the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        self._path = bundle.skeleton_onnx
        try:
            # From memory: a path would also be tried as other kinds of model by its ending.
            self._core.read_model(self._path.read_bytes(), b"")
        except (OSError, RuntimeError) as error:
            raise BundleError(
                f"wanted an ONNX graph in {self._path}, which OpenVINO refuses ({_first_line(error)}); "
                "export it again"
            ) from error
        self._requests: dict[tuple[int, int], Any] = {}

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        count, persons = positions.shape[:2]
        try:
            request = self._request(1 if count == 1 else -1, persons)
            # A copy: the request's own memory is written over by the next window.
            return np.array(request.infer([np.ascontiguousarray(positions)])[0])
        except RuntimeError as error:
            raise EngineError(
                f"{self._path.name} failed on input {positions.shape} in OpenVINO ({_first_line(error)}); "
                "restart the engine, or choose another backend"
            ) from error

    def _request(self, count: int, persons: int) -> Any:
        key = (count, persons)
        if key not in self._requests:
            model = self._core.read_model(self._path.read_bytes(), b"")
            rest = list(model.inputs[0].partial_shape)[3:]
            frames = self._manifest.window.frames
            model.reshape(self._openvino.PartialShape([count, persons, frames, *rest]))
            compiled = self._core.compile_model(model, "CPU", self._settings)
            self._requests[key] = compiled.create_infer_request()
        return self._requests[key]

    def _release(self) -> None:
        self._requests.clear()


def _import_openvino() -> Any:
    # None makes ``import openvino_telemetry`` fail, and OpenVINO go on without it.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType] - documented use
    try:
        import openvino  # noqa: PLC0415 - an extra: it may be missing
    except ImportError as error:
        raise BackendUnavailableError(
            f"wanted the Python package openvino, which does not import ({error}); "
            "install anymove[openvino]"
        ) from error
    return openvino


def _first_line(error: BaseException) -> str:
    """The gist: OpenVINO writes where in its sources it was, then what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
