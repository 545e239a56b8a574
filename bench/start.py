"""From starting the engine process to its line "ready", everything cached. Target: 3 s, without torch."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import percentiles
from bench.end_to_end import endpoint_flags, process
from engine.bundle import DEFAULT_BUNDLE
from streams.config import Endpoints

TARGET_READY_S = 3.0


@dataclass(frozen=True)
class StartConfig:
    """Bench of the engine's start."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    times: int = 4
    """Starts timed, after one that fills the caches."""


def run(config: StartConfig) -> dict[str, Any]:
    """Milliseconds from start to ready, and whether importing the server loads torch."""
    samples: list[float] = []
    for _ in range(config.times + 1):
        with tempfile.TemporaryDirectory(prefix="am") as name:
            folder = Path(name)
            flags = endpoint_flags(Endpoints.in_folder(folder))
            begun = time.perf_counter()
            with process("engine", "--bundle", str(config.bundle), "--store", str(folder / "e.db"), *flags):
                samples.append((time.perf_counter() - begun) * 1e3)
    script = "import sys, engine.server; print('torch' in sys.modules)"
    loads = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {
        "ready_ms": percentiles(samples[1:]),
        "first_ready_ms": round(samples[0], 1),
        "target_ready_ms": TARGET_READY_S * 1e3,
        "loads_torch": loads.stdout.strip() == "True",
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    torch = "torch loaded" if results["loads_torch"] else "no torch"
    return [
        ("start to ready", f"{results['ready_ms']['p50'] / 1e3:.2f} s, {torch}", f"{TARGET_READY_S:g} s")
    ]
