"""One ONNX graph with one input and one output, run by ONNX Runtime, its failures typed."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import (
    onnxruntime_pybind11_state as _state,  # pyright: ignore[reportAttributeAccessIssue] - compiled
)

from streams.skeleton.errors import EngineError, ModelFileError

# The binding's errors share no base class short of Exception.
_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    *(kind for kind in vars(_state).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)


class GraphSession:
    """A graph ready to run on the processor in float32. Thread-safe.

    Args:
        path: An ONNX file, weights inside.
        threads: Threads of one run; the machine should have cores for all of them.

    Raises:
        ModelFileError: Not an ONNX graph with one input and one output.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads may spin while a run needs them, and must sleep between two: windows come a few times a
        # second, and the processor is shared. Asleep within a run two threads are slower than one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads > 1 else "0")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except _ERRORS as error:
            raise ModelFileError(
                f"wanted an ONNX graph in {path}, which ONNX Runtime refuses ({error}); export it again"
            ) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelFileError(
                f"wanted one input and one output in {path}, got {len(inputs)} and {len(outputs)}; "
                "export it again"
            )
        self._path = path
        self._input = inputs[0].name

    def run(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """The graph's output for this input.

        Raises:
            EngineError: The runtime failed, or the output is not float32.
        """
        try:
            (output,) = self._session.run(None, {self._input: values})
        except _ERRORS as error:
            raise EngineError(
                f"{self._path.name} failed on input {values.shape} {values.dtype} ({error}); "
                "restart the engine, and export the graph again if it persists"
            ) from error
        if not isinstance(output, np.ndarray) or output.dtype != np.float32:
            raise EngineError(f"wanted float32 from {self._path.name}, got {type(output)}; export it again")
        return output
