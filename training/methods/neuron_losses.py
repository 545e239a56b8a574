"""The losses of Neuron (Chen et al., CVPR 2025, sec. 3.4): one a phase, in space and in time."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.methods.alignment import PAPER, Comparison, compared


def phase_cross_entropy(
    skeleton: Tensor,
    classes: Tensor,
    labels: Tensor,
    *,
    by: Comparison = PAPER,
) -> Tensor:
    """Eq. 6 or 7: one phase's skeletons against the same phase's texts of the seen classes.

    Args:
        skeleton: (B, D).
        classes: (K, D).
        labels: (B,) int64 class of each skeleton.
        by: The paper writes a dot product; the released code takes cosines divided by 10.
    """
    return functional.cross_entropy(compared(skeleton, classes, by), labels)


def stepwise_loss(
    space: list[Tensor], time: list[Tensor], *, total: Literal["sum", "mean"] = "sum"
) -> Tensor:
    """Eq. 8: all phases together; the released code takes the mean of space's and time's means."""
    if total == "sum":
        return torch.stack(space).sum() + torch.stack(time).sum()
    return (torch.stack(space).mean() + torch.stack(time).mean()) / 2
