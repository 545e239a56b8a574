"""PGFA's projection and loss on a frozen encoder: the paper's comparison with its end-to-end training."""

from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.losses import contrastive_kl
from training.methods.alignment import Comparison, compared

_BY = Comparison("cosine", 0.07)


class Projection(nn.Module):
    """Pooled features to the text space, one linear layer.

    Zhou et al., PGFA, TIP 2025, sec. IV-E, "pre-trained and fixed encoder".

    Args:
        channels: C of the cubes.
        dim: E of the text features.
    """

    def __init__(self, *, channels: int, dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(channels, dim)

    def rows(self, cubes: Tensor) -> Tensor:
        """(B, 1, E) unit rows."""
        return functional.normalize(self.project(cubes.mean(dim=(2, 3))), dim=1).unsqueeze(1)

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """PGFA's contrastive loss over the batch."""
        return contrastive_kl(self.rows(cubes)[:, 0], seen.described[labels], labels)

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) cosines divided by the temperature."""
        return compared(self.rows(cubes).transpose(0, 1), classes.described[None], _BY)
