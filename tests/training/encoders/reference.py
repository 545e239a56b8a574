"""Slow encoders that read the released state dictionaries by their own names, a sum at a time.

Written from the papers' equations, with numpy and loops, and sharing nothing with the encoders they
are compared with.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NTU_BONES = [
    *(
        (1, 2),
        (2, 21),
        (3, 21),
        (4, 3),
        (5, 21),
        (6, 5),
        (7, 6),
        (8, 7),
        (9, 21),
        (10, 9),
        (11, 10),
        (12, 11),
    ),
    *((13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 23), (23, 8)),
    *((24, 25), (25, 12)),
]
"""The published NTU graph, joints from 1."""


def published_graph() -> Array:
    """(3, 25, 25): self, same distance or farther, nearer to joint 20; columns of A + I sum to 1."""
    hops = np.full((25, 25), 99)
    np.fill_diagonal(hops, 0)
    for a, b in NTU_BONES:
        hops[a - 1, b - 1] = hops[b - 1, a - 1] = 1
    for _ in range(25):
        hops = np.minimum(hops, (hops[:, :, None] + hops[None, :, :]).min(axis=1))
    graph = np.zeros((3, 25, 25))
    for w in range(25):
        near = [v for v in range(25) if hops[v, w] <= 1]
        for v in near:
            k = 0 if v == w else (1 if hops[v, 20] >= hops[w, 20] else 2)
            graph[k, v, w] = 1 / len(near)
    return graph


def batch_norm(x: Array, state: dict[str, Any], name: str, axis: int) -> Array:
    """Evaluation-mode batch normalisation along ``axis``."""
    shape = [1] * x.ndim
    shape[axis] = -1
    mean, var, weight, bias = (
        np.asarray(state[f"{name}.{key}"], np.float64).reshape(shape)
        for key in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / np.sqrt(var + 1e-5) * weight + bias


def pointwise(x: Array, state: dict[str, Any], name: str, stride: int = 1) -> Array:
    """1 x 1 convolution of (C, T, V)."""
    weight = np.asarray(state[f"{name}.weight"], np.float64)[:, :, 0, 0]
    return np.tensordot(weight, x[:, ::stride], 1) + np.asarray(state[f"{name}.bias"])[:, None, None]


def st_gcn(state: dict[str, Any], positions: Array, strides: list[int]) -> Array:
    """(C,) features of (M, T, 25, 3), dropout off, persons averaged."""
    graph = published_graph()
    persons: list[Array] = []
    for person in positions:
        x = batch_norm(person.reshape(len(person), 75).T, state, "data_bn", 0)
        x = x.reshape(25, 3, -1).transpose(1, 2, 0)  # C, T, V
        for n, stride in enumerate(strides):
            name = f"st_gcn_networks.{n}"
            mixed = pointwise(x, state, f"{name}.gcn.conv")
            outputs = len(mixed) // 3
            weighted = graph * np.asarray(state[f"edge_importance.{n}"])
            y = sum(mixed[k * outputs : (k + 1) * outputs] @ weighted[k] for k in range(3))
            y = np.maximum(batch_norm(np.asarray(y), state, f"{name}.tcn.0", 0), 0)
            kernel = np.asarray(state[f"{name}.tcn.2.weight"], np.float64)[:, :, :, 0]
            padded = np.pad(y, ((0, 0), (4, 4), (0, 0)))
            steps = range(0, y.shape[1], stride)
            y = np.stack([np.einsum("oik,ikv->ov", kernel, padded[:, t : t + 9]) for t in steps], axis=1)
            y = batch_norm(
                y + np.asarray(state[f"{name}.tcn.2.bias"])[:, None, None], state, f"{name}.tcn.3", 0
            )
            if n == 0:
                x = np.maximum(y, 0)
            elif f"{name}.residual.0.weight" in state:
                short = pointwise(x, state, f"{name}.residual.0", stride)
                x = np.maximum(y + batch_norm(short, state, f"{name}.residual.1", 0), 0)
            else:
                x = np.maximum(y + x, 0)
        persons.append(x.mean(axis=(1, 2)))
    return np.mean(persons, axis=0)


def temporal_shift(x: Array, shift: Array, stride: int) -> Array:
    """Linear interpolation in time, zeros beyond the ends, a value at a time."""
    channels, frames, joints = x.shape
    out = np.zeros((channels, frames // stride, joints))
    for c in range(channels):
        offset = shift[c] + (0.5 if stride > 1 else 0.0)
        low = int(np.floor(offset))
        for t in range(frames // stride):
            for at, weight in ((low, 1 - (offset - low)), (low + 1, offset - low)):
                if 0 <= t * stride + at < frames:
                    out[c, t] += weight * x[c, t * stride + at]
    return out


def spatial_shift(x: Array, state: dict[str, Any], name: str) -> Array:
    """One released Shift_gcn of (C, T, V)."""
    inputs, frames, _ = x.shape
    weight = np.asarray(state[f"{name}.Linear_weight"], np.float64)
    outputs = weight.shape[1]
    mask = np.tanh(np.asarray(state[f"{name}.Feature_Mask"], np.float64)[0]) + 1
    moved = np.zeros((frames, 25, inputs))
    for i in range(25):
        for j in range(inputs):
            at = (i * inputs + j + j * inputs) % (inputs * 25)
            moved[:, i, j] = x[at % inputs, :, at // inputs]
    linear = (moved * mask) @ weight + np.asarray(state[f"{name}.Linear_bias"])[0, 0]
    back = np.zeros((frames, 25 * outputs))
    for i in range(25):
        for j in range(outputs):
            at = (i * outputs + j - j * outputs) % (outputs * 25)
            back[:, i * outputs + j] = linear[:, at // outputs, at % outputs]
    back = batch_norm(back, state, f"{name}.bn", 1).reshape(frames, 25, outputs).transpose(2, 0, 1)
    if f"{name}.down.0.weight" in state:
        return np.maximum(
            back + batch_norm(pointwise(x, state, f"{name}.down.0"), state, f"{name}.down.1", 0), 0
        )
    return np.maximum(back + x, 0)


def shift_gcn(state: dict[str, Any], positions: Array, strides: list[int]) -> Array:
    """(C,) features of (2, T, 25, 3)."""
    flat = positions.transpose(0, 2, 3, 1).reshape(150, -1)
    normal = batch_norm(flat, state, "data_bn", 0).reshape(2, 25, 3, -1)
    persons: list[Array] = []
    for person in normal:
        x = person.transpose(1, 2, 0)
        for n, stride in enumerate(strides, 1):
            name = f"l{n}"
            y = batch_norm(spatial_shift(x, state, f"{name}.gcn1"), state, f"{name}.tcn1.bn", 0)
            y = temporal_shift(y, np.asarray(state[f"{name}.tcn1.shift_in.ypos"]), 1)
            y = np.maximum(pointwise(y, state, f"{name}.tcn1.temporal_linear"), 0)
            y = temporal_shift(y, np.asarray(state[f"{name}.tcn1.shift_out.ypos"]), stride)
            y = batch_norm(y, state, f"{name}.tcn1.bn2", 0)
            if n == 1:
                x = np.maximum(y, 0)
            elif f"{name}.residual.conv.weight" in state:
                short = pointwise(x, state, f"{name}.residual.conv", stride)
                x = np.maximum(y + batch_norm(short, state, f"{name}.residual.bn", 0), 0)
            else:
                x = np.maximum(y + x, 0)
        persons.append(x.mean(axis=(1, 2)))
    return np.mean(persons, axis=0)
