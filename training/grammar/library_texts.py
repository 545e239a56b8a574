"""What the built-in library says of the grammar's primitives.

The engine takes the texts of a typed action from the library, so the encoder should have met
them: where an entry and a primitive have names in common, the entry's sentences are true of the
primitive's motions.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from engine.text.library import LibraryEntry
from engine.text.wording import wording_key
from training.grammar.primitive import Primitive
from training.grammar.sentences import expand, needs_side, phrases_for

Deed = tuple[str, str]
"""Key of a primitive, and the side it is done with."""

_EXPANSIONS = 12
"""Random expansions of a phrase that together show about all of its alternatives."""
_LEAST = 2
"""Names in common that make an entry speak of a primitive, unless the entry's own name is one."""
_SIDE = re.compile(r"\b(left|right)\b")


def library_texts(
    primitives: Mapping[str, Primitive], entries: Iterable[LibraryEntry]
) -> dict[Deed, tuple[str, ...]]:
    """Sentences of library entries that are true of a deed, for each deed that any speaks of.

    An entry that two primitives share in equal measure speaks of both: their motions are told by
    the same words. Sentences that name a side are left out: the entry's side is an example, the
    deed's is not.

    Args:
        primitives: By key.
        entries: Of the library.
    """
    deeds = _deeds_by_wording(primitives)
    found: defaultdict[Deed, list[str]] = defaultdict(list)
    for entry in entries:
        named = deeds.get(wording_key(entry.name), frozenset())
        shared = Counter(deed for phrase in entry.phrases for deed in deeds.get(wording_key(phrase), ()))
        most = max(shared.values(), default=0)
        for deed, count in shared.items():
            if deed in named or (count == most and most >= _LEAST):
                found[deed] += [text for text in _texts(entry) if not _SIDE.search(text)]
    return {deed: tuple(dict.fromkeys(texts)) for deed, texts in found.items() if texts}


def _texts(entry: LibraryEntry) -> tuple[str, ...]:
    return (entry.complete, entry.skeleton, *entry.phrases)


def _deeds_by_wording(primitives: Mapping[str, Primitive]) -> dict[str, frozenset[Deed]]:
    """Deeds by the wordings of their phrases; of broad ones, only the primitive's own name."""
    rng = np.random.default_rng(0)
    found: defaultdict[str, set[Deed]] = defaultdict(set)
    for primitive in primitives.values():
        for side in primitive.sides:
            for phrase in phrases_for(primitive, side):
                for _ in range(_EXPANSIONS):
                    wording = wording_key(expand(phrase, rng, side=side, told=needs_side(phrase)))
                    if phrase not in primitive.broad or wording == wording_key(primitive.key):
                        found[wording].add((primitive.key, side))
    return {wording: frozenset(deeds) for wording, deeds in found.items()}
