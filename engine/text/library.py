"""The built-in library of everyday actions, found by meaning."""

import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.rows import are_unit
from engine.text.contract import TextEncoder
from engine.text.names import name_key
from engine.text.spelling import Speller
from engine.text.wording import contradicts, wording_key, words
from streams.config import models_folder
from streams.skeleton.errors import DataError

LIBRARY_FILE = Path(__file__).parent / "data" / "library.json"
BODY_PARTS = ("head", "hands", "arms", "hips", "legs", "feet")
MATCH_COSINE = 0.9
"""Least cosine between a typed name and a library phrase that count as the same action."""
MATCH_MARGIN = 0.02
"""Least lead of the nearest entry over the next; without it the name means neither for sure."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LibraryEntry:
    """One everyday action, described in this project's own words."""

    name: str
    paraphrases: tuple[str, ...]
    complete: str
    """What the whole body does."""
    skeleton: str
    """The same, told by the joints."""

    visible: bool = True
    """Whether 25 joints show it: fingers, faces and objects are not among them."""
    parts: tuple[str, ...] = ()
    """What each of ``BODY_PARTS`` does, in that order; empty where nobody has written it."""
    space: tuple[str, ...] = ()
    """Three sentences from the whole body to single joints; or empty."""
    time: tuple[str, ...] = ()
    """Three sentences from beginning to end; or empty."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """The name, then the paraphrases."""
        return (self.name, *self.paraphrases)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The complete description, then the one by the joints."""
        return (self.complete, self.skeleton)


@dataclass(frozen=True)
class Match:
    """The library entry a name means."""

    entry: LibraryEntry
    phrase: str
    """The entry's phrase that is nearest to the name."""
    cosine: float
    """Between the features of name and phrase; 1 for the same words."""


class Library:
    """Entries found by meaning. Thread-safe.

    Args:
        entries: At least one.
        key: Changes whenever the entries do; names their cached features.
    """

    def __init__(self, entries: tuple[LibraryEntry, ...], *, key: str) -> None:
        self.entries = entries
        self._entries = {entry.name: entry for entry in entries}
        self._key = key
        self._phrases = [phrase for entry in entries for phrase in entry.phrases]
        self._texts = [*self._phrases, *(text for entry in entries for text in entry.sentences)]
        self._owners = [entry for entry in entries for _ in entry.phrases]
        self._by_name = self._index(name_key)
        self._by_wording = self._index(wording_key)
        self._features: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def match(self, name: str, encoder: TextEncoder) -> Match | None:
        """The entry that means the same as the name; None where none is near enough, or two are.

        The same words match at once. Else the nearest phrase decides, phrases that name another
        side, direction, number or body part left out.

        Raises:
            InputError: The encoder refuses the name.
        """
        return self.exact(name) or self.by_meaning(name, encoder)

    def exact(self, name: str) -> Match | None:
        """The entry that has these words, whatever their endings; needs no encoder."""
        for known, key in ((self._by_name, name_key(name)), (self._by_wording, wording_key(name))):
            if key in known:
                return self._match(known[key], 1.0)
        return None

    def by_meaning(self, name: str, encoder: TextEncoder) -> Match | None:
        """The entry with the nearest phrase; None where none is near enough, or two are.

        Phrases that name another side, direction, number or body part are left out.

        Raises:
            InputError: The encoder refuses the name.
        """
        cosines = self.features(encoder) @ encoder.encode([name])[0]
        near = [
            row
            for row in (cosines >= MATCH_COSINE - MATCH_MARGIN).nonzero()[0]
            if not contradicts(name, self._phrases[row])
        ]
        best = max(near, key=lambda row: cosines[row], default=None)
        if best is None or cosines[best] < MATCH_COSINE:
            return None
        rivals = (row for row in near if self._owners[row] is not self._owners[best])
        if any(cosines[row] > cosines[best] - MATCH_MARGIN for row in rivals):
            return None
        return self._match(best, float(cosines[best]))

    @cached_property
    def speller(self) -> Speller:
        """Corrects towards the words of phrases; those of the sentences are right, too."""
        fine = {word for entry in self.entries for text in entry.sentences for word in words(text)}
        return Speller({word for phrase in self._phrases for word in words(phrase)}, fine=fine)

    def find(self, name: str) -> LibraryEntry | None:
        """The entry of exactly this name."""
        return self._entries.get(name)

    def nearest(self, name: str, encoder: TextEncoder, *, count: int) -> list[Match]:
        """Entries whose phrases are nearest to the name, nearest first, opposites left out.

        Args:
            name: What somebody may mean.
            encoder: Compares by meaning.
            count: Most entries.

        Raises:
            InputError: The encoder refuses the name.
        """
        cosines = self.features(encoder) @ encoder.encode([name])[0]
        found: dict[str, Match] = {}
        for row in np.argsort(-cosines, kind="stable"):
            if len(found) == count:
                break
            if not contradicts(name, self._phrases[row]):
                found.setdefault(self._owners[row].name, self._match(int(row), float(cosines[row])))
        return list(found.values())

    def features(self, encoder: TextEncoder) -> NDArray[np.float32]:
        """(phrases, E) unit features, computed once per encoder and kept in memory and on disk."""
        return self._all_features(encoder)[: len(self._phrases)]

    def known(self, encoder: TextEncoder) -> dict[str, NDArray[np.float32]]:
        """(E,) unit feature by text, of every phrase and sentence of the library."""
        return dict(zip(self._texts, self._all_features(encoder), strict=True))

    def _all_features(self, encoder: TextEncoder) -> NDArray[np.float32]:
        """(phrases and sentences, E), the phrases first."""
        with self._lock:
            if encoder.id not in self._features:
                self._features[encoder.id] = self._load(encoder)
            return self._features[encoder.id]

    def _index(self, key: Callable[[str], str]) -> dict[str, int]:
        """Phrase by key: names before paraphrases, and no paraphrase that several entries share."""
        names: dict[str, int] = {}
        paraphrases: dict[str, int] = {}
        shared: set[str] = set()
        for row, (phrase, owner) in enumerate(zip(self._phrases, self._owners, strict=True)):
            found = names if phrase == owner.name else paraphrases
            first = found.setdefault(key(phrase), row)
            if self._owners[first] is not owner:
                shared.add(key(phrase))
        kept = {known: row for known, row in paraphrases.items() if known not in shared}
        return {known: row for known, row in {**kept, **names}.items() if known}

    def _match(self, row: int, cosine: float) -> Match:
        return Match(entry=self._owners[row], phrase=self._phrases[row], cosine=cosine)

    def _load(self, encoder: TextEncoder) -> NDArray[np.float32]:
        digest = hashlib.sha256(f"{self._key} {encoder.sha256}".encode()).hexdigest()
        path = models_folder() / f"library-{encoder.id}-{digest[:16]}.npy"
        shape = (len(self._texts), encoder.dim)
        try:
            features = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            features = np.empty(0, np.float32)
        if features.shape == shape and features.dtype == np.float32 and are_unit(features):
            return features
        features = encoder.encode(self._texts)
        try:
            _keep(path, features)
            for outdated in set(path.parent.glob(f"library-{encoder.id}-*.npy")) - {path}:
                outdated.unlink(missing_ok=True)
        except OSError as error:
            _logger.warning("library features not kept in %s: %s", path, error)
        return features


@cache
def builtin_library() -> Library:
    """The library that comes with this program.

    Raises:
        DataError: Its file is missing or damaged.
    """
    return read_library(LIBRARY_FILE)


def read_library(path: Path) -> Library:
    """The library in a JSON file ``{name: {"names": [...], "complete": ..., "skeleton": ...}}``.

    ``"visible": false`` marks an entry that joints do not show; ``"parts"``, by body part, ``"space"``
    and ``"time"``, three sentences each, come together or not at all.

    Raises:
        DataError: The file is missing, empty or of another form.
    """
    try:
        content = path.read_bytes()
        raw: dict[str, Any] = json.loads(content)
        entries = tuple(
            LibraryEntry(
                name=name,
                paraphrases=tuple(str(phrase) for phrase in fields["names"] if phrase != name),
                complete=str(fields["complete"]),
                skeleton=str(fields["skeleton"]),
                visible=bool(fields.get("visible", True)),
                **_details(fields),
            )
            for name, fields in raw.items()
        )
        if not entries:
            raise ValueError("no entries")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"wanted the library of actions in {path}, got {error!r:.200}; install this program again"
        ) from error
    return Library(entries, key=hashlib.sha256(content).hexdigest())


def _details(fields: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Sentences on body parts and stages; none where the entry has none.

    Raises:
        ValueError: Only some of them are there.
    """
    if "parts" not in fields:
        return {}
    parts = tuple(str(fields["parts"][part]) for part in BODY_PARTS)
    space, time = (tuple(str(text) for text in fields[key]) for key in ("space", "time"))
    if (len(space), len(time)) != (3, 3):
        raise ValueError(f"wanted three sentences of space and time, got {len(space)} and {len(time)}")
    return {"parts": parts, "space": space, "time": time}


def _keep(path: Path, features: NDArray[np.float32]) -> None:
    """Write the features so that no reader sees half of them."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        np.save(file, features)
    temporary.replace(path)
