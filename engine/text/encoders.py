"""Text encoders: sentences to unit vectors, without torch.

An encoder is prepared once, at set-up, from its published weights (``engine.text.export``, which
needs torch), and from then on runs from the exported file alone.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.text.sentence import MINILM, MPNET, SentenceEncoder
from streams.skeleton.errors import InputError

DEFAULT_ENCODER = "minilm"


class TextEncoder(Protocol):
    """Turns sentences into unit vectors. Thread-safe."""

    id: str
    """Key of ``ENCODERS``, for example ``"minilm"``."""
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


ENCODERS: dict[str, Callable[[], TextEncoder]] = {
    "minilm": lambda: SentenceEncoder(MINILM),
    "mpnet": lambda: SentenceEncoder(MPNET),
}
"""Constructors by id; nothing is loaded before one is called."""


def load_text_encoder(encoder_id: str = DEFAULT_ENCODER) -> TextEncoder:
    """The text encoder of that id, its files checked against their recorded hashes.

    Raises:
        InputError: No encoder has the id.
        ModelFileError: It has not been prepared (``anymove setup``), or its files are damaged.
    """
    _check_id(encoder_id)
    return ENCODERS[encoder_id]()


def prepare_text_encoder(encoder_id: str = DEFAULT_ENCODER) -> Path:
    """Folder of the exported encoder, made now unless a sound one is there already.

    Takes about 15 s for ``minilm``, whose weights are installed with this program; ``mpnet`` is
    downloaded from its hub.

    Raises:
        InputError: No encoder has the id.
        ModelFileError: The weights are foreign or out of reach, or the export departs from them.
    """
    _check_id(encoder_id)
    # By name, because the exporter loads torch, and nothing that serves may import torch.
    exporter = importlib.import_module("engine.text.export")
    return exporter.export_encoder(encoder_id)


def _check_id(encoder_id: str) -> None:
    if encoder_id not in ENCODERS:
        raise InputError(
            f"wanted a text encoder ({', '.join(ENCODERS)}), got {encoder_id!r}; name one of these"
        )
