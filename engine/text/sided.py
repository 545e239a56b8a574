"""Left and right of a text, told apart from all else it says."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.text.contract import TextEncoder

SIDED = "sided-"
"""What the id of such an encoder begins with; the wrapped one's follows."""
_SWAPPED = {
    "left": "right",
    "right": "left",
    "clockwise": "counterclockwise",
    "counterclockwise": "clockwise",
    "anticlockwise": "clockwise",
}
_SIDES = re.compile(
    r"\b(left|right)(?=(?:s|ward|wards|most|y|hand|handed|footed|hander)?\b)", re.IGNORECASE
)
_TURNS = re.compile(r"\b(clockwise|counterclockwise|anticlockwise)\b", re.IGNORECASE)


def mirrored_text(text: str) -> str:
    """The text with the words left and right swapped, and the senses of turning; case is kept.

    Example:
        >>> mirrored_text("Raise the left hand, leftward, and stay upright")
        'Raise the right hand, rightward, and stay upright'
    """
    return _TURNS.sub(_swap, _SIDES.sub(_swap, text))


class SidedEncoder:
    """A text encoder (E) made one of sided features (2 E). Thread-safe as the wrapped one is.

    With f the feature of a text and g that of the text in a mirror, the sided feature is
    ((f + g) / 2, (f - g) / 2): what is said whatever the side, then what is said of the side. It is
    a unit row where f and g are; a text that names no side has zeros in its second half, and the
    text in a mirror has the second half negated, exactly.

    Args:
        encoder: Encodes the texts and those in the mirror.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.id, self.sha256, self.dim = SIDED + encoder.id, encoder.sha256, 2 * encoder.dim

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 2 E) float32, unit rows; (0, 2 E) for no texts.

        Raises:
            InputError: A text is empty or longer than 4,000 characters.
        """
        others = [mirrored_text(text) for text in texts]
        sided = [n for n, (text, other) in enumerate(zip(texts, others, strict=True)) if text != other]
        rows = self._encoder.encode([*texts, *(others[n] for n in sided)])
        plain, mirror = rows[: len(texts)], rows[: len(texts)].copy()
        mirror[sided] = rows[len(texts) :]
        return np.concatenate([plain + mirror, plain - mirror], axis=1) * np.float32(0.5)


def _swap(found: re.Match[str]) -> str:
    word = found.group()
    swapped = _SWAPPED[word.lower()]
    if word.isupper():
        return swapped.upper()
    return swapped.capitalize() if word[0].isupper() else swapped
