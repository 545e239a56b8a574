"""Plans: a graph compiled by TensorRT for one GPU, and where they are kept.

Written after NVIDIA's documentation for TensorRT 10.12 to 11.4 and never run on a GPU (docs/gpu-checks.md).
A plan is machine code: it is kept in the user's own folder and never taken from elsewhere.
"""

import hashlib
import logging
import os
import platform
from pathlib import Path
from typing import Any

from engine.backends.cuda_graphs import BUCKETS
from engine.bundle import Bundle, Manifest
from streams.config import home
from streams.skeleton.errors import EngineError
from streams.skeleton.layouts import NTU_25
from streams.skeleton.window import MAX_PERSONS

INPUT, OUTPUT = "positions", "embedding"
WORKSPACE_BYTES = 1 << 30

logger = logging.getLogger(__name__)

Shape = tuple[int, ...]


def profile_shapes(manifest: Manifest) -> tuple[Shape, Shape, Shape]:
    """Smallest, likeliest and largest input: from one person alone to the largest batch of pairs."""
    rest = (manifest.window.frames, len(NTU_25), 3)
    return (1, 1, *rest), (1, 1, *rest), (BUCKETS[-1], MAX_PERSONS, *rest)


def plan_key(bundle: Bundle, *, version: str, gpu: str) -> str:
    """Name of a plan: another one wherever any of what it was compiled for is another.

    Args:
        bundle: Its encoder.
        version: Of TensorRT, all four parts.
        gpu: Name, compute capability and memory.
    """
    parts = [
        bundle.manifest.files["skeleton.onnx"],
        version,
        gpu,
        str(profile_shapes(bundle.manifest)),
        "strongly typed, float16 with float32 input and output, no TF32",
        f"{platform.system()} {platform.machine()}",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class PlanCache:
    """Plans and the timing cache in one private folder.

    A file is the SHA-256 of the rest, a line end, and the rest: half a file is no file.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home() / "plans"

    def read(self, name: str) -> bytes | None:
        """What was kept under this name; None if nothing was, or if it is damaged."""
        path = self.folder / name
        try:
            digest, _, content = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            logger.warning("%s is damaged and is made again", path)
            return None
        return content

    def keep(self, name: str, content: bytes) -> None:
        """Keep the content under this name, in one step.

        Raises:
            EngineError: The folder cannot be written to.
        """
        path = self.folder / name
        temporary = path.with_name(f"{name}.{os.getpid()}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            temporary.replace(path)
        except OSError as error:
            raise EngineError(
                f"wanted to keep a plan in {self.folder}, got {error}; make room, or set ANYMOVE_HOME"
            ) from error


def build_plan(trt: Any, graph: bytes, manifest: Manifest, *, timings: bytes = b"") -> tuple[bytes, bytes]:
    """The plan of a graph for the current GPU, and the timing cache that makes the next one quicker.

    Args:
        trt: The module ``tensorrt``.
        graph: An ONNX file whose types are those to compute in.
        manifest: Of its bundle.
        timings: An earlier timing cache of the same TensorRT and GPU.

    Raises:
        EngineError: TensorRT refuses the graph, or cannot compile it.
    """
    log = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(log)
    # Needed before TensorRT 11, where every network is strongly typed and the flag does nothing.
    typed = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if typed is None else 1 << int(typed))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(graph):
        said = "; ".join(str(parser.get_error(n)) for n in range(parser.num_errors))
        raise EngineError(f"wanted a graph TensorRT takes, got {said:.300}; choose another backend")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    config.clear_flag(trt.BuilderFlag.TF32)
    # One stream does everything, so that everything is in the capture.
    config.max_aux_streams = 0
    profile = builder.create_optimization_profile()
    profile.set_shape(INPUT, *profile_shapes(manifest))
    config.add_optimization_profile(profile)
    cache = config.create_timing_cache(timings)
    config.set_timing_cache(cache, False)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError("wanted a plan, got none from TensorRT; its log says why, choose another backend")
    return bytes(plan), bytes(cache.serialize())
