"""Text features on an equal footing in all directions."""

import torch
from torch import Tensor

LENGTH = 4.0
"""About the length of a whitened feature."""
_LEAST_SPREAD = 1e-2
"""Standard deviation, of a unit feature's component, below which a direction counts as noise."""


def whitening(centred: Tensor) -> Tensor:
    """(E, E) float32 map under which rows like these have length ``LENGTH`` and no preferred direction.

    Args:
        centred: (N, E) rows, their mean taken off.
    """
    rows = centred.double()
    variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
    spread = variances.clamp(min=0.0).sqrt() + _LEAST_SPREAD
    return (directions * (LENGTH / rows.shape[1] ** 0.5 / spread)).float()
