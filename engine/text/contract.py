"""What every text encoder promises."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TextEncoder(Protocol):
    """Turns sentences into unit vectors. Thread-safe."""

    id: str
    """Key of ``engine.text.encoders.ENCODERS``, for example ``"minilm"``."""
    sha256: str
    """Of the weights, as in a bundle's manifest."""
    dim: int
    """E."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), E) float32, unit rows; (0, E) for no texts.

        Raises:
            InputError: A text is empty or longer than 4,000 characters.
        """
        ...
