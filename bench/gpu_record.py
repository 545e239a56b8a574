"""``python -m bench.gpu_record``: the lines that docs/gpu-checks.md wants of whoever has an NVIDIA GPU.

fraction = windows a second * operations of a window / peak of a large product in the same precision
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.common import commit, milliseconds
from bench.roofline import operations_of
from engine.backends.probe import probe_windows
from engine.backends.select import REFERENCE, open_backend
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from streams.skeleton.errors import AnymoveError

BATCHES = (1, 2, 4, 8, 16, 32, 64)
GPU_BACKENDS = {"torch-cuda": "float32", "tensorrt": "float16"}
_SIDE = 4096
_REPEATS = 20


@dataclass(frozen=True)
class Measured:
    """What one backend did."""

    one_ms: float
    """Median of a lone window, milliseconds."""
    per_s: Mapping[int, float]
    """Windows a second by batch."""
    distance: float
    """Largest L2 distance of an embedding to the reference's."""


def measure(bundle: Bundle, name: str, *, seconds: float = 0.5) -> Measured:
    """How fast and how exact a backend is, each batch timed for so many seconds.

    Raises:
        AnymoveError: It does not run here.
    """
    windows, backend = probe_windows(bundle.manifest), open_backend(bundle, name)
    wanted = open_backend(bundle, REFERENCE).embed(windows)
    found = np.concatenate([backend.embed(window[None]) for window in windows])
    distance = float(np.linalg.norm((found - wanted).reshape(len(found), -1), axis=1).max())
    medians: dict[int, float] = {}
    for batch in BATCHES:
        given = np.concatenate([windows] * (batch // len(windows) + 1))[:batch]
        backend.embed(given)
        samples: list[float] = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(samples) < 5:
            samples.append(milliseconds(lambda given=given: backend.embed(given)))
        medians[batch] = float(np.median(samples))
    backend.close()
    return Measured(medians[1], {n: 1e3 * n / spent_ms for n, spent_ms in medians.items()}, distance)


def peak_gflops(precision: str) -> float:
    """What the GPU reaches on a product of 4,096 by 4,096 matrices, TF32 off; NVIDIA's alone.

    Args:
        precision: "float32" or "float16".
    """
    # Loaded where it is used: everything else here runs without it.
    import torch  # noqa: PLC0415

    torch.backends.cuda.matmul.allow_tf32 = False
    square = torch.ones(_SIDE, _SIDE, device="cuda", dtype=getattr(torch, precision))
    best_ms = float("inf")
    for _ in range(_REPEATS):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        torch.mm(square, square)
        torch.cuda.synchronize()
        best_ms = min(best_ms, (time.perf_counter() - begun) * 1e3)
    return 2.0 * _SIDE**3 / (best_ms * 1e-3) / 1e9


def record(measured: Mapping[str, Measured | str], peaks: Mapping[str, float], operations: int) -> str:
    """The lines for the table, one a backend; those that did not run say why.

    Args:
        measured: By backend, or why it did not run.
        peaks: GFLOP/s by backend.
        operations: Of a window of one person.
    """
    day = f"{datetime.now(UTC).date().isoformat()} | {commit()}"
    lines: list[str] = []
    for name, one in measured.items():
        if isinstance(one, str):
            lines.append(f"| {day} | | {name} | not run: {one} | | | | |")
            continue
        per_s, batch = max((per_s, batch) for batch, per_s in one.per_s.items())
        fraction = per_s * operations / (peaks[name] * 1e9)
        lines.append(
            f"| {day} | | {name} | {one.one_ms:.3f} | {per_s:,.0f} at {batch} | {one.distance:.1e} | "
            f"{peaks[name]:,.0f} | {fraction:.1%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the lines."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    measured: dict[str, Measured | str] = {}
    peaks: dict[str, float] = {}
    for name, precision in GPU_BACKENDS.items():
        try:
            measured[name] = measure(bundle, name)
            peaks[name] = peak_gflops(precision)
        except AnymoveError as error:
            measured[name] = str(error)
    print(record(measured, peaks, operations_of(bundle, probe_windows(bundle.manifest)[:1])))


if __name__ == "__main__":
    main()
