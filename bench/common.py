"""What every bench shares: the machine's description, percentiles, and the result file.

The contract: warm up, repeat, report p50, p95, p99 and the interquartile range, never one call;
every file carries the machine, the commit and the command; the last line on stdout is the JSON.
"""

import json
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from engine.backends.machine import cpu_name

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
_LIBRARIES = ("numpy", "onnxruntime", "mediapipe", "pyzmq")


def machine() -> dict[str, Any]:
    """This machine in words and numbers, nothing that names its owner."""
    return {
        "cpu": cpu_name(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load": round(psutil.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def percentiles(samples_ms: Sequence[float]) -> dict[str, float]:
    """Number of samples, p50, p95, p99 and interquartile range, milliseconds."""
    values = np.asarray(samples_ms, np.float64)
    p25, p50, p75, p95, p99 = np.percentile(values, [25, 50, 75, 95, 99])
    return {
        "n": len(values),
        "p50": round(float(p50), 3),
        "p95": round(float(p95), 3),
        "p99": round(float(p99), 3),
        "iqr": round(float(p75 - p25), 3),
    }


def milliseconds(call: Callable[[], object]) -> float:
    """How long the call took."""
    begun = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begun) / 1e6


def commit() -> str:
    """Short hash of the checkout, with ``+`` where it has changes; empty outside one."""
    found = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def write_result(suite: str, command: str, results: dict[str, Any]) -> Path:
    """Path of the JSON file now holding these results, with date, commit, command and machine."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{suite}.json"
    content = {
        "suite": suite,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "command": command,
        "machine": machine(),
        "results": results,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path
