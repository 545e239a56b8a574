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
    half = convert_float_to_float16(
        model, keep_io_types=True, disable_shape_infer=True, op_block_list=list(KEPT)
    )
    # The converter puts its casts last; ONNX and TensorRT's parser want every node after its inputs.
    OnnxModel.graph_topological_sort(half.graph)
    return half.SerializeToString()
