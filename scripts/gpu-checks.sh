#!/usr/bin/env bash
# What whoever has an NVIDIA GPU runs first: contract suite, plan, bench. See docs/gpu-checks.md.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 2
"$python" anymove.py build-engine || echo "no TensorRT plan: the bench goes on without it"
"$python" -m pytest -q tests/engine/backends/test_contract.py -k "torch-cuda or tensorrt" -rs
"$python" - <<'END'
from datetime import UTC, datetime

from bench import backends
from bench.common import commit

found = backends.run(backends.BackendsConfig())
row = [datetime.now(UTC).date().isoformat(), commit(), "", ""]
distances = []
for name in ("torch-cuda", "tensorrt"):
    one = found["backends"].get(name)
    if one is None:
        row.append(f"not run: {found['not_run'][name]}")
        continue
    row.append(f"{one['one_ms']['p50']:.3f}, {1e3 / one['batch_32_ms_a_window']['p50']:.0f}")
    distances.append(f"{name} {one['distance']:.1e}")
print("| " + " | ".join([*row, "; ".join(distances)]) + " |")
END
