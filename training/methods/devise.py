"""DeViSE: a linear map into the text space, trained by ranking."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import Comparison, compared

_COSINE = Comparison("cosine")


def hinge_rank_loss(scores: Tensor, labels: Tensor, *, margin: float = 0.1) -> Tensor:
    """Mean over samples of the sum over wrong classes of max(0, margin - own score + their score).

    Frome et al., "DeViSE: A Deep Visual-Semantic Embedding Model", NIPS 2013, eq. 1.

    Args:
        scores: (B, K).
        labels: (B,) int64.
        margin: By which the own class is to lead.
    """
    own = scores.gather(1, labels[:, None])
    violations = torch.relu(margin - own + scores)
    wrong = torch.ones_like(scores).scatter(1, labels[:, None], 0.0)
    return (violations * wrong).sum(dim=1).mean()


class Devise(nn.Module):
    """Pooled features to the space of class names; all wrong classes count, not the first found.

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
        """The hinge rank loss of cosines to the seen classes' names."""
        return hinge_rank_loss(self.branches(cubes, seen)[0], labels)

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) cosines."""
        return compared(self.rows(cubes).transpose(0, 1), classes.described[None], _COSINE)
