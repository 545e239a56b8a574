"""RelationNet: a learnt measure of how well a skeleton and a text go together."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import perceptron


class RelationNet(nn.Module):
    """Pooled features and class texts to relation scores in [0, 1].

    Sung et al., "Learning to Compare: Relation Network for Few-Shot Learning", CVPR 2018, sec. 3.4
    (zero-shot), as Jasani and Mazagonwalla (2019) apply it to skeletons: squared error against 1 for
    the own class and 0 for the others.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
        hidden: Width of the layers between.
    """

    def __init__(self, *, channels: int, dim: int, hidden: int = 128) -> None:
        super().__init__()
        self.text = perceptron((dim, hidden, channels), last_relu=True)
        self.relation = perceptron((2 * channels, hidden, 1))

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Mean squared error of the relation to every seen class."""
        scores = self.branches(cubes, seen)[0]
        return functional.mse_loss(scores, functional.one_hot(labels, scores.shape[1]).to(scores.dtype))

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) relations, [0, 1]."""
        skeleton, text = cubes.mean(dim=(2, 3)), self.text(classes.described)
        count, known = len(skeleton), len(text)
        pairs = torch.cat(
            [skeleton[:, None].expand(-1, known, -1), text[None].expand(count, -1, -1)], dim=2
        )
        return torch.sigmoid(self.relation(pairs)).squeeze(2).unsqueeze(0)
