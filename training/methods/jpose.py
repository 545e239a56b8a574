"""JPoSE: one space for the verbs of class names, one for the nouns, one for both."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import Comparison, compared

_COSINE = Comparison("cosine")


def triplet_loss(scores: Tensor, labels: Tensor, *, margin: float = 0.2) -> Tensor:
    """Mean over samples and wrong classes of max(0, margin - own score + their score).

    Wray et al., "Fine-Grained Action Retrieval Through Multiple Parts-of-Speech Embeddings", ICCV 2019,
    eq. 2, with every wrong class as a negative.

    Args:
        scores: (B, K), K at least 2.
        labels: (B,) int64.
        margin: By which the own class is to lead.
    """
    own = scores.gather(1, labels[:, None])
    wrong = torch.ones_like(scores).scatter(1, labels[:, None], 0.0)
    return (torch.relu(margin - own + scores) * wrong).sum() / wrong.sum()


class Jpose(nn.Module):
    """Pooled features to a verb space, a noun space and their join.

    Departure: the verb is a name's first word and the noun the rest, where the paper tags parts of speech.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
        code: Length of a space's rows.
    """

    def __init__(self, *, channels: int, dim: int, code: int = 128) -> None:
        super().__init__()
        self.skeleton = nn.ModuleList(nn.Linear(channels, code) for _ in range(2))
        self.text = nn.ModuleList(nn.Linear(dim, code) for _ in range(2))
        self.join_skeleton, self.join_text = nn.Linear(2 * code, code), nn.Linear(2 * code, code)

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Triplet losses of the joint space and of the two parts of speech."""
        skeleton, text = self._spaces(cubes, seen)
        tables = [compared(s, t, _COSINE) for s, t in zip(skeleton, text, strict=True)]
        return torch.stack([triplet_loss(table, labels) for table in tables]).sum()

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) cosines in the joint space."""
        skeleton, text = self._spaces(cubes, classes)
        return compared(skeleton[-1], text[-1], _COSINE)[None]

    def _spaces(self, cubes: Tensor, classes: Semantics) -> tuple[list[Tensor], list[Tensor]]:
        features = cubes.mean(dim=(2, 3))
        skeleton = [functional.normalize(layer(features), dim=1) for layer in self.skeleton]
        told = zip(self.text, (classes.verb, classes.noun), strict=True)
        text = [functional.normalize(layer(rows), dim=1) for layer, rows in told]
        joined = self.join_skeleton(torch.cat(skeleton, dim=1)), self.join_text(torch.cat(text, dim=1))
        return [*skeleton, joined[0]], [*text, joined[1]]
