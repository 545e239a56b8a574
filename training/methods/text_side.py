"""The text side of a model that is trained by itself, after the encoder."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.methods.whitening import whitening


class TextSide(nn.Module):
    """Text features (N, D) to class rows (N, D), unit rows: the feature plus a learnt correction.

    Sentences about movements fill a small corner of a sentence encoder's space, where "raise the
    left arm" and "raise the right arm" all but touch. The correction sees them centred and whitened
    by the statistics of the sentences it is trained on (``fit``). It begins as the identity.

    Args:
        dim: D.
        hidden: Units of each of the two hidden layers.
        dropout: Share of them dropped in training, [0, 1).
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, dim: int, hidden: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("whitening", torch.eye(dim))
        self.correction = nn.Sequential(
            *(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout)),
            *(nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout)),
            nn.Linear(hidden, dim),
        )
        last = self.correction[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def fit(self, features: Tensor) -> None:
        """Take mean and whitening from these features (N, D)."""
        self.mean.copy_(features.mean(dim=0))
        self.whitening.copy_(whitening(features - self.mean))

    def forward(self, features: Tensor) -> Tensor:
        """Class rows (N, D)."""
        whitened = (features - self.mean) @ self.whitening
        return functional.normalize(features + self.correction(whitened), dim=1)
