"""An ONNX graph run by PyTorch, node by node, on any of its devices."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor

from engine.backends.torch_ops import OPERATORS, Operator
from streams.skeleton.errors import ModelFileError


@dataclass(frozen=True)
class _Node:
    run: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    dead: tuple[str, ...]
    """Values nobody reads after this node."""


class TorchGraph:
    """A graph with one input and one output, its weights on a device. Not thread-safe; one owner.

    Args:
        path: An ONNX file, weights inside.
        device: Where floating-point values live; integers stay on the processor.

    Raises:
        ModelFileError: Not such a graph, or it has an operator that is not in ``OPERATORS``.
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        try:
            graph = onnx.load_from_string(path.read_bytes()).graph
        except (OSError, DecodeError) as error:
            raise ModelFileError(
                f"wanted an ONNX graph in {path}, got {error!r:.100}; export it again"
            ) from error
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        inputs = [value.name for value in graph.input if value.name not in weights]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise ModelFileError(
                f"wanted one input and one output in {path}, got {len(inputs)} and {len(graph.output)}; "
                "export it again"
            )
        self._input, self._output = inputs[0], graph.output[0].name
        self._device = torch.device(device)
        self._weights = {name: self._placed(torch.from_numpy(v.copy())) for name, v in weights.items()}
        self._nodes = self._read_nodes(graph, path)

    @torch.inference_mode()
    def run(self, values: Tensor) -> Tensor:
        """The graph's output on its device for this input.

        Raises:
            RuntimeError: PyTorch cannot run it on such an input.
        """
        known: dict[str, Tensor | None] = {"": None, **self._weights, self._input: values}
        for node in self._nodes:
            found = node.run(*(known[name] for name in node.inputs), **node.attributes)
            produced = (found,) if isinstance(found, Tensor) else found
            known.update(zip(node.outputs, produced, strict=False))
            for name in node.dead:
                del known[name]
        output = known[self._output]
        assert output is not None
        return output

    def _read_nodes(self, graph: onnx.GraphProto, path: Path) -> list[_Node]:
        for node in graph.node:
            if node.op_type == "Constant":
                self._weights[node.output[0]] = self._placed(_constant(node))
        rest = [node for node in graph.node if node.op_type != "Constant"]
        unknown = sorted({node.op_type for node in rest} - set(OPERATORS))
        if unknown:
            raise ModelFileError(
                f"wanted operators PyTorch has here in {path}, got {', '.join(unknown)}; "
                "choose another backend, or add them to engine/backends/torch_ops.py"
            )
        last = {name: n for n, node in enumerate(rest) for name in (*node.input, *node.output)}
        return [
            _Node(
                run=OPERATORS[node.op_type],
                inputs=tuple(node.input),
                outputs=tuple(node.output),
                attributes=self._attributes(node),
                dead=tuple(
                    name
                    for name in {*node.input, *node.output}
                    if last[name] == n and name and name not in self._weights and name != self._output
                ),
            )
            for n, node in enumerate(rest)
        ]

    def _attributes(self, node: onnx.NodeProto) -> dict[str, Any]:
        found = {a.name: _attribute(a) for a in node.attribute}
        if node.op_type == "Gather" and node.input[1] in self._weights:
            # Features are gathered on the device; shapes, by the same node, are not.
            found["placed"] = self._weights[node.input[1]].to(self._device)
        return found

    def _placed(self, value: Tensor) -> Tensor:
        return value.to(self._device) if value.is_floating_point() else value


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _constant(node: onnx.NodeProto) -> Tensor:
    (attribute,) = node.attribute
    value = _attribute(attribute)
    if attribute.name in ("value_float", "value_floats"):
        return torch.tensor(value, dtype=torch.float32)
    if attribute.name in ("value_int", "value_ints"):
        return torch.tensor(value, dtype=torch.int64)
    return torch.from_numpy(value.copy())
