#!/usr/bin/env bash
# What whoever has an NVIDIA GPU runs first: plan, contract suite, record. See docs/gpu-checks.md.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 2
"$python" -c 'import torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda)' || exit 2
"$python" anymove.py build-engine || echo "no TensorRT plan: the record goes on without it"
"$python" -m pytest -q tests/engine/backends/test_contract.py -k "torch-cuda or tensorrt" -rs
"$python" anymove.py doctor
"$python" -m bench.gpu_record
