"""ST-GCN: a window of joint positions to one vector."""

import torch
from torch import Tensor, nn

from streams.skeleton.graph import spatial_partition
from streams.skeleton.layouts import NTU_25, Layout
from training.config import StGcnConfig

_KERNEL = 9  # frames, Yan et al. 2018 sec. 3.5
_CHANNELS = 3


class GraphConvolution(nn.Module):
    """Every joint's weighted sum over its three kinds of neighbours, (N, C_out, T, V).

    MatMul in place of the usual einsum: the same sums, twice as fast in ONNX Runtime.
    """

    partition: Tensor

    def __init__(self, inputs: int, outputs: int, *, layout: Layout = NTU_25) -> None:
        super().__init__()
        partition = torch.from_numpy(spatial_partition(layout))
        self.register_buffer("partition", partition, persistent=False)
        self.importance = nn.Parameter(torch.ones_like(partition))
        self.outputs = outputs
        self.mix = nn.Conv2d(inputs, outputs * len(partition), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C_out, T, V) of features (N, C_in, T, V)."""
        count, frames, joints = x.shape[0], x.shape[2], x.shape[3]
        graph = self.partition * self.importance
        mixed = self.mix(x).reshape(count, len(graph), self.outputs * frames, joints)
        return torch.matmul(mixed, graph).sum(dim=1).view(count, self.outputs, frames, joints)


class Block(nn.Module):
    """One spatial-temporal unit: graph convolution, then a convolution over 9 frames."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int = 1,
        dropout: float = 0.5,
        residual: bool = True,
        layout: Layout = NTU_25,
    ) -> None:
        super().__init__()
        self.graph = GraphConvolution(inputs, outputs, layout=layout)
        self.time = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, (_KERNEL, 1), (stride, 1), (_KERNEL // 2, 0)),
            nn.BatchNorm2d(outputs),
            nn.Dropout(dropout),
        )
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if residual and (inputs != outputs or stride != 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, (stride, 1)), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C_out, T / stride, V) of features (N, C_in, T, V)."""
        y = self.time(self.graph(x))
        return torch.relu(y + self.shortcut(x)) if self.residual else torch.relu(y)


class StGcn(nn.Module):
    """Positions (N, M, T, 25, 3) to features (N, ``features``).

    Ten blocks after Yan et al., AAAI 2018, in PGFA's 16-channel size (Zhou et al., TIP 2025,
    sec. IV-C; the last block widens to 256).

    Absent persons: PGFA averages over two persons even where the second is all zeros, so each
    lone person's features are halved and shifted by the constant that zeros give. ``"masked"``
    averages over the persons that are there. Then a lone person needs no second slot, which
    halves the cost of a live window, and the features of two people are the mean of what each
    does. Checkpoints of the two kinds must not be mixed; the paper protocols use ``"averaged"``.

    Args:
        config: Sizes and habits.
        layout: The skeleton; ``PUBLISHED_NTU_25`` for released checkpoints.
    """

    def __init__(self, config: StGcnConfig, *, layout: Layout = NTU_25) -> None:
        super().__init__()
        self.config = config
        w, d = config.width, config.dropout
        self.normalize = nn.BatchNorm1d(len(NTU_25) * _CHANNELS)
        self.blocks = nn.Sequential(
            Block(_CHANNELS, w, dropout=0.0, residual=False, layout=layout),
            *(Block(w, w, dropout=d, layout=layout) for _ in range(3)),
            Block(w, 2 * w, stride=2, dropout=d, layout=layout),
            *(Block(2 * w, 2 * w, dropout=d, layout=layout) for _ in range(2)),
            Block(2 * w, 4 * w, stride=2, dropout=d, layout=layout),
            Block(4 * w, 4 * w, dropout=d, layout=layout),
            Block(4 * w, config.features, dropout=d, layout=layout),
        )

    @property
    def features(self) -> int:
        """Length of the output."""
        return self.config.features

    def forward(self, positions: Tensor) -> Tensor:
        """Features (N, ``features``).

        Args:
            positions: (N, M, T, 25, 3) float32, normalised; an absent person is all zeros.
        """
        return self.cube(positions).mean(dim=(2, 3))

    def cube(self, positions: Tensor) -> Tensor:
        """Features before pooling, (N, ``features``, T / 4, 25): the mean over persons.

        Args:
            positions: As of ``forward``.
        """
        count, persons = positions.shape[:2]
        each = self._each(positions)
        each = each.view(count, persons, *each.shape[1:])
        if self.config.absent == "averaged":
            return each.mean(dim=1)
        present = (positions != 0).flatten(2).any(dim=2).to(each.dtype).view(count, persons, 1, 1, 1)
        return (each * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)

    def _each(self, positions: Tensor) -> Tensor:
        """(N M, ``features``, T / 4, 25): every person alone."""
        count, persons, frames, joints, channels = positions.shape
        flat = positions.reshape(count * persons, frames, joints * channels)
        x = self.normalize(flat.transpose(1, 2))
        return self.blocks(x.view(count * persons, joints, channels, frames).permute(0, 2, 3, 1))
