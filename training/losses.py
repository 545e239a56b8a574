"""Losses that pull skeleton embeddings to the text of their class."""

import torch
from torch import Tensor
from torch.nn import functional

from streams.skeleton.errors import ConfigError
from training.config import Target

_SAME_TEXT = 1.0 - 1e-4
"""Cosine from which two texts are one."""
_NO_NEGATIVE = -1e4
"""Logit of a negative that is not there."""


def match_target(
    labels: Tensor, text: Tensor, *, target: Target = "paper", temperature: float = 0.07
) -> Tensor:
    """Rows of probabilities, (B, B) float32: how much text j is an answer to skeleton i.

    ``"paper"``: G / n, the same share for each of the n texts of i's class (PGFA, sec. III-B,
    the ground truth normalised to a distribution). ``"released"``: softmax(10 G), which leaves
    a little to the others; it is what the authors' published results were trained with.
    ``"soft"``, ours: softmax over the texts' own cosines / temperature, 1 within a class; a
    "jogging" skeleton is then not pushed away from "running" as far as from "sit down".

    Args:
        labels: (B,) int64 class of each pair.
        text: (B, D) unit rows, text j that of pair j's class; equal texts are answers to each other,
            and ``"soft"`` compares the others.
        target: Which of the three.
        temperature: Of ``"soft"``, above 0.

    Raises:
        ConfigError: None of the three.
    """
    # Two classes may share a sentence: "wave" is true of either hand.
    alike = (labels[:, None] == labels[None, :]) | (text @ text.T > _SAME_TEXT)
    same = alike.float()
    if target == "paper":
        return same / same.sum(dim=1, keepdim=True)
    if target == "released":
        return torch.softmax(10.0 * same, dim=1)
    if target == "soft":
        cosines = torch.maximum(text @ text.T, same)
        return torch.softmax(cosines / temperature, dim=1)
    raise ConfigError(f"wanted target 'paper', 'released' or 'soft', got {target!r}")


def contrastive_kl(
    skeleton: Tensor,
    text: Tensor,
    labels: Tensor,
    *,
    negatives: Tensor | None = None,
    temperature: float = 0.07,
    target: Target = "paper",
) -> Tensor:
    """Scalar: the mean of KL(target || prediction) from skeleton to text and from text to skeleton.

    Zhou et al., "Zero-Shot Skeleton-Based Action Recognition With Prototype-Guided Feature
    Alignment", TIP 2025, sec. III-B, eqs. 3 to 5: cosines over the batch, divided by the
    temperature, are a softmax in each direction, held against the same target. Summed over the
    batch's columns and averaged over its rows. Two departures from the text, both the authors'
    code's: the target is the first argument of KL, and the temperature is constant.

    Args:
        skeleton: (B, D) unit rows.
        text: (B, D) unit rows, text j that of pair j's class.
        labels: (B,) int64 class of each pair; pairs of one class are all answers to each other.
        negatives: (B, D) rows, one more wrong answer for each skeleton and for it alone; ours. A
            row of zeros is none.
        temperature: Above 0.
        target: See ``match_target``.

    Raises:
        ConfigError: The temperature is not above 0, or an unknown target.
    """
    if temperature <= 0:
        raise ConfigError(f"wanted a temperature above 0, got {temperature}")
    # A constant: a text side that learns must not move what it is held against.
    wanted = match_target(labels, text.detach(), target=target, temperature=temperature)
    logits = skeleton @ text.T / temperature
    answers, targets = logits, wanted
    if negatives is not None:
        wrong = (skeleton * negatives).sum(dim=1) / temperature
        wrong = torch.where(negatives.any(dim=1), wrong, _NO_NEGATIVE)
        answers = torch.cat([logits, wrong[:, None]], dim=1)
        targets = functional.pad(wanted, (0, 1))
    one_way = functional.kl_div(functional.log_softmax(answers, 1), targets, reduction="batchmean")
    other_way = functional.kl_div(functional.log_softmax(logits.T, 1), wanted, reduction="batchmean")
    return (one_way + other_way) / 2
