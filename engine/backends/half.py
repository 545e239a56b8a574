"""The same graph with weights and sums in float16, its input and output in float32."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from streams.skeleton.errors import BundleError

KEPT = ("ReduceL2", "ReduceMax")
"""Operators left in float32: the length of an embedding, and whether anybody is there."""


def half_precision(path: Path) -> bytes:
    """The ONNX graph in this file, in float16.

    Raises:
        BundleError: The file is not an ONNX graph.
    """
    try:
        model = onnx.load_from_string(path.read_bytes())
        if not model.graph.node:
            raise ValueError("no nodes")
    except (OSError, DecodeError, ValueError) as error:
        raise BundleError(f"wanted an ONNX graph in {path}, got {error!r:.100}; export it again") from error
    _reduce_floats(model.graph)
    half = convert_float_to_float16(
        model, keep_io_types=True, disable_shape_infer=True, op_block_list=list(KEPT)
    )
    # The converter puts its casts last; ONNX and TensorRT's parser want every node after its inputs.
    OnnxModel.graph_topological_sort(half.graph)
    return half.SerializeToString()


def _reduce_floats(graph: onnx.GraphProto) -> None:
    """Let the largest of truth values be taken as float32 where the exporter counts them in integers.

    The published list of what TensorRT's parser reduces names floating-point types alone.
    """
    reductions = [node for node in graph.node if node.op_type == "ReduceMax"]
    changed = {node.input[0] for node in reductions}
    for node in graph.node:
        if node.op_type == "Cast" and node.output[0] in changed:
            (kind,) = (attribute for attribute in node.attribute if attribute.name == "to")
            kind.i = onnx.TensorProto.FLOAT
    changed |= {node.output[0] for node in reductions}
    for value in graph.value_info:
        if value.name in changed:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
