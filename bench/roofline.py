"""How near the encoder comes to what the processor can do: its arithmetic over the peak of a large product.

    fraction = operations of a window / (time of a window * peak)

Operations are those of products and convolutions, two for each multiplication with its addition, as the
graph runner in PyTorch counts them; peak is what one thread of ONNX Runtime reaches in float32 on one
product of about as many operations, in turn with the windows. Nothing in float32 takes less time than
operations / peak.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from bench.common import milliseconds, percentiles
from engine.backends.machine import usable_cores
from engine.backends.probe import probe_windows
from engine.backends.session import GraphSession
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle

_ROWS, _SIDE = 256, 512
"""As many operations as a window of the default encoder has: 1 ms, which other work seldom cuts."""


@dataclass(frozen=True)
class RooflineConfig:
    """Bench of the encoder against the processor's peak."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    seconds: float = 5.0
    """Time for the timing, seconds."""


def run(config: RooflineConfig) -> dict[str, Any]:
    """Operations of a one-person window, peak of one core, and the share of it that is reached."""
    bundle = load_bundle(config.bundle)
    windows = probe_windows(bundle.manifest)
    operations = operations_of(bundle, windows[:1])
    encoder = GraphSession(bundle.skeleton_onnx)
    product, given = _large_product()
    samples: dict[str, list[float]] = {"window": [], "product": []}
    end, turn = time.perf_counter() + config.seconds, 0
    while time.perf_counter() < end or turn < 3:
        window = windows[turn % len(windows)][None]
        samples["product"].append(milliseconds(lambda: product.run(given)))
        samples["window"].append(milliseconds(lambda w=window: encoder.run(w)))
        turn += 1
    # The least of each: whatever else the machine does only adds to it.
    peak = 2.0 * _ROWS * _SIDE**2 / (min(samples["product"]) * 1e-3)
    window_ms = min(samples["window"])
    return {
        "bundle": bundle.manifest.name,
        "operations": operations,
        "weights_bytes": bundle.skeleton_onnx.stat().st_size,
        "cores": usable_cores(),
        "peak_gflops_a_core": round(peak / 1e9, 1),
        "window_ms": percentiles(samples["window"]),
        "window_least_ms": round(window_ms, 3),
        "floor_ms_one_core": round(operations / peak * 1e3, 3),
        "floor_ms_all_cores": round(operations / peak / usable_cores() * 1e3, 3),
        "fraction": round(operations / (window_ms * 1e-3 * peak), 3),
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    return [
        (
            "the encoder's arithmetic, one core",
            f"{results['operations'] / 1e6:.0f} MFLOP at {results['peak_gflops_a_core']:.0f} GFLOP/s: "
            f"{results['floor_ms_one_core']:.2f} ms at least, {results['window_least_ms']:.2f} ms at best, "
            f"{results['fraction']:.0%} of the peak",
            "",
        )
    ]


def operations_of(bundle: Bundle, window: NDArray[np.float32]) -> int:
    """Operations of the products and convolutions for these positions (N, M, T, 25, 3)."""
    # Loaded where it is used: the tables are made without it.
    import torch  # noqa: PLC0415
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    from engine.backends.torch_graph import TorchGraph  # noqa: PLC0415

    graph = TorchGraph(bundle.skeleton_onnx)
    with FlopCounterMode(display=False) as counter:
        graph.run(torch.from_numpy(window))
    return int(counter.get_total_flops())


def _large_product() -> tuple[GraphSession, NDArray[np.float32]]:
    """A graph that multiplies with a constant, as the encoder does, and what to multiply."""
    random = np.random.default_rng(0)
    weights = onnx.numpy_helper.from_array(random.normal(size=(_SIDE, _SIDE)).astype(np.float32), "w")
    kind = onnx.TensorProto.FLOAT
    ends = [onnx.helper.make_tensor_value_info(name, kind, [_ROWS, _SIDE]) for name in ("x", "y")]
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([node], "product", ends[:1], ends[1:], [weights])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "product.onnx"
        onnx.save(model, path)
        session = GraphSession(path)
    return session, random.normal(size=(_ROWS, _SIDE)).astype(np.float32)
