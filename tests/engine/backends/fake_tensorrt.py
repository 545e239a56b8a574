"""A stand-in for TensorRT's Python API that computes on the processor.

It has the names the backend uses and no others; ``test_tensorrt.py`` looks every one of them up in NVIDIA's
bindings. Failures are as the real API gives them: None and False, hardly ever an exception.
"""

import ctypes
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import load_from_string

from engine.backends.torch_graph import TorchGraph
from tests.engine.backends.fake_cuda import Graph

__version__ = "11.4.0.106"
REFUSED = b"another GPU"
"""What a plan begins with that is refused."""


class Faults:
    """What shall go wrong; reset by the fixture."""

    parse = build = deserialize = context = shape = address = enqueue = False
    built = 0


class Logger:
    WARNING = 2

    def __init__(self, severity: int) -> None:
        assert severity == Logger.WARNING


class NetworkDefinitionCreationFlag:
    STRONGLY_TYPED = 0


class MemoryPoolType:
    WORKSPACE = "workspace"


class BuilderFlag:
    TF32 = "tf32"


class INetworkDefinition:
    def __init__(self) -> None:
        self._graph = b""


class OnnxParser:
    def __init__(self, network: INetworkDefinition, logger: Logger) -> None:
        self._network = network
        self.num_errors = 0

    def parse(self, model: bytes) -> bool:
        if Faults.parse or not load_from_string(model).graph.node:
            self.num_errors = 1
            return False
        self._network._graph = model
        return True

    def get_error(self, index: int) -> str:
        assert index < self.num_errors
        return "In node 3 (Hardmax): UNSUPPORTED_NODE"


class IHostMemory(bytes):
    pass


class ITimingCache:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def serialize(self) -> IHostMemory:
        return IHostMemory(self._content + b"t")


class IOptimizationProfile:
    def __init__(self) -> None:
        self._shapes: Any = None

    def set_shape(self, name: str, least: Any, likely: Any, most: Any) -> None:
        assert name == "positions"
        assert all(a <= b <= c for a, b, c in zip(least, likely, most, strict=True))
        self._shapes = (least, most)


class IBuilderConfig:
    def __init__(self) -> None:
        self.max_aux_streams = -1
        self._limits: Any = None
        self._tf32 = True
        self._profiles: list[IOptimizationProfile] = []

    def set_memory_pool_limit(self, pool: str, pool_size: int) -> None:
        assert pool == MemoryPoolType.WORKSPACE
        assert pool_size > 0

    def clear_flag(self, flag: str) -> None:
        assert flag == BuilderFlag.TF32
        self._tf32 = False

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        self._profiles.append(profile)
        return len(self._profiles) - 1

    def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache:
        return ITimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        return True


class Builder:
    def __init__(self, logger: Logger) -> None:
        pass

    def create_network(self, flags: int) -> INetworkDefinition:
        assert flags == 1 << NetworkDefinitionCreationFlag.STRONGLY_TYPED
        return INetworkDefinition()

    def create_builder_config(self) -> IBuilderConfig:
        return IBuilderConfig()

    def create_optimization_profile(self) -> IOptimizationProfile:
        return IOptimizationProfile()

    def build_serialized_network(
        self, network: INetworkDefinition, config: IBuilderConfig
    ) -> IHostMemory | None:
        assert config.max_aux_streams == 0
        assert not config._tf32
        assert len(config._profiles) == 1
        Faults.built += 1
        return None if Faults.build else IHostMemory(network._graph)


class IExecutionContext:
    def __init__(self, graph: TorchGraph) -> None:
        self._graph = graph
        self._shape: tuple[int, ...] = ()
        self._out: tuple[int, ...] = ()
        self._at: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        if Faults.shape or not (1 <= shape[0] <= 64 and 1 <= shape[1] <= 2):
            return False
        if shape != self._shape:
            self._shape = shape
            self._out = tuple(self._graph.run(torch.zeros(shape)).shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._out if name == "embedding" else self._shape

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self._at[name] = memory
        return not Faults.address

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert stream_handle == 7
        if Faults.enqueue:
            return False
        source, target = self._at["positions"], self._at["embedding"]

        def compute() -> None:
            given = torch.from_numpy(_memory(source, self._shape))
            _memory(target, self._out)[...] = self._graph.run(given).numpy()

        # Within a capture nothing is computed, only written down.
        if Graph.capturing is not None:
            Graph.capturing.calls.append(compute)
        else:
            compute()
        return True


class ICudaEngine:
    def __init__(self, plan: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plan.onnx"
            path.write_bytes(plan)
            self._graph = TorchGraph(path)
        self.num_io_tensors = 2

    def get_tensor_name(self, index: int) -> str:
        return ("positions", "embedding")[index]

    def create_execution_context(self) -> IExecutionContext | None:
        return None if Faults.context else IExecutionContext(self._graph)


class Runtime:
    def __init__(self, logger: Logger) -> None:
        pass

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> ICudaEngine | None:
        if Faults.deserialize or serialized_engine.startswith(REFUSED):
            return None
        return ICudaEngine(bytes(serialized_engine))


def _memory(address: int, shape: tuple[int, ...]) -> Any:
    size = int(np.prod(shape))
    return np.ctypeslib.as_array((ctypes.c_float * size).from_address(address)).reshape(shape)
