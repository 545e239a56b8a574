"""What every encoder backend promises."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Backend(Protocol):
    """Runs a bundle's skeleton encoder. Not thread-safe; one owner."""

    name: str
    """For example ``"onnxruntime"``."""
    precision: str
    """For example ``"float32"``; part of a bank's fingerprint."""

    def warm_up(self) -> None:
        """Return once the first inference's one-time costs have been paid."""
        ...

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised, N at least 1.

        Raises:
            ShapeError: Another shape or dtype than the bundle's.
            EngineError: The runtime failed.
        """
        ...

    def close(self) -> None:
        """Give back memory and devices; further calls to ``embed`` fail."""
        ...
