"""Words as they were probably meant: one slip of the fingers put right."""

import string
from collections.abc import Iterable, Iterator

SHORTEST = 4
"""Letters of the shortest word that is corrected."""
LONG = 6
"""Letters from which on any single slip is put right; in shorter words only those that leave no word."""


class Speller:
    """Corrects against a list of words.

    Args:
        words: What may be meant, in small letters.
        fine: Words that are left as they are besides.
    """

    def __init__(self, words: Iterable[str], *, fine: Iterable[str] = ()) -> None:
        self._words = frozenset(words)
        self._fine = self._words.union(fine)

    def corrected(self, text: str) -> str | None:
        """The text with every misspelt word put right; None where there is nothing to put right."""
        words = text.casefold().split()
        better = [self._word(word) for word in words]
        return None if better == words or not words else " ".join(better)

    def knows_one(self, text: str) -> bool:
        """Whether the text has one word at least that is right as it stands."""
        return not self._fine.isdisjoint(text.casefold().split())

    def _word(self, word: str) -> str:
        if word in self._fine or len(word) < SHORTEST or not word.isalpha():
            return word
        near = {edit for edit in _slips(word) if edit in self._words and edit[0] == word[0]}
        # Two words that are as near leave it open which was meant.
        return near.pop() if len(near) == 1 else word


def _slips(word: str) -> Iterator[str]:
    """The words one slip away: letters swapped, doubled or left out, in long words any one wrong."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    for head, tail in splits:
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail and (len(word) >= LONG or (head and head[-1] == tail[0])):
            yield head + tail[1:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if tail and len(word) >= LONG:
                yield head + letter + tail[1:]
