"""Neuron: micro-prototypes that grow over three phases, in space and in time."""

import math
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from streams.skeleton.errors import ConfigError
from training.lab.semantics import STAGES, Semantics
from training.methods.alignment import Comparison, Similarity, compared, perceptron
from training.methods.neuron_losses import phase_cross_entropy, stepwise_loss

_KEPT = {False: (0.25, 0.5, 0.75), True: (0.75, 0.5, 0.25)}
"""Share alpha of the prototypes a joint keeps in each phase, released or not. The paper has alpha
increase and gives no values; the released code has it decrease."""
_LITTLE = 1e-12
_NEARLY = 0.05
"""A prototype whose attention is up to this share below the last kept one's is kept in part."""


@dataclass(frozen=True)
class NeuronConfig:
    """Size and habits of Neuron; the defaults are the paper's."""

    prototypes: int = 80
    """N_s and N_t, micro-prototypes in space and in time."""
    released: bool = False
    """Do as the released code where it differs from the paper: a joint keeps fewer prototypes from
    phase to phase and not more, and they are chosen before the softmax; temporal phases are
    cumulative crops and not thirds; gates end in a ReLU (so they are at least 0.5) as do the
    projections; texts are not projected; the loss is a mean and not a sum."""
    similarity: Similarity = "dot"
    """See ``training.methods.alignment``."""
    temperature: float = 1.0
    """Logits are divided by it; 10 in the released code."""

    def __post_init__(self) -> None:
        """Refuse sizes nobody can build."""
        if not (4 <= self.prototypes <= 1024 and self.temperature > 0):
            raise ConfigError(f"wanted 4 to 1024 prototypes and a temperature above 0, got {self}")

    @property
    def comparison(self) -> Comparison:
        """How logits are made."""
        return Comparison(self.similarity, self.temperature)


def phase_frames(frames: int, *, cumulative: bool) -> tuple[slice, ...]:
    """The frames of each temporal phase: thirds (paper), or from the start to each third (code).

    Raises:
        ConfigError: Fewer frames than phases.
    """
    if frames < STAGES:
        raise ConfigError(f"wanted feature cubes of {STAGES} frames or more, got {frames}")
    ends = [frames * (phase + 1) // STAGES for phase in range(STAGES)]
    begins = [0] * STAGES if cumulative else [0, *ends[:-1]]
    return tuple(slice(begin, end) for begin, end in zip(begins, ends, strict=True))


def compressed(scores: Tensor, kept: int, *, released: bool) -> Tensor:
    """Attention (B, V, N) over joints with only the ``kept`` best prototypes of each joint.

    Sec. 3.3: the softmax of the scores with all others zero; the released code makes the others'
    scores tiny before the softmax, which leaves each of them a plain share. Departure: those that
    are nearly as good fade out instead of being cut off. Refined prototypes come to lie close
    together, and with a hard cut the last digit of a score decides which are kept, so that two
    runtimes differ by 1e-3 in the embedding.

    Args:
        scores: (B, V, N), joints by prototypes.
        kept: 1 to N.
        released: Do as the code does.
    """
    attention = scores if released else torch.softmax(scores, dim=1)
    floor = attention.topk(kept, dim=2).values[:, :, -1:]
    if released:
        return torch.softmax(torch.where(scores >= floor, scores, scores * _LITTLE), dim=1)
    below = 1 - attention / floor.clamp(min=_LITTLE)
    return attention * (1 - below / _NEARLY).clamp(0, 1)


class Neuron(nn.Module):
    """Feature cubes (B, C, T, V) to embeddings (B, 2, D), one of space and one of time.

    Chen et al., "Neuron: Learning Context-Aware Evolving Representations for Zero-Shot Skeleton
    Action Recognition", CVPR 2025, sec. 3.3 and 3.4. Departures: one description a phase where the
    released texts have ten; attention over joints in every phase as released, where the text leaves
    the axis open; an action typed at run time has one text, which stands for its last phases.

    Args:
        config: Size and habits.
        channels: C of the cubes.
        dim: E of the text features; D equals it.
    """

    def __init__(self, config: NeuronConfig, *, channels: int, dim: int) -> None:
        super().__init__()
        self.config = config
        released = config.released
        self.space_prototypes = nn.Parameter(torch.randn(config.prototypes, channels))
        self.time_prototypes = nn.Parameter(torch.randn(config.prototypes, channels))
        sizes = (channels, channels, channels)
        refine = perceptron(sizes, last_relu=True)
        self.space_refine = nn.ModuleList(deepcopy(refine) for _ in range(STAGES))
        self.recall = nn.ModuleList(perceptron(sizes, last_relu=released) for _ in range(STAGES))
        self.remember = nn.ModuleList(perceptron(sizes, last_relu=released) for _ in range(STAGES))
        self.time_refine = nn.ModuleList(perceptron(sizes, last_relu=True) for _ in range(STAGES))
        self.space_project = perceptron((channels, dim), last_relu=released)
        self.time_project = perceptron((channels, dim), last_relu=released)
        self.text_project: nn.Module = nn.Identity() if released else nn.Linear(dim, dim)

    def space_phases(self, cubes: Tensor) -> list[Tensor]:
        """(B, D) of each spatial phase; eqs. 1 and 2 with compression."""
        joints = cubes.mean(dim=2).transpose(1, 2)  # B, V, C
        prototypes = self.space_prototypes.expand(cubes.shape[0], -1, -1)
        found: list[Tensor] = []
        for share, refine in zip(_KEPT[self.config.released], self.space_refine, strict=True):
            scores = torch.matmul(joints, prototypes.transpose(1, 2))
            kept = max(1, math.floor(share * self.config.prototypes))
            attention = compressed(scores, kept, released=self.config.released)
            prototypes = refine(torch.matmul(attention.transpose(1, 2), joints))
            found.append(self.space_project(prototypes.mean(dim=1)))
        return found

    def time_phases(self, cubes: Tensor) -> list[Tensor]:
        """(B, D) of each temporal phase; eqs. 3 to 5: what is new is remembered, what was is recalled."""
        frames = cubes.mean(dim=3).transpose(1, 2)  # B, T, C
        prototypes = self.time_prototypes.expand(cubes.shape[0], -1, -1)
        phases = phase_frames(frames.shape[1], cumulative=self.config.released)
        found: list[Tensor] = []
        for n, phase in enumerate(phases):
            scores = torch.matmul(frames[:, phase], prototypes.transpose(1, 2))
            seen = torch.matmul(torch.softmax(scores, dim=1).transpose(1, 2), frames[:, phase])
            recall, remember = torch.sigmoid(self.recall[n](seen)), torch.sigmoid(self.remember[n](seen))
            prototypes = recall * prototypes + remember * self.time_refine[n](seen)
            found.append(self.time_project(prototypes.mean(dim=1)))
        return found

    def rows(self, cubes: Tensor) -> Tensor:
        """(B, 2, D): the last phases of space and time."""
        return torch.stack([self.space_phases(cubes)[-1], self.time_phases(cubes)[-1]], dim=1)

    def class_rows(self, features: Tensor) -> Tensor:
        """(K, 2, D) of one text feature a class (K, E), for what is typed at run time."""
        projected = self.text_project(features)
        return torch.stack([projected, projected], dim=1)

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Eq. 8 over the three phases of space and the three of time."""
        by = self.config.comparison
        space = [
            phase_cross_entropy(rows, self.text_project(seen.space[:, n]), labels, by=by)
            for n, rows in enumerate(self.space_phases(cubes))
        ]
        time = [
            phase_cross_entropy(rows, self.text_project(seen.time[:, n]), labels, by=by)
            for n, rows in enumerate(self.time_phases(cubes))
        ]
        return stepwise_loss(space, time, total="mean" if self.config.released else "sum")

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(2, B, K) scores of space and of time, each against its last phase's texts (eqs. 9, 10)."""
        told = torch.stack([classes.space[:, -1], classes.time[:, -1]])
        return compared(
            self.rows(cubes).transpose(0, 1),
            self.text_project(told),
            self.config.comparison,
        )
