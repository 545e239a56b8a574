"""The three losses of STAR (Chen et al., ACM MM 2024, sec. 3.4), each a mean over its terms."""

import torch
from torch import Tensor
from torch.nn import functional

from training.methods.alignment import PAPER, Comparison, compared


def multi_part_cross_entropy(
    skeleton: Tensor,
    classes: Tensor,
    labels: Tensor,
    *,
    by: Comparison = PAPER,
) -> Tensor:
    """Eq. 5: each part of a skeleton against the same part of every seen class.

    Args:
        skeleton: (E, B, D) features of E parts.
        classes: (E, K, D) side information of E parts.
        labels: (B,) int64 class of each skeleton.
        by: The paper writes a dot product, the released code takes cosines; neither has a temperature.
    """
    logits = compared(skeleton, classes, by)
    return functional.cross_entropy(logits.flatten(0, 1), labels.repeat(len(skeleton)))


def semantic_cross_entropy(classes: Tensor, names: Tensor, *, by: Comparison = PAPER) -> Tensor:
    """Eq. 6: each part of a class against the names of all classes given.

    The paper sums over all classes, unseen ones too, so a class typed later would have been left
    out of training; here the caller gives the classes, and ``Star`` gives the seen ones. The
    equation has no sum over classes in front; the mean is taken, as in the released code.

    Args:
        classes: (E, K, D) side information of E parts.
        names: (K, D) of the same classes.
        by: As of ``multi_part_cross_entropy``.
    """
    logits = compared(classes, names, by)
    own = torch.arange(len(names), device=names.device).repeat(len(classes))
    return functional.cross_entropy(logits.flatten(0, 1), own)


def global_cross_entropy(
    skeleton: Tensor,
    names: Tensor,
    labels: Tensor,
    *,
    by: Comparison = PAPER,
) -> Tensor:
    """Eq. 7: the sum of a skeleton's parts against the names of the seen classes.

    Args:
        skeleton: (B, D).
        names: (K, D).
        labels: (B,) int64 class of each skeleton.
        by: As of ``multi_part_cross_entropy``.
    """
    return functional.cross_entropy(compared(skeleton, names, by), labels)
