"""Shift-GCN: a window of joint positions to one vector, by shifts in place of wide kernels."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from streams.skeleton.layouts import NTU_25
from streams.skeleton.window import MAX_PERSONS
from training.config import ShiftGcnConfig

_CHANNELS = 3
_JOINTS = len(NTU_25)


def shift_index(channels: int, direction: int) -> Tensor:
    """(25 C,) int64: where each value of a frame, joints by channels, comes from.

    Channel c of joint v takes the value of joint (v + direction * c) mod 25: Cheng et al., "Skeleton-Based
    Action Recognition With Shift Graph Convolutional Network", CVPR 2020, sec. 4.1.2, non-local shift.

    Args:
        channels: C.
        direction: 1 into the layer, -1 out of it.
    """
    joint, channel = torch.meshgrid(torch.arange(_JOINTS), torch.arange(channels), indexing="ij")
    return (((joint + direction * channel) % _JOINTS) * channels + channel).flatten()


class SpatialShift(nn.Module):
    """Features (N, C_out, T, V) of (N, C_in, T, V): shift, one matrix for all joints, shift back."""

    into: Tensor
    back: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.weight = nn.Parameter(torch.randn(inputs, outputs) / math.sqrt(outputs))
        self.bias = nn.Parameter(torch.zeros(1, 1, outputs))
        self.mask = nn.Parameter(torch.zeros(1, _JOINTS, inputs))
        self.norm = nn.BatchNorm1d(_JOINTS * outputs)
        self.register_buffer("into", shift_index(inputs, 1), persistent=False)
        self.register_buffer("back", shift_index(outputs, -1), persistent=False)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(_pointwise(inputs, outputs), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C_out, T, V)."""
        count, frames = x.shape[0], x.shape[2]
        rows = x.permute(0, 2, 3, 1).reshape(count * frames, _JOINTS * self.inputs)
        rows = rows.index_select(1, self.into).view(-1, _JOINTS, self.inputs)
        rows = torch.matmul(rows * (torch.tanh(self.mask) + 1), self.weight) + self.bias
        rows = self.norm(rows.view(-1, _JOINTS * self.outputs).index_select(1, self.back))
        back = rows.view(count, frames, _JOINTS, self.outputs).permute(0, 3, 1, 2)
        return torch.relu(back + self.shortcut(x))


class TemporalShift(nn.Module):
    """Features (N, C, T / stride, V): each channel moved in time by a learnt number of frames.

    Between frames it interpolates, beyond the window it reads zeros (Cheng et al. 2020, sec. 4.2.2).
    Written as a depthwise convolution whose kernel is a tent around the shift: the same sums, no
    code for one vendor's hardware, and an ONNX graph of a plain Conv. With a stride the released
    kernel reads half a frame later; so does this.
    """

    def __init__(self, channels: int, *, stride: int = 1, released_gradient: bool = False) -> None:
        super().__init__()
        self.stride = stride
        self.held: int | None = None
        self.shift = nn.Parameter(torch.empty(channels).uniform_(-1, 1))
        if released_gradient:
            self.shift.register_hook(lambda gradient: 0.01 * torch.sign(gradient))

    @property
    def reach(self) -> int:
        """Frames on either side that the furthest shift needs; as held for an export."""
        if self.held is not None:
            return self.held
        return max(1, math.ceil(float(self._offsets().detach().abs().max())))

    def kernel(self, reach: int) -> Tensor:
        """(C, 1, 2 ``reach`` + 1, 1): weight of every frame around."""
        taps = torch.arange(-reach, reach + 1, device=self.shift.device, dtype=self.shift.dtype)
        return torch.relu(1 - (taps - self._offsets()[:, None]).abs())[:, None, :, None]

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, T / stride, V)."""
        reach = self.reach
        kernel = self.kernel(reach).to(x.dtype)
        return functional.conv2d(x, kernel, stride=(self.stride, 1), padding=(reach, 0), groups=len(kernel))

    def _offsets(self) -> Tensor:
        return self.shift + 0.5 if self.stride > 1 else self.shift


class Unit(nn.Module):
    """One spatial-temporal unit: a spatial shift, then a temporal shift on either side of a matrix."""

    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, residual: bool = True, released: bool = False
    ) -> None:
        super().__init__()
        self.space = SpatialShift(inputs, outputs)
        self.time = nn.Sequential(
            nn.BatchNorm2d(outputs),
            TemporalShift(outputs, released_gradient=released),
            _pointwise(outputs, outputs),
            nn.ReLU(),
            TemporalShift(outputs, stride=stride, released_gradient=released),
            nn.BatchNorm2d(outputs),
        )
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if residual and (inputs != outputs or stride != 1):
            self.shortcut = nn.Sequential(
                _pointwise(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C_out, T / stride, V)."""
        y = self.time(self.space(x))
        return torch.relu(y + self.shortcut(x)) if self.residual else torch.relu(y)


class ShiftGcn(nn.Module):
    """Positions (N, M, T, 25, 3) to features (N, 4 ``width``); T a multiple of 4.

    Cheng et al., CVPR 2020, joint stream, as PGFA's Setting II, STAR and Neuron use it. One departure:
    ``absent="masked"``, the default, leaves out a person made of zeros and normalises all persons
    alike, so that a live window of one person needs no second slot.
    """

    def __init__(self, config: ShiftGcnConfig) -> None:
        super().__init__()
        self.config = config
        w, released = config.width, config.shift_gradient == "released"
        persons = MAX_PERSONS if config.absent == "averaged" else 1
        self.normalize = nn.BatchNorm1d(persons * _JOINTS * _CHANNELS)
        sizes = [
            *((w, w, 1) for _ in range(3)),
            (w, 2 * w, 2),
            *((2 * w, 2 * w, 1) for _ in range(2)),
            (2 * w, 4 * w, 2),
            *((4 * w, 4 * w, 1) for _ in range(2)),
        ]
        self.units = nn.Sequential(
            Unit(_CHANNELS, w, residual=False, released=released),
            *(Unit(a, b, stride=stride, released=released) for a, b, stride in sizes),
        )

    @property
    def features(self) -> int:
        """Length of the output."""
        return 4 * self.config.width

    def forward(self, positions: Tensor) -> Tensor:
        """Features (N, 4 ``width``).

        Args:
            positions: (N, M, T, 25, 3) float32, normalised; an absent person is all zeros.
        """
        return self.cube(positions).mean(dim=(2, 3))

    def cube(self, positions: Tensor) -> Tensor:
        """Features before pooling, (N, 4 ``width``, T / 4, 25): the mean over persons.

        Args:
            positions: As of ``forward``.
        """
        count, persons = positions.shape[:2]
        averaged = self.config.absent == "averaged"
        if averaged and self.training and persons < MAX_PERSONS:
            missing = MAX_PERSONS - persons
            positions = functional.pad(positions, (0, 0, 0, 0, 0, 0, 0, missing))
            persons = MAX_PERSONS
        each = self.units(self._normalized(positions))
        each = each.view(count, persons, *each.shape[1:])
        if averaged:
            if persons == MAX_PERSONS:
                return each.mean(dim=1)
            return (each.sum(dim=1) + self._absent(positions[:1, :1])) / MAX_PERSONS
        present = (positions != 0).flatten(2).any(dim=2).to(each.dtype).view(count, persons, 1, 1, 1)
        return (each * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)

    def _absent(self, lone: Tensor) -> Tensor:
        """(1, C, T / 4, 25): what the second person adds where there is none; a constant in evaluation."""
        both = torch.cat([torch.zeros_like(lone)] * MAX_PERSONS, dim=1)
        return self.units(self._normalized(both)[1:])

    def _normalized(self, positions: Tensor) -> Tensor:
        """(N M, 3, T, 25) after the first batch normalisation."""
        count, persons, frames, joints, channels = positions.shape
        if self.config.absent == "averaged":
            flat = positions.permute(0, 1, 3, 4, 2).reshape(count, persons * joints * channels, frames)
            x = self._first(flat)
        else:
            flat = positions.reshape(count * persons, frames, joints * channels)
            x = self.normalize(flat.transpose(1, 2))
        return x.reshape(count * persons, joints, channels, frames).permute(0, 2, 3, 1)

    def _first(self, flat: Tensor) -> Tensor:
        """Batch normalisation of the first persons alone; in evaluation each channel stands alone."""
        if self.training:
            return self.normalize(flat)
        norm, kept = self.normalize, flat.shape[1]
        assert norm.running_mean is not None
        assert norm.running_var is not None
        return functional.batch_norm(
            flat,
            norm.running_mean[:kept],
            norm.running_var[:kept],
            norm.weight[:kept],
            norm.bias[:kept],
            eps=norm.eps,
        )


def hold_shifts(module: nn.Module) -> None:
    """Fix the width of every temporal shift's kernel, so that a graph can be exported.

    The weights must not change afterwards.
    """
    for layer in module.modules():
        if isinstance(layer, TemporalShift):
            layer.held = layer.reach


def _pointwise(inputs: int, outputs: int, *, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 1, (stride, 1))
    nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
