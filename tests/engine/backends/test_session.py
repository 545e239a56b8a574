"""Failures of the runtime come out typed."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from engine.backends.session import GraphSession
from engine.bundle import Bundle
from streams.skeleton.errors import EngineError, ModelFileError


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x0a\x12"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.onnx"):
        GraphSession(tmp_path / "model.onnx")


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(ModelFileError, match=r"model\.onnx"):
        GraphSession(tmp_path / "model.onnx")


def test_a_graph_of_two_inputs_is_refused(tmp_path: Path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "add", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match="got 2 and 1"):
        GraphSession(tmp_path / "model.onnx")


def test_input_the_graph_does_not_take_is_a_typed_failure(tiny_bundle: Bundle):
    session = GraphSession(tiny_bundle.text_onnx)
    for bad in (np.zeros((1, 3), np.float32), np.zeros((1, 384), np.float64), np.zeros(384, np.float32)):
        with pytest.raises(EngineError, match=r"text\.onnx failed"):
            session.run(bad)
