"""The whole TensorRT backend on a stand-in for its API, which is held against the real bindings."""

import inspect
import json
import os
import shutil
import subprocess
import sys
import types
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from engine.backends import tensorrt as module
from engine.backends.half import half_precision
from engine.backends.probe import probe_windows
from engine.backends.select import open_backend
from engine.backends.session import GraphSession
from engine.backends.tensorrt import TensorRtBackend
from engine.backends.tensorrt_plan import PlanCache, plan_key
from engine.backends.trial import FARTHEST
from engine.build_engine import build
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from streams.skeleton.errors import BackendUnavailableError, BundleError, EngineError
from tests.engine.backends import fake_tensorrt
from tests.engine.backends.fake_cuda import Graph, fake_cuda
from tests.engine.backends.fake_tensorrt import REFUSED, Faults

__all__ = ["fake_cuda"]

FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
NUMBERS = FLOATS | {onnx.TensorProto.INT32, onnx.TensorProto.INT64}
BOOL = {onnx.TensorProto.BOOL}
LISTED = (
    ("Abs Add Div Equal Greater GreaterOrEqual Less Max Min Mul Neg Sub", NUMBERS),
    ("Cast Concat Expand Gather Identity Reshape Shape Slice Split Squeeze Transpose", NUMBERS | BOOL),
    ("Unsqueeze", NUMBERS | BOOL),
    ("BatchNormalization Clip Conv Erf Exp Gelu Gemm LayerNormalization MatMul Pow Reciprocal", FLOATS),
    ("ReduceL2 ReduceMax ReduceMean ReduceSum Relu Sigmoid Softmax Sqrt Tanh", FLOATS),
    ("And Not Or Where", BOOL),
    ("ConstantOfShape", {onnx.TensorProto.INT64}),
)
OPERATORS = {name: types for names, types in LISTED for name in names.split()}
"""Of onnx-tensorrt's docs/operators.md: what encoders are made of, and the types of its first input."""
FIXED = {
    "ReduceL2": 1,
    "ReduceMax": 1,
    "ReduceMean": 1,
    "ReduceSum": 1,
    "Slice": 3,
    "Squeeze": 1,
    "Unsqueeze": 1,
}
"""Inputs that must be known when the graph is parsed: axes, by their place."""
SYMBOLS = """
createInferBuilder_INTERNAL createInferRefitter_INTERNAL createInferRuntime_INTERNAL
createNvOnnxParserRefitter_INTERNAL createNvOnnxParser_INTERNAL getBuilderPluginRegistry
getNvOnnxParserVersion getPluginRegistry initLibNvInferPlugins
"""
"""All that the bindings want of TensorRT's libraries when they are imported."""
_SCRIPT = """
import json, tensorrt_bindings as trt
kinds = [name for name in dir(trt) if isinstance(getattr(trt, name), type)]
print(json.dumps({name: dir(getattr(trt, name)) for name in kinds}))
print(trt.__version__)
"""


@pytest.fixture
def cache(fake_cuda: list[Graph], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PlanCache:
    """A folder for plans, on a machine that has a GPU and TensorRT as far as the backend can tell."""
    monkeypatch.setattr(module, "_import_tensorrt", lambda: fake_tensorrt)
    monkeypatch.setattr(module, "DEVICE", "cpu")
    properties = types.SimpleNamespace(name="Stand-in", major=9, minor=0, total_memory=80 << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    for fault in [name for name in vars(Faults) if not name.startswith("_")]:
        monkeypatch.setattr(Faults, fault, 0 if fault == "built" else False)
    return PlanCache(tmp_path / "plans")


def positions(count: int, persons: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(count).normal(0, 0.5, (count, persons, 48, 25, 3)).astype(np.float32)


@pytest.mark.parametrize(("count", "persons"), [(1, 1), (2, 2), (3, 1), (66, 1)])
def test_embeddings_are_those_of_the_reference(
    tiny_bundle: Bundle, cache: PlanCache, count: int, persons: int
):
    backend = TensorRtBackend(tiny_bundle, cache=cache, build=True)
    given = positions(count, persons)
    np.testing.assert_allclose(backend.embed(given), open_backend(tiny_bundle).embed(given), atol=5e-3)
    backend.close()
    with pytest.raises(EngineError, match="closed"):
        backend.embed(given)


def test_a_plan_is_compiled_once_and_only_when_asked_for(tiny_bundle: Bundle, cache: PlanCache):
    with pytest.raises(BackendUnavailableError, match="anymove build-engine"):
        TensorRtBackend(tiny_bundle, cache=cache)
    TensorRtBackend(tiny_bundle, cache=cache, build=True)
    TensorRtBackend(tiny_bundle, cache=cache)
    assert Faults.built == 1
    assert cache.folder.stat().st_mode & 0o077 == 0
    assert not list(cache.folder.glob("*.tmp"))


@pytest.mark.parametrize("content", [b"", b"half a plan", None])
def test_a_damaged_plan_is_compiled_again(tiny_bundle: Bundle, cache: PlanCache, content: bytes | None):
    TensorRtBackend(tiny_bundle, cache=cache, build=True)
    plan = cache.folder / plan_key(tiny_bundle, version=fake_tensorrt.__version__, gpu=module.gpu_name())
    plan.write_bytes(plan.read_bytes()[:-100] if content is None else content)
    TensorRtBackend(tiny_bundle, cache=cache).embed(positions(1))
    assert Faults.built == 2


def test_a_refused_plan_is_compiled_again(
    tiny_bundle: Bundle, cache: PlanCache, caplog: pytest.LogCaptureFixture
):
    name = plan_key(tiny_bundle, version=fake_tensorrt.__version__, gpu=module.gpu_name())
    cache.keep(name, REFUSED + b", another driver")
    TensorRtBackend(tiny_bundle, cache=cache).embed(positions(1))
    assert "refuses the plan" in caplog.text
    assert Faults.built == 1
    kept = cache.read(name)
    assert kept is not None
    assert not kept.startswith(REFUSED)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("parse", "UNSUPPORTED_NODE"),
        ("build", "got none from TensorRT"),
        ("deserialize", "its own new plan"),
        ("context", "memory for a TensorRT context"),
        ("shape", r"take \(1, 1, 48, 25, 3\)"),
        ("address", "take its input"),
        ("enqueue", "to run, got a refusal"),
    ],
)
def test_every_failure_of_the_api_is_typed(
    tiny_bundle: Bundle, cache: PlanCache, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
):
    monkeypatch.setattr(Faults, fault, True)
    with pytest.raises(EngineError, match=words):
        TensorRtBackend(tiny_bundle, cache=cache, build=True).embed(positions(1))


def test_a_plan_is_for_one_bundle_version_and_gpu(tiny_bundle: Bundle):
    keys = {
        plan_key(bundle, version=version, gpu=gpu)
        for bundle in (tiny_bundle, load_bundle(DEFAULT_BUNDLE))
        for version in ("11.4.0.106", "11.4.1.7")
        for gpu in ("A, 8.0, 1", "B, 9.0, 1")
    }
    assert len(keys) == 8


def test_building_tells_of_its_progress(
    tiny_bundle: Bundle, cache: PlanCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    monkeypatch.setattr("engine.backends.nvidia.require_gpu", lambda: None)
    told: list[str] = []
    build(tiny_bundle, tell=told.append, tick_s=0.001)
    assert any("Stand-in, 9.0" in line for line in told)
    assert Faults.built == 1


def test_a_missing_tensorrt_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "tensorrt_bindings", None)
    with pytest.raises(BackendUnavailableError, match="TensorRT and its libraries"):
        module._import_tensorrt()


def test_the_shipped_encoder_has_only_what_the_parser_takes():
    """The graph that TensorRT is given, node by node; strongly typed: no node may mix its types."""
    half = onnx.load_from_string(half_precision(DEFAULT_BUNDLE / "skeleton.onnx"))
    (opset,) = [entry.version for entry in half.opset_import if entry.domain == ""]
    assert 9 <= opset <= 25
    typed = onnx.shape_inference.infer_shapes(half, check_type=True, strict_mode=True).graph
    types = {v.name: v.type.tensor_type.elem_type for v in (*typed.value_info, *typed.input, *typed.output)}
    weights = {tensor.name for tensor in typed.initializer}
    types |= {tensor.name: tensor.data_type for tensor in typed.initializer}
    for node in typed.node:
        where = f"{node.op_type} {node.name}"
        assert node.domain == "", where
        assert types[node.input[0]] in OPERATORS[node.op_type], where
        place = FIXED.get(node.op_type, len(node.input))
        assert all(name in weights for name in node.input[place : place + 1]), where
    assert {types[value.name] for value in (*typed.input, *typed.output)} == {onnx.TensorProto.FLOAT}


def test_the_shipped_encoder_in_float16_passes_the_gate(tmp_path: Path):
    bundle = load_bundle(DEFAULT_BUNDLE)
    (tmp_path / "half.onnx").write_bytes(half_precision(bundle.skeleton_onnx))
    half, full = GraphSession(tmp_path / "half.onnx"), GraphSession(bundle.skeleton_onnx)
    weights = onnx.load(str(tmp_path / "half.onnx")).graph.initializer
    assert onnx.TensorProto.FLOAT not in {tensor.data_type for tensor in weights}
    for window in probe_windows(bundle.manifest):
        assert np.linalg.norm(half.run(window[None]) - full.run(window[None])) <= FARTHEST


def test_a_file_that_is_no_graph_has_no_half(tmp_path: Path):
    (tmp_path / "x.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"x\.onnx"):
        half_precision(tmp_path / "x.onnx")


def test_every_name_that_is_used_exists_in_nvidias_bindings(tmp_path: Path):
    """With the nine symbols of its libraries stubbed the real module imports, though it can do nothing."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc to make the stub with")
    try:
        version("tensorrt-cu13-bindings")
    except PackageNotFoundError:
        pytest.skip("the extra tensorrt is not installed")
    source = tmp_path / "stub.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in SYMBOLS.split()))
    for library in ("libnvinfer", "libnvonnxparser", "libnvinfer_plugin"):
        target = tmp_path / f"{library}.so.11"
        options = ["-shared", "-fPIC", f"-Wl,-soname,{target.name}", "-o", str(target)]
        subprocess.run([compiler, *options, str(source)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
    )
    names, found = done.stdout.splitlines()
    real = json.loads(names)
    assert found == fake_tensorrt.__version__
    ours = {
        name: [attribute for attribute in vars(kind) if not attribute.startswith("_")]
        for name, kind in inspect.getmembers(fake_tensorrt, inspect.isclass)
        if kind.__module__ == fake_tensorrt.__name__ and name != "Faults"
    }
    ours["OnnxParser"].append("num_errors")
    ours["IBuilderConfig"].append("max_aux_streams")
    ours["ICudaEngine"].append("num_io_tensors")
    missing = [f"{name}.{a}" for name, used in ours.items() for a in used if a not in real.get(name, [])]
    assert missing == []
