"""What a typed name means in terms of the library: one entry, a side or manner of it, or several."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from engine.text.contract import TextEncoder
from engine.text.library import Library, LibraryEntry
from engine.text.phrases import (
    Compound,
    Limb,
    Link,
    Phrase,
    Side,
    compound,
    names_limb_alone,
    phrases,
    wordings,
)
from engine.text.screening import plain
from engine.text.wording import contradicts, contrasts

_MOST_PHRASES = 6
"""Wordings of an entry that are given a side, or joined with those of another."""
_NOUNS: dict[Limb, str] = {"arm": "hand", "leg": "leg"}
_OTHER: dict[str, str] = {"left": "right", "right": "left"}
_ARM = "arms?|hands?|wrists?|elbows?|shoulders?|fists?|palms?|forearms?|fingers?"
_LEG = "legs?|foot|feet|knees?|heels?|thighs?|ankles?"
_ONE = {
    "arm": re.compile(rf"\b(one|an?) ((?:[a-z-]+ )?)({_ARM})\b", re.IGNORECASE),
    "leg": re.compile(rf"\b(one|an?) ((?:[a-z-]+ )?)({_LEG})\b", re.IGNORECASE),
}
_THE_OTHER = re.compile(rf"\b(the other|the opposite) ((?:[a-z-]+ )?)({_ARM})\b", re.IGNORECASE)
_BOTH_ARMS = re.compile(rf"\b(?:both|two) (?:[a-z-]+ )?(?:{_ARM})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Meaning:
    """What a name stands for."""

    entries: tuple[LibraryEntry, ...]
    """One, or those of the actions it joins."""
    wordings: tuple[str, ...]
    """Other names for the same, sides and manner told."""
    sentences: tuple[str, ...]
    """What the body does, sides and manner told."""
    read_as: str | None = None
    """The name with its spelling put right; None where it needed none."""

    @property
    def visible(self) -> bool:
        """Whether joints show it, or a part of it."""
        return any(entry.visible for entry in self.entries)


def interpret(name: str, encoder: TextEncoder, library: Library) -> Meaning | None:
    """The meaning of a typed name; None where the library has nothing that means the same.

    The same words, inflected as may be, come first; then the same with a side, a manner or a
    direction told; then several actions joined; then all of this with the spelling put right; and
    last what lies near enough in the encoder.

    Args:
        name: As typed.
        encoder: Compares by meaning.
        library: What is known.

    Raises:
        InputError: The encoder refuses the name.
    """
    text = plain(name)
    if not text or names_limb_alone(text.casefold()):
        return None
    corrected = library.speller.corrected(text)
    meaning = _by_words(text, library) or _joined(text, encoder, library)
    if meaning is None and corrected is not None:
        better = _by_words(corrected, library) or _joined(corrected, encoder, library)
        meaning = better and Meaning(better.entries, better.wordings, better.sentences, corrected)
    return meaning or _by_meaning(text, encoder, library)


def _by_words(text: str, library: Library) -> Meaning | None:
    ways = wordings(text)
    for way in ways:
        match = library.exact(way)
        if match is not None:
            return _plainly(match.entry)
    for way in ways:
        for phrase in phrases(way):
            for base in _bases(phrase):
                match = library.exact(base)
                meaning = match and _modified(match.entry, phrase, library)
                if meaning:
                    return meaning
    return None


def _joined(text: str, encoder: TextEncoder, library: Library) -> Meaning | None:
    for way in wordings(text):
        found = compound(way)
        if found is not None:
            parts = [
                _by_words(part, library) or _by_meaning(part, encoder, library) for part in found.parts
            ]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts):
                return _together(found, known)
    return None


def _by_meaning(text: str, encoder: TextEncoder, library: Library) -> Meaning | None:
    match = library.by_meaning(text, encoder)
    if match is not None:
        return _plainly(match.entry)
    for way in wordings(text):
        for phrase in phrases(way):
            match = library.by_meaning(phrase.bases[0], encoder)
            meaning = match and _modified(match.entry, phrase, library)
            if meaning:
                return meaning
    return None


def _bases(phrase: Phrase) -> Iterator[str]:
    for base in phrase.bases:
        yield from wordings(base)


def _plainly(entry: LibraryEntry) -> Meaning:
    return Meaning((entry,), entry.phrases, entry.sentences)


def _modified(entry: LibraryEntry, phrase: Phrase, library: Library) -> Meaning | None:
    """The entry with side, manner and direction told; None where it has no side to tell."""
    meaning = _plainly(entry)
    if phrase.side is not None:
        sided = _on_side(entry, phrase.side, phrase.limb, library)
        if sided is None:
            return None
        meaning = sided
    how = " ".join((*phrase.manner, *((phrase.way,) if phrase.way else ())))
    if not how:
        return meaning
    told = (text for text in meaning.sentences if not (phrase.way and _contradicts_way(phrase.way, text)))
    return Meaning(
        meaning.entries,
        tuple(f"{wording} {how}" for wording in meaning.wordings[:_MOST_PHRASES]),
        tuple(f"{text.removesuffix('.')}, {how}." for text in told),
    )


def _contradicts_way(way: str, sentence: str) -> bool:
    """Whether a sentence tells another direction than this one."""
    side, *_ = contrasts(sentence)
    return contradicts(way, sentence) if not side else False


def _on_side(entry: LibraryEntry, side: Side, limb: Limb | None, library: Library) -> Meaning | None:
    if contrasts(entry.name)[0]:
        return None
    kind = limb or _only_limb(entry)
    if kind is None or not _has_one(entry, kind):
        return None
    noun = _NOUNS[kind]
    if side == "both":
        plural = f"both {noun}s"
        return Meaning(
            (entry,),
            tuple(_in_plural(wording, kind, plural) for wording in entry.phrases[:_MOST_PHRASES]),
            (f"The person uses {plural} together to {entry.name}.",),
        )
    twin = _twin(entry, side, noun, library)
    if twin is not None:
        return _plainly(twin)
    return Meaning(
        (entry,),
        tuple(_told(wording, side, kind) for wording in entry.phrases[:_MOST_PHRASES]),
        tuple(_told(sentence, side, kind) for sentence in entry.sentences),
    )


def _twin(entry: LibraryEntry, side: Side, noun: str, library: Library) -> LibraryEntry | None:
    """The library's own entry for this side."""
    for wording in entry.phrases:
        for sided in (wording.replace("one ", f"the {side} ", 1), f"{wording} with the {side} {noun}"):
            match = library.exact(sided) if sided != wording else None
            if match is not None:
                return match.entry
    return None


def _told(text: str, side: str, kind: Limb) -> str:
    """The text with the side told.

    The first arm that it mentions becomes the left one and "the other" the right one. Of legs the
    first mentioned may be the one that stands, so there the side is added.
    """
    found = _ONE["arm"].search(text) if kind == "arm" else None
    if found is None:
        added = f" with the {side} {_NOUNS[kind]}"
        return f"{text[:-1]},{added}." if text.endswith(".") else text + added
    the = "The" if found[1][0].isupper() else "the"
    text = f"{text[: found.start()]}{the} {side} {found[2]}{found[3]}{text[found.end() :]}"
    return _THE_OTHER.sub(lambda m: f"the {_OTHER[side]} {m[2]}{m[3]}", text)


def _in_plural(wording: str, kind: Limb, plural: str) -> str:
    found = _ONE[kind].search(wording)
    if found is None:
        return f"{wording} with {plural}"
    return f"{wording[: found.start()]}{plural}{wording[found.end() :]}"


def _has_one(entry: LibraryEntry, kind: Limb) -> bool:
    """Whether one limb of this kind does it, and the other does not do the same."""
    if not any(_ONE[kind].search(sentence) for sentence in entry.sentences):
        return False
    return kind == "leg" or not any(_BOTH_ARMS.search(sentence) for sentence in entry.sentences)


def _only_limb(entry: LibraryEntry) -> Limb | None:
    kinds: list[Limb] = [kind for kind in ("arm", "leg") if _has_one(entry, kind)]
    return kinds[0] if len(kinds) == 1 else None


def _together(found: Compound, parts: list[Meaning]) -> Meaning:
    most = min(_MOST_PHRASES, *(len(part.wordings) for part in parts))
    rows = zip(*(part.wordings[:most] for part in parts), strict=True)
    sentences = zip(*(part.sentences for part in parts), strict=False)
    return Meaning(
        tuple(entry for part in parts for entry in part.entries),
        tuple(_linked(found.link, row) for row in islice(rows, most)),
        tuple(_told_together(found.link, row) for row in sentences),
    )


def _linked(link: Link, wordings: tuple[str, ...]) -> str:
    if link == "then":
        return "first " + ", then ".join(wordings)
    return f" {link} ".join(wordings)


def _told_together(link: Link, sentences: tuple[str, ...]) -> str:
    between = {"then": " Then: ", "while": " At the same time: ", "and": " "}[link]
    return between.join(sentences)
