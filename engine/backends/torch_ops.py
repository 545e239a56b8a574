"""ONNX operators as calls of PyTorch: what encoders are exported to, opset 18 to 20.

Each takes its node's inputs (None for one left out) and attributes. Integer tensors are shapes, axes
and indices; they stay on the processor, so that no operator waits for a device.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Attributes = dict[str, Any]
Operator = Callable[..., Tensor | Sequence[Tensor]]


def _numbers(values: Tensor) -> list[int]:
    return [int(n) for n in values.tolist()]


def _axes(x: Tensor, axes: Tensor | None, given: Attributes) -> list[int]:
    if axes is not None:
        return _numbers(axes)
    return list(given.get("axes", range(x.dim())))


def _reduced(reduce: Callable[..., Tensor]) -> Operator:
    def run(x: Tensor, axes: Tensor | None = None, **given: Any) -> Tensor:
        if axes is None and not given.get("axes") and given.get("noop_with_empty_axes"):
            return x
        return reduce(x, dim=_axes(x, axes, given), keepdim=bool(given.get("keepdims", 1)))

    return run


def _length(x: Tensor, *, dim: list[int], keepdim: bool) -> Tensor:
    return torch.linalg.vector_norm(x, dim=dim, keepdim=keepdim)


def _largest(x: Tensor, *, dim: list[int], keepdim: bool) -> Tensor:
    # amax takes no Booleans, which exporters reduce after a cast to integers.
    return torch.amax(x, dim=dim, keepdim=keepdim)


def _reshape(x: Tensor, shape: Tensor, **given: Any) -> Tensor:
    sizes = _numbers(shape)
    if not given.get("allowzero"):
        sizes = [x.shape[n] if size == 0 else size for n, size in enumerate(sizes)]
    return x.reshape(sizes)


def _conv(x: Tensor, weight: Tensor, bias: Tensor | None = None, **given: Any) -> Tensor:
    spatial = x.dim() - 2
    pads = list(given.get("pads", [0] * 2 * spatial))
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or pads[:spatial] != pads[spatial:]:
        raise NotImplementedError("uneven padding")
    run = (functional.conv1d, functional.conv2d, functional.conv3d)[spatial - 1]
    strides, dilations = given.get("strides", [1] * spatial), given.get("dilations", [1] * spatial)
    return run(x, weight, bias, strides, pads[:spatial], dilations, given.get("group", 1))


def _batch_norm(
    x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, **given: Any
) -> Tensor:
    return functional.batch_norm(x, mean, variance, scale, bias, eps=given.get("epsilon", 1e-5))


def _layer_norm(x: Tensor, scale: Tensor, bias: Tensor | None = None, **given: Any) -> Tensor:
    axis = given.get("axis", -1) % x.dim()
    return functional.layer_norm(x, x.shape[axis:], scale, bias, given.get("epsilon", 1e-5))


def _gemm(a: Tensor, b: Tensor, c: Tensor | None = None, **given: Any) -> Tensor:
    a = a.T if given.get("transA") else a
    b = b.T if given.get("transB") else b
    product = given.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + given.get("beta", 1.0) * c


def _slice(
    x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    begin, end = _numbers(starts), _numbers(ends)
    at = _numbers(axes) if axes is not None else list(range(len(begin)))
    step = _numbers(steps) if steps is not None else [1] * len(begin)
    if min(step) < 1:
        raise NotImplementedError("backward steps")
    index = [slice(None)] * x.dim()
    for axis, first, last, stride in zip(at, begin, end, step, strict=True):
        size = x.shape[axis]
        # Exporters write "to the end" as the largest integer, and "from the beginning" as the least.
        index[axis % x.dim()] = slice(max(first, -size), max(min(last, size), -size), stride)
    return x[tuple(index)]


def _gather(x: Tensor, indices: Tensor, *, placed: Tensor | None = None, axis: int = 0) -> Tensor:
    axis %= x.dim()
    if placed is not None and x.device == placed.device:
        indices = placed
    flat = indices.reshape(-1).remainder(x.shape[axis])
    found = torch.index_select(x, axis, flat)
    return found.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def _split(x: Tensor, sizes: Tensor | None = None, **given: Any) -> Sequence[Tensor]:
    axis = given.get("axis", 0)
    if sizes is not None:
        return torch.split(x, _numbers(sizes), dim=axis)
    return torch.split(x, -(-x.shape[axis] // given["num_outputs"]), dim=axis)


def _shape(x: Tensor, **given: Any) -> Tensor:
    return torch.tensor(list(x.shape)[given.get("start", 0) : given.get("end")], dtype=torch.int64)


def _squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(_numbers(axes))


def _unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    rank = x.dim() + axes.numel()
    for axis in sorted(n % rank for n in _numbers(axes)):
        x = x.unsqueeze(axis)
    return x


def _cast(x: Tensor, **given: Any) -> Tensor:
    return x.to(DTYPES[given["to"]])


def _clip(x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    return torch.clamp(x, low, high)


def _filled(shape: Tensor, **given: Any) -> Tensor:
    value = given.get("value", np.zeros(1, np.float32))
    return torch.full(_numbers(shape), value.reshape(-1)[0].item(), dtype=torch.from_numpy(value).dtype)


def _divided(a: Tensor, b: Tensor) -> Tensor:
    return torch.div(a, b, rounding_mode=None if a.is_floating_point() else "trunc")


def _gelu(x: Tensor, **given: Any) -> Tensor:
    return functional.gelu(x, approximate=given.get("approximate", b"none").decode())


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, tuple(_numbers(shape))))


def _transpose(x: Tensor, **given: Any) -> Tensor:
    return x.permute(given.get("perm", list(range(x.dim()))[::-1]))


DTYPES = {
    1: torch.float32,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}
"""By ONNX's numbers."""

OPERATORS: dict[str, Operator] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": lambda *parts, axis: torch.cat(parts, dim=axis),
    "ConstantOfShape": _filled,
    "Conv": _conv,
    "Div": _divided,
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Expand": _expand,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Identity": lambda x: x,
    "LayerNormalization": _layer_norm,
    "Less": torch.lt,
    "MatMul": torch.matmul,
    "Max": lambda first, *rest: _folded(torch.maximum, first, rest),
    "Min": lambda first, *rest: _folded(torch.minimum, first, rest),
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pow": torch.pow,
    "Reciprocal": torch.reciprocal,
    "ReduceL2": _reduced(_length),
    "ReduceMax": _reduced(_largest),
    "ReduceMean": _reduced(torch.mean),
    "ReduceSum": _reduced(torch.sum),
    "Relu": torch.relu,
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": torch.sigmoid,
    "Slice": _slice,
    "Softmax": lambda x, axis=-1: torch.softmax(x, dim=axis),
    "Split": _split,
    "Sqrt": torch.sqrt,
    "Squeeze": _squeeze,
    "Sub": torch.sub,
    "Tanh": torch.tanh,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": torch.where,
}
"""By ONNX's names."""


def _folded(pair: Callable[[Tensor, Tensor], Tensor], first: Tensor, rest: Sequence[Tensor]) -> Tensor:
    for other in rest:
        first = pair(first, other)
    return first
