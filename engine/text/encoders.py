"""Text encoders: sentences to unit vectors, without torch.

An encoder is prepared once, at set-up, from its published weights (``engine.text.export``, which
needs torch), and from then on runs from the exported file alone.
"""

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.text.contract import TextEncoder
from engine.text.library import builtin_library
from engine.text.sentence import MINILM, MPNET, SentenceEncoder, SentenceModel, read_export
from engine.text.sided import SIDED, SidedEncoder
from streams.skeleton.errors import InputError, ModelFileError

DEFAULT_ENCODER = MINILM.id
MODELS = {model.id: model for model in (MINILM, MPNET)}


def _sided(model: SentenceModel) -> TextEncoder:
    return SidedEncoder(SentenceEncoder(model))


ENCODERS: dict[str, Callable[[], TextEncoder]] = {
    **{name: partial(SentenceEncoder, model) for name, model in MODELS.items()},
    **{SIDED + name: partial(_sided, model) for name, model in MODELS.items()},
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

    The features of the built-in library are computed on the way, so that nobody who types an
    action waits for them. Takes some 20 s for ``minilm``, whose weights are installed with this
    program; ``mpnet`` is downloaded from its hub.

    Raises:
        InputError: No encoder has the id.
        ModelFileError: The weights are foreign or out of reach, or the export departs from them.
        DataError: The built-in library is damaged.
    """
    _check_id(encoder_id)
    model = MODELS[encoder_id.removeprefix(SIDED)]
    try:
        read_export(model, model.folder)
    except ModelFileError:
        # By name, because the exporter loads torch, and nothing that serves may import torch.
        importlib.import_module("engine.text.export").export_encoder(model)
    builtin_library().features(load_text_encoder(encoder_id))
    return model.folder


def _check_id(encoder_id: str) -> None:
    if encoder_id not in ENCODERS:
        raise InputError(
            f"wanted a text encoder ({', '.join(ENCODERS)}), got {encoder_id!r}; name one of these"
        )
