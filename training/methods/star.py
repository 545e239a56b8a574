"""STAR: body parts of a skeleton against sentences on body parts."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import Joint
from training.lab.semantics import Semantics
from training.methods.alignment import Comparison, Similarity, compared, perceptron
from training.methods.star_losses import (
    global_cross_entropy,
    multi_part_cross_entropy,
    semantic_cross_entropy,
)

_HEAD = (Joint.NECK, Joint.HEAD, Joint.SPINE_SHOULDER)
_HANDS = (
    *(Joint.HAND_LEFT, Joint.HAND_RIGHT, Joint.HAND_TIP_LEFT, Joint.HAND_TIP_RIGHT),
    *(Joint.THUMB_LEFT, Joint.THUMB_RIGHT),
)
_ARMS = (
    *(Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT, Joint.ELBOW_LEFT, Joint.ELBOW_RIGHT),
    *(Joint.WRIST_LEFT, Joint.WRIST_RIGHT),
)
_HIPS = (Joint.SPINE_BASE, Joint.SPINE_MID, Joint.HIP_LEFT, Joint.HIP_RIGHT)
_LEGS = (Joint.KNEE_LEFT, Joint.KNEE_RIGHT, Joint.ANKLE_LEFT, Joint.ANKLE_RIGHT)
_FEET = (Joint.FOOT_LEFT, Joint.FOOT_RIGHT)
_GROUPS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((0, 1, 2), (3, 4, 5)),
    4: ((0,), (1, 2), (3,), (4, 5)),
    6: ((0,), (1,), (2,), (3,), (4,), (5,)),
}
_SIX = (_HEAD, _HANDS, _ARMS, _HIPS, _LEGS, _FEET)


@dataclass(frozen=True)
class StarConfig:
    """Size and habits of STAR; the defaults are the paper's."""

    parts: Literal[2, 4, 6] = 6
    """Upper and lower body; head, hand-arm, hip, leg-foot; or head, hand, arm, hip, leg, foot."""
    attributes: int = 100
    """m, visual attributes of a part; also the length of an embedding."""
    width: int = 768
    """Numbers in an attribute."""
    heads: int = 8
    """Of attention; the released code has 4."""
    semantic_weight: float = 0.1
    """Alpha, of the semantic loss."""
    global_weight: float = 0.1
    """Beta, of the global loss."""
    similarity: Similarity = "dot"
    """See ``training.methods.alignment``."""
    temperature: float = 1.0
    """Logits are divided by it; the paper and the released code have none."""

    def __post_init__(self) -> None:
        """Refuse sizes nobody can build."""
        fits = self.heads >= 1 and self.width % self.heads == 0
        if not (1 <= self.attributes <= 2048 and 1 <= self.width <= 4096 and fits and self.temperature > 0):
            raise ConfigError(
                f"wanted attributes 1 to 2048, a width that heads divide, a temperature above 0, got {self}"
            )

    @property
    def comparison(self) -> Comparison:
        """How logits are made."""
        return Comparison(self.similarity, self.temperature)


def part_joints(parts: int) -> tuple[tuple[int, ...], ...]:
    """Joints of each part; together all 25, each once."""
    return tuple(tuple(int(j) for k in group for j in _SIX[k]) for group in _GROUPS[parts])


class PartBranch(nn.Module):
    """One part's joints over time (B, S, C) to its feature (B, m), by way of its attributes.

    Sec. 3.3 (1), eqs. 1 to 3: the attribute prompt asks, the joints answer, a feed-forward network
    refines, and each attribute's refined answer is compared with its own prompt through W.
    """

    def __init__(self, config: StarConfig, channels: int) -> None:
        super().__init__()
        width = config.width
        self.prompt = nn.Parameter(torch.randn(config.attributes, width) * width**-0.5)
        self.attention = nn.MultiheadAttention(
            width, config.heads, kdim=channels, vdim=channels, batch_first=True
        )
        self.feed_forward = perceptron((width, width, width))
        self.weight = nn.Parameter(torch.randn(width, width) * width**-0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Features (B, m)."""
        asked = self.prompt.expand(tokens.shape[0], -1, -1)
        answered, _ = self.attention(asked, tokens, tokens, need_weights=False)
        # Row i of P W with row i of the answer: eq. 3 without an einsum.
        return ((self.prompt @ self.weight) * self.feed_forward(answered)).sum(dim=2)


class Star(nn.Module):
    """Feature cubes (B, C, T, V) to embeddings (B, m).

    Chen et al., "Fine-Grained Side Information Guided Dual-Prompts for Zero-Shot Skeleton Action
    Recognition", ACM MM 2024. Departures: the semantic loss is over the seen classes alone and so
    are the semantic-part prompts, because a class typed later cannot have been trained on; the six
    parts share out all 25 joints, as the paper does not list them; prompts begin small and random.

    Args:
        config: Size and habits.
        channels: C of the cubes.
        dim: E of the text features.
        seen: Number of seen classes.
    """

    def __init__(self, config: StarConfig, *, channels: int, dim: int, seen: int) -> None:
        super().__init__()
        self.config = config
        self.parts = part_joints(config.parts)
        self.skeleton = nn.ModuleList(PartBranch(config, channels) for _ in self.parts)
        self.semantic_prompt = nn.Parameter(torch.zeros(len(self.parts), seen, dim))
        nn.init.normal_(self.semantic_prompt, std=0.02)
        self.part_projector = perceptron((dim, 256, config.attributes))
        self.name_projector = perceptron((dim, 256, config.attributes))

    def part_features(self, cubes: Tensor) -> Tensor:
        """(E, B, m) of cubes (B, C, T, V)."""
        tokens = cubes.permute(0, 3, 2, 1)  # B, V, T, C
        return torch.stack(
            [
                branch(tokens[:, list(joints)].flatten(1, 2))
                for branch, joints in zip(self.skeleton, self.parts, strict=True)
            ]
        )

    def rows(self, cubes: Tensor) -> Tensor:
        """(B, 1, m) global embeddings, the sum over parts."""
        return self.part_features(cubes).sum(dim=0).unsqueeze(1)

    def class_rows(self, features: Tensor) -> Tensor:
        """(K, 1, m) of text features (K, E); the parts' texts serve training alone (sec. 3.5)."""
        return self.name_projector(features).unsqueeze(1)

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Eq. 8: the part loss, alpha times the semantic and beta times the global one."""
        config, by = self.config, self.config.comparison
        parts = self.part_features(cubes)
        told = self.part_projector(self._told(seen) + self.semantic_prompt)
        names = self.name_projector(seen.name)
        return (
            multi_part_cross_entropy(parts, told, labels, by=by)
            + config.semantic_weight * semantic_cross_entropy(told, names, by=by)
            + config.global_weight * global_cross_entropy(parts.sum(dim=0), names, labels, by=by)
        )

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) scores."""
        return compared(
            self.rows(cubes).transpose(0, 1),
            self.class_rows(classes.name).transpose(0, 1),
            self.config.comparison,
        )

    def _told(self, seen: Semantics) -> Tensor:
        """(E, K, dim): side information of each part, that of joined parts averaged."""
        groups = [seen.parts[:, list(group)].mean(dim=1) for group in _GROUPS[self.config.parts]]
        return functional.normalize(torch.stack(groups), dim=-1)
