"""PGFA told of mirrors: what does not change in one, and what changes sign."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from streams.skeleton.layouts import NTU_25
from training.config import EncoderConfig, SidesConfig
from training.encoders.select import build_encoder
from training.methods.whitening import LENGTH, whitening


class SidedText(nn.Module):
    """Sided text features (N, 2 E) to class rows (N, even + odd), unit rows.

    A network h hears the text and the text in a mirror, that is the feature with its second half
    negated; the first numbers are made of the sum of both answers, the last ones of their
    difference. A text that names no side therefore has zeros there, and "left" and "right" differ
    there and nowhere else.

    Args:
        dim: E.
        hidden: Units of each hidden layer of h.
        sides: How many numbers of either kind.
        layers: Hidden layers.
        dropout: Share of hidden units dropped in training, [0, 1).
    """

    mean: Tensor
    whitening: Tensor
    whitening_of_side: Tensor

    def __init__(
        self, dim: int, hidden: int, *, sides: SidesConfig, layers: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("whitening", torch.eye(dim))
        self.register_buffer("whitening_of_side", torch.eye(dim) * LENGTH)
        sizes = [2 * dim, *[hidden] * layers]
        self.hear = nn.Sequential(
            *(
                part
                for size, wider in pairwise(sizes)
                for part in (nn.Linear(size, wider), nn.GELU(), nn.Dropout(dropout))
            )
        )
        self.base = nn.Linear(dim, sides.even, bias=False)
        self.even = nn.Linear(hidden, sides.even)
        self.odd = nn.Linear(hidden, sides.odd, bias=False)
        nn.init.orthogonal_(self.base.weight)
        nn.init.zeros_(self.even.weight)
        nn.init.zeros_(self.even.bias)

    def fit(self, features: Tensor) -> None:
        """Take mean and whitening from these features (N, 2 E)."""
        plain, side = features.chunk(2, dim=1)
        self.mean.copy_(plain.mean(dim=0))
        self.whitening.copy_(whitening(plain - self.mean))
        self.whitening_of_side.copy_(whitening(side[side.any(dim=1)]))

    def forward(self, features: Tensor) -> Tensor:
        """Class rows (N, even + odd)."""
        plain, side = features.chunk(2, dim=1)
        heard, of_side = (plain - self.mean) @ self.whitening, side @ self.whitening_of_side
        one = self.hear(torch.cat([heard, of_side], dim=1))
        other = self.hear(torch.cat([heard, -of_side], dim=1))
        even = self.base(plain) + self.even((one + other) / 2)
        return functional.normalize(torch.cat([even, self.odd((one - other) / 2)], dim=1), dim=1)


class SidedPgfa(nn.Module):
    """Positions (N, M, T, 25, 3) to embeddings (N, even + odd), unit rows.

    The encoder sees the window and the window in a mirror; the first numbers are made of the sum
    of both features, the last ones of their difference. Mirroring a window negates the last ones
    and leaves the others, whatever the weights: an action is as well known on one side as on the
    other, and which side it is is known apart. Ours; the papers augment with mirrored windows or
    not at all.

    Args:
        encoder: Kind and size of the encoder.
        dim: E, length of the plain text encoder's features.
        sides: How many numbers of either kind.
        adapter: Hidden units of the text side.
    """

    order: Tensor
    sign: Tensor

    def __init__(self, encoder: EncoderConfig, *, dim: int, sides: SidesConfig, adapter: int) -> None:
        super().__init__()
        self.dim = sides.even + sides.odd
        self.text: nn.Module = SidedText(dim, adapter, sides=sides)
        self.encoder = build_encoder(encoder, twins=True)
        self.even = nn.Linear(self.encoder.features, sides.even)
        self.odd = nn.Linear(self.encoder.features, sides.odd, bias=False)
        for layer in (self.even, self.odd):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        nn.init.zeros_(self.even.bias)
        self.register_buffer("order", torch.tensor(NTU_25.mirrored()), persistent=False)
        self.register_buffer("sign", torch.tensor([-1.0, 1.0, 1.0]), persistent=False)

    def forward(self, positions: Tensor) -> Tensor:
        """Embeddings (N, even + odd) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised; an absent person is all zeros.
        """
        mirror = positions.index_select(3, self.order) * self.sign
        # ``chunk`` would fix the number of windows in an exported graph.
        one, other = self.encoder(torch.cat([positions, mirror])).unflatten(0, (2, -1))
        even, odd = self.even((one + other) / 2), self.odd((one - other) / 2)
        return functional.normalize(torch.cat([even, odd], dim=1), dim=1)
