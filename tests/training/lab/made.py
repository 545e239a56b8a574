"""Class semantics of random numbers."""

import torch
from torch import Tensor
from torch.nn import functional

from training.lab.semantics import Semantics


def made_semantics(classes: int, dim: int, seed: int = 0) -> Semantics:
    """Unit rows that mean nothing."""
    source = torch.Generator().manual_seed(seed)

    def rows(*shape: int) -> Tensor:
        return functional.normalize(torch.randn(*shape, dim, generator=source), dim=-1)

    return Semantics(
        names=tuple(f"class {k}" for k in range(classes)),
        name=rows(classes),
        described=rows(classes),
        parts=rows(classes, 6),
        space=rows(classes, 3),
        time=rows(classes, 3),
        verb=rows(classes),
        noun=rows(classes),
    )
