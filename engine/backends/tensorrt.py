"""TensorRT on an NVIDIA GPU: a plan compiled for it, captured once per batch size.

It has never run: no machine of this project has TensorRT's libraries (docs/gpu-checks.md). Its whole code
runs on a stand-in for the API, whose every name is looked up in NVIDIA's own bindings.
"""

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.backends.cuda_graphs import DEVICE, RecordedBackend, Work
from engine.backends.half import half_precision
from engine.backends.tensorrt_plan import INPUT, OUTPUT, PlanCache, build_plan, plan_key
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, EngineError

_REPEATS_TO = 1e-3
_TIMINGS = "timings-{}"

logger = logging.getLogger(__name__)


class TensorRtBackend(RecordedBackend):
    """A ``Backend`` in float16 on the first GPU, its input and output in float32. One owner.

    Args:
        bundle: Whose skeleton encoder to run.
        cache: Where plans are kept; the user's own folder if None.
        build: Compile a plan where none is kept, which takes minutes; ``anymove build-engine`` does.

    Raises:
        BackendUnavailableError: No GPU, no TensorRT, a PyTorch without CUDA, or no plan yet.
        BundleError: The skeleton encoder is not an ONNX graph.
        EngineError: TensorRT cannot compile it, or refuses its own plan.
    """

    name = "tensorrt"
    precision = "float16"

    def __init__(self, bundle: Bundle, *, cache: PlanCache | None = None, build: bool = False) -> None:
        super().__init__(bundle, tolerance=_REPEATS_TO)
        self._trt = _import_tensorrt()
        self._runtime = self._trt.Runtime(self._trt.Logger(self._trt.Logger.WARNING))
        self._engine: Any = self._load(bundle, cache or PlanCache(), build=build)
        names = {self._engine.get_tensor_name(n) for n in range(self._engine.num_io_tensors)}
        if names != {INPUT, OUTPUT}:
            raise EngineError(f"wanted a plan with {INPUT} and {OUTPUT}, got {sorted(names)}; export again")

    @property
    def version(self) -> str:
        """Of TensorRT."""
        return self._trt.__version__

    def _load(self, bundle: Bundle, cache: PlanCache, *, build: bool) -> Any:
        key = plan_key(bundle, version=self._trt.__version__, gpu=gpu_name())
        kept = cache.read(key)
        if kept is None and not (build or (cache.folder / key).exists()):
            raise BackendUnavailableError(
                "wanted a plan for this GPU, found none; run anymove build-engine"
            )
        engine = None if kept is None else self._runtime.deserialize_cuda_engine(kept)
        if engine is None:
            if kept is not None:
                logger.warning("TensorRT refuses the plan %s; it is compiled again", key[:12])
            engine = self._runtime.deserialize_cuda_engine(self._compile(bundle, cache, key))
        if engine is None:
            raise EngineError("wanted TensorRT to take its own new plan, got a refusal; its log says why")
        return engine

    def _compile(self, bundle: Bundle, cache: PlanCache, key: str) -> bytes:
        timings = _TIMINGS.format(key[:16])
        plan, measured = build_plan(
            self._trt,
            half_precision(bundle.skeleton_onnx),
            bundle.manifest,
            timings=cache.read(timings) or b"",
        )
        cache.keep(timings, measured)
        cache.keep(key, plan)
        return plan

    def _work(self) -> Work:
        """A context of its own: its shapes and addresses are part of the recording."""
        context = self._engine.create_execution_context()
        if context is None:
            raise EngineError("wanted memory for a TensorRT context, got none; choose another backend")

        def work(values: Tensor) -> Tensor:
            _wanted(context.set_input_shape(INPUT, tuple(values.shape)), f"take {tuple(values.shape)}")
            found = torch.empty(tuple(context.get_tensor_shape(OUTPUT)), device=DEVICE)
            _wanted(context.set_tensor_address(INPUT, values.data_ptr()), "take its input")
            _wanted(context.set_tensor_address(OUTPUT, found.data_ptr()), "take its output")
            # It returns False where it fails, and raises nothing.
            _wanted(context.execute_async_v3(self._stream.cuda_stream), "run")
            return found

        return work

    def _release(self) -> None:
        super()._release()
        del self._engine, self._runtime


def gpu_name() -> str:
    """The first GPU's name, compute capability and memory."""
    found = torch.cuda.get_device_properties(0)
    return f"{found.name}, {found.major}.{found.minor}, {found.total_memory}"


def build_engine(bundle: Bundle, *, cache: PlanCache, tell: Callable[[str], None]) -> None:
    """Return once a plan for the current GPU is kept and embeds a window.

    Raises:
        BackendUnavailableError: No GPU, no TensorRT or a PyTorch without CUDA.
        EngineError: TensorRT cannot compile the encoder or run the plan.
    """
    backend = TensorRtBackend(bundle, cache=cache, build=True)
    tell(f"TensorRT {backend.version}, {gpu_name()}: the plan is there, a first window runs")
    backend.warm_up()
    backend.close()


def _wanted(done: bool, what: str) -> None:
    if not done:
        raise EngineError(
            f"wanted TensorRT to {what}, got a refusal; its log says why, choose another backend"
        )


def _import_tensorrt() -> Any:
    try:
        import tensorrt  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - an extra
    except (ImportError, OSError):
        try:
            import tensorrt_bindings as tensorrt  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
        except (ImportError, OSError) as error:
            raise BackendUnavailableError(
                f"wanted TensorRT and its libraries, got {error}; install them from NVIDIA"
            ) from error
    return tensorrt
