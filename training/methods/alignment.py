"""What every method on a frozen skeleton encoder offers, and how its scores are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from training.lab.semantics import Semantics

Similarity = Literal["dot", "cosine"]
"""How a skeleton and a class are compared: the papers write a dot product, the released code
normalises both. A model bundle holds unit rows, so what is to be served takes ``"cosine"``."""


class Method(Protocol):
    """A method of zero-shot recognition on feature cubes; each is also a ``torch.nn.Module``."""

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Scalar training loss.

        Args:
            cubes: (B, C, T, V) float32 features of the frozen encoder.
            labels: (B,) int64, index into ``seen``.
            seen: The classes there are to learn from.
        """
        ...

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(P, B, K) scores, one table a branch; a strict prediction takes their mean."""
        ...


@dataclass(frozen=True)
class Comparison:
    """How logits are made: what is compared, and what it is divided by."""

    similarity: Similarity = "dot"
    temperature: float = 1.0


PAPER = Comparison()
"""As STAR and Neuron write it."""


def compared(skeleton: Tensor, classes: Tensor, by: Comparison) -> Tensor:
    """(..., B, K) logits of skeleton rows (..., B, D) against class rows (..., K, D)."""
    if by.similarity == "cosine":
        skeleton, classes = functional.normalize(skeleton, dim=-1), functional.normalize(classes, dim=-1)
    return skeleton @ classes.transpose(-1, -2) / by.temperature


def perceptron(sizes: Sequence[int], *, last_relu: bool = False) -> torch.nn.Sequential:
    """Linear layers of these sizes with ReLU between."""
    layers: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*(layers if last_relu else layers[:-1]))
