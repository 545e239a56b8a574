"""A small transformer over body parts and time: a window of joint positions to one vector."""

import torch
from torch import Tensor, nn

from streams.skeleton.errors import ShapeError
from streams.skeleton.layouts import NTU_25, Joint
from training.config import TransformerConfig

PARTS: tuple[tuple[Joint, ...], ...] = (
    (Joint.SPINE_BASE, Joint.SPINE_MID, Joint.SPINE_SHOULDER, Joint.NECK, Joint.HEAD),
    *(
        tuple(
            Joint[f"{name}_{side}"] for name in ("SHOULDER", "ELBOW", "WRIST", "HAND", "HAND_TIP", "THUMB")
        )
        for side in ("LEFT", "RIGHT")
    ),
    *(
        tuple(Joint[f"{name}_{side}"] for name in ("HIP", "KNEE", "ANKLE", "FOOT"))
        for side in ("LEFT", "RIGHT")
    ),
)
"""Joints of a token: trunk, left arm, right arm, left leg, right leg; every joint is in one of them."""

FINE_PARTS: tuple[tuple[Joint, ...], ...] = (
    (Joint.SPINE_SHOULDER, Joint.NECK, Joint.HEAD),
    (Joint.SPINE_BASE, Joint.SPINE_MID, Joint.HIP_LEFT, Joint.HIP_RIGHT),
    *(
        tuple(Joint[f"{name}_{side}"] for name in names)
        for names in (
            ("SHOULDER", "ELBOW", "WRIST"),
            ("HAND", "HAND_TIP", "THUMB"),
            ("KNEE", "ANKLE"),
            ("FOOT",),
        )
        for side in ("LEFT", "RIGHT")
    ),
)
"""The same, finer: head, hips, arms, hands, legs, feet; none holds joints of two of STAR's six parts."""

_VELOCITY = 5.0
"""Differences between frames times this are about as large as positions."""


class Block(nn.Module):
    """Attention over all tokens, then a network on each; normalised before, added after.

    Plain MatMul and Softmax: the fused attention is slower on a CPU for so few tokens, and every
    runtime knows these operators. Products are of rows, not of windows of rows: exported, each has its
    bias and its ReLU inside.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, S, width) of tokens (N, S, width)."""
        count, size, width = tokens.shape
        rows = tokens.reshape(-1, width)
        mixed = self.mix(self.before(rows)).view(count, size, 3 * self.heads, width // self.heads)
        query, key, value = mixed.transpose(1, 2).split(self.heads, dim=1)
        weights = torch.softmax(query @ key.transpose(2, 3) * (width // self.heads) ** -0.5, dim=-1)
        rows = rows + self.out((weights @ value).transpose(1, 2).reshape(-1, width))
        return (rows + self.think(self.between(rows))).view(count, size, width)


def _other_sides(parts: tuple[tuple[Joint, ...], ...]) -> list[int]:
    """For each part, the one that takes its place in a mirror."""
    mirror = NTU_25.mirrored()
    sets = [set(part) for part in parts]
    return [sets.index({Joint(mirror[joint]) for joint in part}) for part in parts]


class BodyTransformer(nn.Module):
    """Positions (N, M, T, 25, 3) to features (N, ``features``).

    Ours, after Vaswani et al., NeurIPS 2017, and Dosovitskiy et al., ICLR 2021. A token is a body
    part over a few frames, positions and velocities; the features are the mean of the last
    tokens. On a CPU it trains several times faster than ST-GCN, whose work is many small products.
    In training a share of the tokens is left out, which saves their cost and keeps the encoder
    from leaning on any one part (Li et al., "Scaling Language-Image Pre-training via Masking",
    CVPR 2023).

    Absent persons, all zeros, count for nothing: the mean runs over those who are there.

    Args:
        config: Size and habits.
        twins: The second half of every batch is the first in a mirror; the same is left out of both.
    """

    order: Tensor
    owner: Tensor

    def __init__(self, config: TransformerConfig, *, twins: bool = False) -> None:
        super().__init__()
        self.config, self.twins = config, twins
        size = config.patch * 6
        self.parts = PARTS if config.parts == len(PARTS) else FINE_PARTS
        order = torch.tensor([joint for part in self.parts for joint in part])
        self.register_buffer("order", order, persistent=False)
        owner = [k for joint in range(len(NTU_25)) for k, part in enumerate(self.parts) if joint in part]
        self.register_buffer("owner", torch.tensor(owner), persistent=False)
        self.other_side = _other_sides(self.parts)
        self.read = nn.ModuleList(nn.Linear(size * len(part), config.width) for part in self.parts)
        self.when = nn.Parameter(torch.randn(config.frames // config.patch, 1, config.width) * 0.02)
        self.where = nn.Parameter(torch.randn(1, len(self.parts), config.width) * 0.02)
        self.blocks = nn.Sequential(*(Block(config.width, config.heads) for _ in range(config.depth)))
        self.last = nn.LayerNorm(config.width)

    @property
    def features(self) -> int:
        """Length of the output."""
        return self.config.width

    def forward(self, positions: Tensor) -> Tensor:
        """Features (N, ``features``).

        Args:
            positions: (N, M, T, 25, 3) float32, normalised; an absent person is all zeros.

        Raises:
            ShapeError: T is not the window the encoder was built for.
        """
        count, persons = positions.shape[:2]
        tokens = self.blocks(self._kept(self._tokens(self._flat(positions))))
        pooled = self.last(tokens).mean(dim=1).view(count, persons, self.features)
        present = _present(positions).to(pooled.dtype).unsqueeze(2)
        return (pooled * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)

    def cube(self, positions: Tensor) -> Tensor:
        """Features before pooling, (N, ``features``, T / ``patch``, 25): the mean over persons.

        Every joint has its part's token, so a mean over joints weighs a part by its joints, unlike
        ``forward``. No token is left out, in training neither.

        Args:
            positions: As of ``forward``.
        """
        count, persons = positions.shape[:2]
        tokens = self.last(self.blocks(self._tokens(self._flat(positions))))
        steps = self.config.frames // self.config.patch
        each = tokens.view(count, persons, steps, len(self.parts), self.features)
        present = _present(positions).to(each.dtype).view(count, persons, 1, 1, 1)
        mean = (each * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)
        return mean.index_select(2, self.owner).permute(0, 3, 1, 2)

    def _flat(self, positions: Tensor) -> Tensor:
        """(N M, T, 25, 3), refused where T is not the encoder's."""
        count, persons, frames, joints, channels = positions.shape
        if frames != self.config.frames:
            raise ShapeError(
                f"wanted windows of {self.config.frames} frames, got {frames}; set transformer.frames"
            )
        return positions.reshape(count * persons, frames, joints, channels)

    def _tokens(self, flat: Tensor) -> Tensor:
        """(B, S, width) of positions (B, T, 25, 3), parts of one time side by side."""
        velocity = torch.cat([torch.zeros_like(flat[:, :1]), flat[:, 1:] - flat[:, :-1]], dim=1)
        both = torch.cat([flat, velocity * _VELOCITY], dim=3)
        # ``len`` would fix the number of windows in an exported graph.
        count, steps = flat.shape[0], self.config.frames // self.config.patch
        parts = both.index_select(2, self.order).split([len(part) for part in self.parts], dim=2)
        read = [
            layer(part.reshape(count * steps, -1)) for layer, part in zip(self.read, parts, strict=True)
        ]
        tokens = torch.stack(read, dim=1).view(count, steps, len(self.parts), -1)
        return (tokens + self.when + self.where).flatten(1, 2)

    def _kept(self, tokens: Tensor) -> Tensor:
        """In training, a random share of each window's tokens; else all of them."""
        if not self.training or self.config.token_drop == 0:
            return tokens
        count, size, width = tokens.shape
        keep = max(1, round(size * (1 - self.config.token_drop)))
        chances = torch.rand(count, size)
        if self.twins:
            first = chances[: count // 2].view(count // 2, -1, len(self.parts))
            chances = torch.cat([first, first[..., self.other_side]]).view(count, size)
        chosen = chances.argsort(dim=1)[:, :keep, None].expand(-1, -1, width)
        return tokens.gather(1, chosen)


def _present(positions: Tensor) -> Tensor:
    """(N, M): 1 for a person who is there, 0 for one of zeros."""
    # The largest of floats; ``any`` is exported as the largest of integers, which not every runtime has.
    return (positions.abs().amax(dim=(2, 3, 4)) > 0).to(positions.dtype)


assert all(
    sorted(joint for part in parts for joint in part) == list(range(len(NTU_25)))
    for parts in (PARTS, FINE_PARTS)
)
