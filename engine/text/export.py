"""Export a sentence encoder to ONNX, once, at set-up. The only module here that loads torch."""

import importlib.util
import logging
import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub import snapshot_download
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from transformers.utils import logging as transformers_logging

from engine.bundle import sha256_of
from engine.text.sentence import (
    MINILM,
    MODEL_FILE,
    TOKENIZER_FILE,
    ExportRecord,
    SentenceEncoder,
    SentenceModel,
    write_record,
)
from streams.skeleton.errors import ModelFileError

MAX_DIFFERENCE = 1e-5
"""Largest absolute difference to sentence-transformers an export may show."""
WEIGHTS_FILE = "model.safetensors"
_HUB_FILES = ("*.json", "*/config.json", "vocab.txt", WEIGHTS_FILE)
_PROBES = (
    "wave",
    "throw with the left hand",
    "a person stands on one leg and slowly raises both arms to the sides like a bird",
    "Ein Mensch springt über ein Hindernis.",
    "sit down, stand up, " * 120,  # longer than any model takes
)


class _Pooled(nn.Module):
    """Token ids (N, L) to unit sentence features (N, E): mean over the tokens, then the L2 norm."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, ids: Tensor) -> Tensor:
        tokens = self.transformer(input_ids=ids).last_hidden_state
        return nn.functional.normalize(tokens.mean(dim=1), dim=-1)


def export_encoder(model: SentenceModel) -> ExportRecord:
    """The record of a new export of the model to its own folder, from weights found or fetched.

    Raises:
        ModelFileError: The weights are foreign or out of reach, or the export departs from them.
    """
    weights = installed_weights(model) if model.package else hub_weights(model)
    return export_model(model, weights, model.folder)


def export_model(model: SentenceModel, weights: Path, destination: Path) -> ExportRecord:
    """The record of a new export, which appears whole or not at all.

    It is written and compared with sentence-transformers in a temporary folder beside its
    destination, which is then renamed; a folder that was there before is replaced.

    Args:
        model: What the weights are.
        weights: Folder of a sentence-transformers model.
        destination: Folder to make.

    Raises:
        ModelFileError: The weights are missing or foreign, or a feature of the export differs by
            more than ``MAX_DIFFERENCE``.
    """
    source_sha256 = _checked_weights(model, weights)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{model.id}-") as temporary:
        folder = Path(temporary) / "new"
        folder.mkdir()
        source = load_source(model, weights)
        _write_tokenizer(model, source, folder / TOKENIZER_FILE)
        write_graph(source, folder / MODEL_FILE)
        record = write_record(folder, ExportRecord(model.id, source_sha256))
        record = write_record(folder, replace(record, parity=_parity(model, source, folder)))
        if destination.exists():
            shutil.move(destination, Path(temporary) / "old")
        folder.rename(destination)
    return record


def installed_weights(model: SentenceModel) -> Path:
    """Folder of a model's weights inside the installed package that carries them.

    Raises:
        ModelFileError: The package is not installed.
    """
    spec = importlib.util.find_spec(model.package or "")
    if spec is None or not spec.submodule_search_locations:
        raise ModelFileError(
            f"wanted the Python package {model.package!r} with the weights of {model.id!r}, found none; "
            "install this program's requirements again"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def hub_weights(model: SentenceModel) -> Path:
    """Folder of a model's weights, downloaded from its hub or found in the hub's cache.

    Raises:
        ModelFileError: The hub cannot be reached.
    """
    try:
        return Path(snapshot_download(model.hub, allow_patterns=list(_HUB_FILES)))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"wanted to download {model.hub}, but its hub cannot be reached ({type(error).__name__}); "
            f"connect to the internet once, or use {MINILM.id!r}, whose weights are installed already"
        ) from error


def _checked_weights(model: SentenceModel, weights: Path) -> str:
    path = weights / WEIGHTS_FILE
    if not path.is_file():
        raise ModelFileError(f"wanted {WEIGHTS_FILE} in {weights}, found none; install the weights again")
    found = sha256_of(path)
    if model.source_sha256 not in (None, found):
        raise ModelFileError(
            f"{path} is damaged or foreign: wanted SHA-256 {model.source_sha256:.12}…, "
            f"got {found:.12}…; install the weights again"
        )
    return found


def load_source(model: SentenceModel, weights: Path) -> Any:
    """The sentence-transformers model in a folder, cutting texts where this program does."""
    transformers_logging.disable_progress_bar()
    # The fused attention kernels have no ONNX counterpart.
    source = SentenceTransformer(
        str(weights), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
    ).eval()
    source.max_seq_length = model.max_tokens
    return source


def _write_tokenizer(model: SentenceModel, source: Any, path: Path) -> None:
    tokenizer = source.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_tokens)
    tokenizer.save(str(path))


def write_graph(source: Any, path: Path) -> None:
    """Write the model as a graph from token ids (N, L) to unit features (N, E)."""
    sentences, tokens = torch.export.Dim("sentences"), torch.export.Dim("tokens", min=2, max=512)
    # The exporter announces on its logger that optional packages are missing.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Pooled(source[0].auto_model).eval(),
            (torch.ones(2, 7, dtype=torch.int64),),
            path,
            input_names=["ids"],
            output_names=["features"],
            dynamic_shapes={"ids": {0: sentences, 1: tokens}},
            external_data=False,
            verbose=False,
        )


def _parity(model: SentenceModel, source: Any, folder: Path) -> float:
    """Largest absolute difference of any feature to sentence-transformers."""
    wanted = source.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)
    found = SentenceEncoder(model, folder=folder).encode([text[:4000] for text in _PROBES])
    difference = float(np.abs(wanted - found).max())
    if not difference <= MAX_DIFFERENCE:
        raise ModelFileError(
            f"the export of {model.id!r} differs from its weights by {difference:.1e}, wanted at most "
            f"{MAX_DIFFERENCE:.0e}; install the versions of torch and onnx this program is locked to"
        )
    return difference
