"""Refuses names a child should not read off a wall. A small list, whole words only.

It keeps the honest honest: who wants to get round it will. Whole words, so that "Scunthorpe",
"cockerel" and "assist" pass; letters that stand for others ("sh1t", "fuuuck") are read as meant.
In Chinese, which is written without spaces, an entry counts wherever it stands.
"""

import json
import re
import unicodedata
from pathlib import Path

from streams.skeleton.errors import ActionNameError

WORDS = Path(__file__).resolve().parent / "data" / "unkind.json"
_MEANT = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_LETTERS = re.compile(r"[^\W\d_]+")


class Manners:
    """The list, ready to check names."""

    def __init__(self) -> None:
        lists: dict[str, list[str]] = json.loads(WORDS.read_text("utf-8"))
        entries = [_plain(word) for language, words in lists.items() if language != "zh" for word in words]
        self._words = frozenset(entry for entry in entries if " " not in entry)
        self._phrases = tuple(entry for entry in entries if " " in entry)
        self._anywhere = tuple(lists["zh"])

    def check(self, text: str) -> None:
        """Return where the text may be shown.

        Raises:
            ActionNameError: It holds a word of the list.
        """
        plain = _plain(text)
        if any(entry in plain for entry in self._anywhere) or any(
            self._is_unkind(_LETTERS.findall(reading)) for reading in (plain, plain.translate(_MEANT))
        ):
            raise ActionNameError("wanted a friendly name, got one with an unkind word; type another")

    def _is_unkind(self, words: list[str]) -> bool:
        spelt = {"".join(words)} if words and max(map(len, words)) == 1 else set[str]()
        readings = spelt.union(*(_readings(word) for word in words)) if words else spelt
        joined = f" {' '.join(words)} "
        return bool(self._words & readings) or any(f" {phrase} " in joined for phrase in self._phrases)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _readings(word: str) -> set[str]:
    """The word, and what it is without its letters drawn out: "fuuuck" is one word with "fuck"."""
    return {word, re.sub(r"(.)\1{2,}", r"\1", word), re.sub(r"(.)\1{2,}", r"\1\1", word)}
