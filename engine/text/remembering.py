"""A text encoder that does not encode the same text twice."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.text.contract import TextEncoder

DEFAULT_CAPACITY = 2048


class RememberingEncoder:
    """A ``TextEncoder`` that keeps the features of what it was asked for last. Thread-safe.

    A sentence costs some 10 ms; somebody who types asks for the same ones with every key.

    Args:
        encoder: Encodes what is new; its id, hash and dimension are this one's.
        known: Features of texts to begin with, never forgotten, for example the library's.
        capacity: Most other texts kept; the one unused for longest goes first.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        known: Mapping[str, NDArray[np.float32]] | None = None,
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.id, self.sha256, self.dim = encoder.id, encoder.sha256, encoder.dim
        self._encoder = encoder
        self._known = known or {}
        self._recent: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), E) float32, unit rows; (0, E) for no texts.

        Raises:
            InputError: The encoder refuses a text.
        """
        if isinstance(texts, str):
            # Refused by the encoder, in its own words.
            return self._encoder.encode(texts)
        with self._lock:
            found = {text: row for text in texts if (row := self._find(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new:
            found.update(zip(new, self._encoder.encode(new), strict=True))
            with self._lock:
                self._keep(new, found)
        return np.stack([found[text] for text in texts]) if texts else np.empty((0, self.dim), np.float32)

    def _find(self, text: str) -> NDArray[np.float32] | None:
        if text in self._recent:
            self._recent.move_to_end(text)
            return self._recent[text]
        return self._known.get(text)

    def _keep(self, new: Sequence[str], found: Mapping[str, NDArray[np.float32]]) -> None:
        # Copied: a row must not keep the whole batch it came in alive.
        self._recent.update({text: found[text].copy() for text in new})
        while len(self._recent) > self._capacity:
            self._recent.popitem(last=False)
