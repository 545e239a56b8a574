"""Features of sentences, kept on disk: a hundred thousand of them take minutes to encode."""

import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.text.contract import TextEncoder

_WORTH_SAVING = 4096
"""New sentences after which the file is written without being asked to."""


class SentenceCache:
    """A text encoder that remembers what it was asked, between runs, too. One owner.

    Sentences are known by their hash, so that the file holds no text and is read in one go.

    Args:
        encoder: Asked for what is not yet known.
        folder: Where the file lies; made if it is missing.
    """

    def __init__(self, encoder: TextEncoder, folder: Path) -> None:
        self._encoder = encoder
        self.id, self.sha256, self.dim = encoder.id, encoder.sha256, encoder.dim
        self._path = folder / f"sentences-{encoder.id}-{encoder.sha256[:12]}.npz"
        self._rows: dict[bytes, NDArray[np.float16]] = self._read()
        self._unsaved = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), E) float32, unit rows, kept in half precision: cosines within 1e-3.

        Raises:
            InputError: The encoder refuses a text; nothing is remembered of the call.
        """
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        if unknown:
            rows = self._encoder.encode(list(unknown.values()))
            self._rows.update(zip(unknown, rows.astype(np.float16), strict=True))
            self._unsaved += len(unknown)
            if self._unsaved >= _WORTH_SAVING:
                self.save()
        if not keys:
            return np.empty((0, self.dim), np.float32)
        found = np.stack([self._rows[key] for key in keys]).astype(np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def save(self) -> None:
        """Write what is known, in one move."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        keys = np.frombuffer(b"".join(self._rows), np.uint8).reshape(-1, 16)
        with temporary.open("wb") as file:
            np.savez(file, keys=keys, rows=np.stack(list(self._rows.values())))
        temporary.replace(self._path)
        self._unsaved = 0

    def _read(self) -> dict[bytes, NDArray[np.float16]]:
        try:
            with self._path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                keys, rows = file["keys"], file["rows"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
            return {}
        if keys.dtype != np.uint8 or rows.dtype != np.float16 or rows.shape != (len(keys), self.dim):
            return {}
        return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}
