"""Every operator does in PyTorch what it does in ONNX Runtime; foreign graphs are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.backends.session import GraphSession
from engine.backends.torch_graph import TorchGraph
from engine.backends.torch_ops import OPERATORS
from engine.bundle import DEFAULT_BUNDLE, Bundle
from streams.skeleton.errors import ModelFileError

Array = NDArray[Any]
_RNG = np.random.default_rng(7)
X = _RNG.normal(0, 1, (2, 4, 6, 5)).astype(np.float32)
Case = tuple[list[Array], dict[str, Any]]


def _f(*shape: int) -> Array:
    return _RNG.normal(0, 1, shape).astype(np.float32)


def _i(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


CASES: dict[str, list[Case]] = {
    **{name: [([], {})] for name in ("Abs", "Erf", "Exp", "Identity", "Neg", "Relu", "Sigmoid", "Tanh")},
    "Add": [([_f(5)], {})],
    "BatchNormalization": [([_f(4), _f(4), _f(4), np.abs(_f(4)) + 0.5], {"epsilon": 1e-3})],
    "Clip": [([np.float32(-0.5), np.float32(0.5)], {})],
    "Conv": [
        ([_f(8, 4, 3, 1), _f(8)], {"pads": [1, 0, 1, 0], "strides": [2, 1]}),
        ([_f(4, 1, 3, 3)], {"group": 4, "dilations": [1, 2]}),
    ],
    "Div": [([np.abs(_f(6, 5)) + 1], {})],
    "Expand": [([_i(3, 1, 1, 1, 5)], {})],
    "Gather": [([_i(3, -1, 0)], {"axis": 2}), ([_i(1)[0]], {"axis": 1})],
    "Gelu": [([], {}), ([], {"approximate": "tanh"})],
    "LayerNormalization": [([_f(5), _f(5)], {"axis": -1, "epsilon": 1e-4}), ([_f(6, 5)], {"axis": 2})],
    "MatMul": [([_f(4, 5, 3)], {})],
    "Max": [([_f(5), _f(6, 1)], {})],
    "Min": [([_f(5)], {})],
    "Mul": [([_f(6, 1)], {})],
    "Pow": [([np.float32(2.0)], {})],
    "Reciprocal": [([], {})],
    "ReduceL2": [([_i(3)], {"keepdims": 1})],
    "ReduceMax": [([_i(1, 2)], {"keepdims": 0})],
    "ReduceMean": [([_i(1)], {"keepdims": 0}), ([], {})],
    "ReduceSum": [([_i(-1)], {"keepdims": 1}), ([], {"noop_with_empty_axes": 1})],
    "Reshape": [([_i(0, -1, 3)], {}), ([_i(-1)], {})],
    "Slice": [
        ([_i(1), _i(2**62), _i(2)], {}),
        ([_i(0, -2), _i(-1, 9), _i(1, 3), _i(2, 1)], {}),
        ([_i(-(2**62)), _i(1)], {}),
    ],
    "Softmax": [([], {"axis": 1}), ([], {})],
    "Split": [([_i(1, 3)], {"axis": 1}), ([], {"axis": 2, "num_outputs": 3})],
    "Squeeze": [([], {})],
    "Sub": [([_f(5)], {})],
    "Transpose": [([], {"perm": [0, 2, 3, 1]}), ([], {})],
    "Unsqueeze": [([_i(0, -1)], {})],
}
"""Operators that take the float array ``X`` first: their other inputs, and attributes."""
INDIRECT = {
    "And": [("Greater", ["x", "zero"], "a"), ("Less", ["x", "one"], "b"), ("And", ["a", "b"], "c")],
    "Cast": [("Greater", ["x", "zero"], "c")],
    "Concat": [("Concat", ["x", "x"], "y", {"axis": -1})],
    "ConstantOfShape": [("Shape", ["x"], "s"), ("ConstantOfShape", ["s"], "z"), ("Add", ["x", "z"], "y")],
    "Equal": [("Relu", ["x"], "r"), ("Equal", ["x", "r"], "c")],
    "Gemm": [("Gemm", ["flat", "weight", "bias"], "y", {"transA": 1, "alpha": 0.5, "beta": 2.0})],
    "Greater": [("Greater", ["x", "zero"], "c")],
    "GreaterOrEqual": [("GreaterOrEqual", ["x", "zero"], "c")],
    "Less": [("Less", ["x", "zero"], "c")],
    "Not": [("Less", ["x", "zero"], "a"), ("Not", ["a"], "c")],
    "Or": [("Greater", ["x", "one"], "a"), ("Less", ["x", "zero"], "b"), ("Or", ["a", "b"], "c")],
    "Shape": [("Shape", ["x"], "s", {"start": 1}), ("Cast", ["s"], "y", {"to": TensorProto.FLOAT})],
    "Sqrt": [("Abs", ["x"], "a"), ("Sqrt", ["a"], "y")],
    "Where": [("Greater", ["x", "zero"], "a"), ("Where", ["a", "x", "one"], "y")],
}
"""Operators reached through others; a Boolean result ``c`` is cast at the end."""


def _graph(folder: Path, nodes: list[onnx.NodeProto], weights: dict[str, Array]) -> Path:
    graph = helper.make_graph(
        nodes,
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    path = folder / "graph.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _agree(path: Path) -> None:
    wanted = GraphSession(path).run(X)
    found = TorchGraph(path).run(torch.from_numpy(X)).numpy()
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "at"), [(name, n) for name, cases in CASES.items() for n in range(len(cases))]
)
def test_an_operator_does_what_it_does_in_onnx_runtime(name: str, at: int, tmp_path: Path):
    others, attributes = CASES[name][at]
    inputs = [f"w{n}" for n in range(len(others))]
    outputs = ["first", "y"] if name == "Split" else ["y"]
    outputs += ["third"] if "num_outputs" in attributes else []
    node = helper.make_node(name, ["x", *inputs], outputs, **attributes)
    _agree(_graph(tmp_path, [node], dict(zip(inputs, others, strict=True))))


@pytest.mark.parametrize("name", list(INDIRECT))
def test_an_operator_among_others_does_what_it_does_in_onnx_runtime(name: str, tmp_path: Path):
    nodes = [
        helper.make_node(*step[:2], [step[2]], **(step[3] if len(step) > 3 else {}))
        for step in INDIRECT[name]
    ]
    if nodes[-1].output[0] == "c":
        nodes.append(helper.make_node("Cast", ["c"], ["y"], to=TensorProto.FLOAT))
    if name == "Gemm":
        nodes.insert(0, helper.make_node("Reshape", ["x", "square"], ["flat"]))
    weights = {
        "zero": np.float32(0.0),
        "one": np.float32(1.0),
        "square": _i(12, 20),
        "weight": _f(12, 3),
        "bias": _f(3),
    }
    _agree(_graph(tmp_path, nodes, weights))


def test_every_operator_is_tested():
    assert set(CASES) | set(INDIRECT) == set(OPERATORS)


def test_constants_are_weights(tmp_path: Path):
    nodes = [
        helper.make_node("Constant", [], ["k"], value_float=2.0),
        helper.make_node("Constant", [], ["axes"], value_ints=[1]),
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(_f(5), "w")),
        helper.make_node("Mul", ["x", "k"], ["a"]),
        helper.make_node("Add", ["a", "w"], ["b"]),
        helper.make_node("ReduceSum", ["b", "axes"], ["y"]),
    ]
    _agree(_graph(tmp_path, nodes, {}))


def test_the_shipped_encoder_runs_alike_for_one_and_two_people():
    path = DEFAULT_BUNDLE / "skeleton.onnx"
    graph, session = TorchGraph(path), GraphSession(path)
    for shape in ((1, 1, 48, 25, 3), (3, 2, 48, 25, 3)):
        given = np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)
        np.testing.assert_allclose(
            graph.run(torch.from_numpy(given)).numpy(), session.run(given), atol=1e-5
        )


def test_an_unknown_operator_is_named(tmp_path: Path):
    path = _graph(tmp_path, [helper.make_node("Hardmax", ["x"], ["y"])], {})
    with pytest.raises(ModelFileError, match="Hardmax"):
        TorchGraph(path)


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x0a\x12"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "graph.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"graph\.onnx"):
        TorchGraph(tmp_path / "graph.onnx")


def test_values_nobody_reads_any_more_are_dropped(tiny_bundle: Bundle):
    graph = TorchGraph(tiny_bundle.skeleton_onnx)
    dropped = [name for node in graph._nodes for name in node.dead]
    assert len(dropped) == len(set(dropped))
    assert "positions" in dropped
