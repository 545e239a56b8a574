"""SMIE: a critic of mutual information between skeletons and texts."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import perceptron


def jensen_shannon_bound(positive: Tensor, negative: Tensor) -> Tensor:
    """Lower bound of the Jensen-Shannon mutual information: E+[-sp(-c)] - E-[sp(c)].

    Zhou et al., SMIE, ACM MM 2023, eq. 3, after Hjelm et al. 2019; sp is the softplus.

    Args:
        positive: Critic values of pairs that belong together, any shape.
        negative: Critic values of pairs that do not.
    """
    return -functional.softplus(-positive).mean() - functional.softplus(negative).mean()


class Smie(nn.Module):
    """Pooled features and class texts to critic values.

    Zhou et al., "Zero-Shot Skeleton-Based Action Recognition via Mutual Information Estimation and
    Maximization", ACM MM 2023. Departures: cubes of a frozen encoder hold time already, so the temporal
    constraint compares the whole cube with one whose most active frames are taken out, and asks that
    the whole be the better by a margin (eqs. 6 and 7); all other seen classes are negatives.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
    """

    def __init__(self, *, channels: int, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)
        self.critic = perceptron((channels + dim, 512, 256, 1))

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Negative bound of the information, and the temporal constraint."""
        table = self.branches(cubes, seen)[0]
        own = table.gather(1, labels[:, None])
        wrong = torch.ones_like(table, dtype=torch.bool).scatter(1, labels[:, None], value=False)
        poorer = self.branches(without_motion(cubes), seen)[0].gather(1, labels[:, None])
        constraint = torch.relu(poorer - own + 0.1).mean()
        return constraint - jensen_shannon_bound(own, table[wrong])

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) critic values."""
        skeleton, text = self.norm(cubes.mean(dim=(2, 3))), classes.described
        count, known = len(skeleton), len(text)
        pairs = torch.cat(
            [skeleton[:, None].expand(-1, known, -1), text[None].expand(count, -1, -1)], dim=2
        )
        return self.critic(pairs).squeeze(2)[None]


def without_motion(cubes: Tensor) -> Tensor:
    """Cubes (B, C, T', V), the half of frames that changes most taken out; T' is T - T // 2."""
    change = (cubes[:, :, 1:] - cubes[:, :, :-1]).abs().mean(dim=(1, 3))
    change = torch.cat([change[:, :1], change], dim=1)
    kept = change.argsort(dim=1)[:, : change.shape[1] - change.shape[1] // 2].sort(dim=1).values
    index = kept[:, None, :, None].expand(-1, cubes.shape[1], -1, cubes.shape[3])
    return cubes.gather(2, index)
