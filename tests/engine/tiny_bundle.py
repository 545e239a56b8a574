"""A whole model bundle with small random weights, made in milliseconds and without torch."""

import json
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.bundle import Bundle, Calibration, Manifest, TextEncoderRef, write_manifest
from engine.text.sentence import MINILM
from streams.skeleton.window import WindowSpec

HIDDEN = 32
_OPSET = 18
_IR_VERSION = 10


def make_tiny_bundle(
    folder: Path, *, dim: int = 16, parts: int = 1, text_dim: int = 384, frames: int = 48, seed: int = 0
) -> Bundle:
    """A bundle in ``folder`` (made if need be) whose encoders are seeded random projections.

    The same window always gives the same embedding and different poses give different ones;
    nothing more is promised. With ``text_dim`` 384 it names MiniLM as its text encoder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    _save(folder / "skeleton.onnx", *_skeleton_graph(rng, parts, dim))
    _save(folder / "text.onnx", *_text_graph(rng, text_dim, parts, dim))
    seen = ("squat", "wave the right hand")
    vocabulary = [{"name": name, "texts": [name]} for name in seen]
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "ATTRIBUTION.md").write_text("Random weights, made for a test.\n", "utf-8")
    encoder = TextEncoderRef(
        id=MINILM.id if text_dim == MINILM.dim else "test",
        sha256=MINILM.source_sha256 or "",
        dim=text_dim,
    )
    manifest = Manifest(
        name="tiny",
        method="random",
        layout="ntu25",
        dim=dim,
        parts=parts,
        text_encoder=encoder,
        window=WindowSpec(frames=frames),
        calibration=Calibration(),
        seen_classes=seen,
    )
    return write_manifest(folder, manifest)


_Graph = tuple[list[onnx.NodeProto], dict[str, NDArray[np.generic]], tuple[str, list[int | str]], str]


def _skeleton_graph(rng: np.random.Generator, parts: int, dim: int) -> _Graph:
    nodes = [
        helper.make_node("ReduceMean", ["positions", "person_axis"], ["mean_person"], keepdims=0),
        helper.make_node("Reshape", ["mean_person", "flat"], ["poses"]),  # (N, T, 75)
        helper.make_node("MatMul", ["poses", "pose_weight"], ["mixed"]),
        helper.make_node("Tanh", ["mixed"], ["bent"]),
        helper.make_node("ReduceMean", ["bent", "time_axis"], ["hidden"], keepdims=0),
        helper.make_node("MatMul", ["hidden", "out_weight"], ["weighted"]),
        helper.make_node("Add", ["weighted", "out_bias"], ["raw"]),  # an absent person is no zero row
        *_unit_rows("raw", "embedding"),
    ]
    weights = {
        "person_axis": np.array([1], np.int64),
        "time_axis": np.array([1], np.int64),
        "flat": np.array([0, 0, 75], np.int64),
        "pose_weight": rng.normal(0, 1, (75, HIDDEN)).astype(np.float32),
        "out_weight": rng.normal(0, 1, (HIDDEN, parts * dim)).astype(np.float32),
        "out_bias": rng.normal(0, 0.1, parts * dim).astype(np.float32),
        **_row_shape(parts, dim),
    }
    return nodes, weights, ("positions", ["N", "M", "T", 25, 3]), "embedding"


def _text_graph(rng: np.random.Generator, text_dim: int, parts: int, dim: int) -> _Graph:
    nodes = [helper.make_node("MatMul", ["features", "weight"], ["raw"]), *_unit_rows("raw", "classes")]
    weights = {
        "weight": rng.normal(0, 1, (text_dim, parts * dim)).astype(np.float32),
        **_row_shape(parts, dim),
    }
    return nodes, weights, ("features", ["N", text_dim]), "classes"


def _unit_rows(raw: str, out: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Reshape", [raw, "rows"], ["unscaled"]),
        helper.make_node("ReduceL2", ["unscaled", "last_axis"], ["length"], keepdims=1),
        helper.make_node("Div", ["unscaled", "length"], [out]),
    ]


def _row_shape(parts: int, dim: int) -> dict[str, NDArray[np.generic]]:
    return {"rows": np.array([-1, parts, dim], np.int64), "last_axis": np.array([2], np.int64)}


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, NDArray[np.generic]],
    source: tuple[str, list[int | str]],
    output: str,
) -> None:
    name, shape = source
    parts, dim = (int(n) for n in weights["rows"][1:])
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", parts, dim])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
