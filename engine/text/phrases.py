"""A typed name taken apart: who, what, which side, how, and what comes with it or after it."""

import re
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right", "both"]
Limb = Literal["arm", "leg"]
Link = Literal["and", "then", "while"]

_ARM = ("arm", "hand", "fist", "palm", "elbow", "wrist", "shoulder", "forearm")
_LEG = ("leg", "foot", "knee", "heel", "thigh", "ankle", "toe", "feet")
_OWN = r"(?:the |your |my |his |her |their |a |one's |its )?"
_SIDED = re.compile(
    rf"(?P<with>\b(?:with|using|by|on|from|of) )?\b{_OWN}(?P<side>left|right|other|opposite|both|two)"
    rf"(?: of)?[ -]{_OWN}(?P<limb>(?:{'|'.join((*_ARM, *_LEG))})(?:s|ed)?)\b"
)
_SIDE_FIRST = re.compile(r"^(?P<side>left|right|double)[ -](?P<rest>.+)$")
_MANNER = re.compile(
    r"\b(?:(?:very|really|quite|super|so|as) )?(?P<word>slow(?:ly)?|fast(?:er)?|quick(?:ly)?|rapidly|hard|"
    r"soft(?:ly)?|gent(?:ly|le)|strong(?:ly)?|powerful(?:ly)?|far(?: away)?|wild(?:ly)?|slight(?:ly)?|"
    r"light(?:ly)?|deep(?:ly)?|high|low|repeated(?:ly)?|again and again|over and over(?: again)?|"
    r"continuously|once|twice|"
    r"(?:two|three|four|five|ten|\d+|a few|several|many|multiple) times|a (?:little|bit|lot)|"
    r"energetic(?:ally)?|excited(?:ly)?|happily|angrily|carefully|normally|properly)\b(?: as possible)?"
)
_WAY = re.compile(
    r"\b(?P<way>forwards?|backwards?|sideways|to (?:the|one|your) side|in place|on the spot|in a circle|"
    r"in circles|up and down|back and forth|from side to side|side to side|left and right|around|"
    r"upwards?|downwards?)\b"
)
_LINKS: tuple[tuple[Link, re.Pattern[str]], ...] = (
    ("while", re.compile(r"\s+(?:while|whilst|at the same time as|during)\s+")),
    ("then", re.compile(r"\s*(?:,? and then|,? then|,? followed by|,? before|->|→|;)\s+")),
    ("and", re.compile(r"\s*(?:,? and| ?&| ?\+|,| plus)\s+")),
)
_WHO = re.compile(
    r"^(?:(?:a |the |an? )?(?:person|someone|somebody|people|man|woman|child|kid|boy|girl|guy|human)"
    r"|he|she|they|i|you|we|it)(?: is| are|'s|'re|'m| am| who is| that is| who)? (?P<rest>.+)$"
)
_LEADS = re.compile(
    r"^(?:(?:please|can you|could you|let's|lets|just|try(?:ing)? to|start(?:ing)? to|start|keep(?:ing)?|"
    r"begin to|"
    r"how to|action of|the action of|motion of|movement of|gesture of|"
    r"pretend(?:ing)?(?: to be| to| like)?|mim(?:e|ing)|imitat(?:e|ing)|mimic(?:king)?|"
    r"act(?:ing)?(?: like| as if| as)?|be(?:ing)?|like|"
    r"do(?:ing)?|perform(?:ing)?|mak(?:e|ing)|execut(?:e|ing)|practi[cs](?:e|ing)|play(?:ing)?|show(?:ing)?|"
    r"go(?:ing)?(?: for)?|tak(?:e|ing)|ha(?:ve|ving)|giv(?:e|ing)|get(?:ting)?|us(?:e|ing)|"
    r"you are|you were|some|a|an|the|one|any|your|my|of|real) )+"
)
_TAILS = re.compile(
    r"(?: (?:please|now|action|movement|motion|move|gesture|exercise|exercises|pose|position|again|"
    r"in the air|for fun|like that|at (?:me|you|someone|somebody|the camera)|"
    r"(?:with|using|on|in|of) (?:the|your|my|a) body|to (?:someone|somebody|a friend|the camera)))+$"
)
_LIMB_FIRST = rf"^(?:the |your |my )?(?:left |right |both |one )?(?:{'|'.join((*_ARM, *_LEG))})s?"
_VERBLESS = re.compile(rf"{_LIMB_FIRST}\b")
_LIMB_ALONE = re.compile(rf"{_LIMB_FIRST}$")
_RAISING = ("raise", "lift", "stretch", "put", "move")
_MOST_PARTS = 3


@dataclass(frozen=True)
class Phrase:
    """One action as it was typed."""

    bases: tuple[str, ...]
    """What is done, as wordings to look up, most literal first."""
    side: Side | None = None
    limb: Limb | None = None
    manner: tuple[str, ...] = ()
    """How, in words that change no limb: "slowly", "twice"."""
    way: str | None = None
    """Where to: "backwards", "in place"."""


@dataclass(frozen=True)
class Compound:
    """Several actions at once or in turn."""

    link: Link
    parts: tuple[str, ...]
    """Two or three; a part without a verb has been given the first one's."""


def wordings(text: str) -> tuple[str, ...]:
    """The text, then the same without who does it, without "do a" and "pretend to", without fillers."""
    text = " ".join(text.casefold().replace("’", "'").split())
    who = _WHO.match(text)
    bare = who["rest"] if who else text
    short = _LEADS.sub("", bare)
    ways = (text, bare, short, _TAILS.sub("", bare), _TAILS.sub("", short))
    return tuple(dict.fromkeys(way for way in ways if way))


def phrases(text: str) -> tuple[Phrase, ...]:
    """The ways to read one wording with a side, a manner or a direction taken out, best first."""
    plain, manner = _without_manner(text)
    found: list[Phrase] = []
    if manner:
        found.append(Phrase((plain,), manner=manner))
    sided = _sided(plain)
    if sided is not None:
        found.append(Phrase(sided.bases, sided.side, sided.limb, manner))
    for phrase in (sided, Phrase((plain,))):
        if phrase is None:
            continue
        ways = _WAY.search(phrase.bases[-1])
        if ways:
            bases = tuple(dict.fromkeys(_cut(base, _WAY) for base in phrase.bases))
            found.append(Phrase(bases, phrase.side, phrase.limb, manner, ways["way"]))
    if _VERBLESS.match(plain) and not names_limb_alone(plain):
        found.append(Phrase(tuple(f"{verb} {plain}" for verb in _RAISING), manner=manner))
    return tuple(phrase for phrase in found if any(phrase.bases))


def names_limb_alone(text: str) -> bool:
    """Whether the wording is a limb and nothing is done with it."""
    return _LIMB_ALONE.match(text) is not None


def compound(text: str) -> Compound | None:
    """The actions the wording joins; None where it joins none, or more than three."""
    text = _WAY.sub(lambda m: m[0].replace(" and ", "\0"), text)
    text = re.sub(r"(again|over) and (again|over)", "\\1\0\\2", text)
    for link, pattern in _LINKS:
        parts = [part.replace("\0", " and ") for part in pattern.split(text)]
        if 2 <= len(parts) <= _MOST_PARTS and all(parts):
            first = parts[0].split()[0]
            rest = (f"{first} {part}" if _VERBLESS.match(part) else part for part in parts[1:])
            return Compound(link, (parts[0], *rest))
    return None


def _without_manner(text: str) -> tuple[str, tuple[str, ...]]:
    words = tuple(match["word"] for match in _MANNER.finditer(text))
    return (_cut(text, _MANNER), words) if words else (text, ())


def _cut(text: str, pattern: re.Pattern[str]) -> str:
    return " ".join(pattern.sub(" ", text).split())


def _sided(text: str) -> Phrase | None:
    """The side taken out: "wave the left hand" is to wave one hand, or a hand, or to wave."""
    found = _SIDED.search(text)
    if found is None:
        first = _SIDE_FIRST.match(text)
        if first is None:
            return None
        return Phrase((first["rest"],), "both" if first["side"] == "double" else _side(first["side"]))
    limb, before, after = found["limb"].removesuffix("ed"), text[: found.start()], text[found.end() :]
    side = _side(found["side"])
    single = limb if side == "both" or limb.endswith("ee") else limb.removesuffix("s")
    kind: Limb = "arm" if single.rstrip("s") in _ARM else "leg"
    lead = found["with"] or ""
    articles = ("both ", "the ", "") if side == "both" else ("one ", "a ")
    kept = [f"{before}{lead}{article}{single}{after}" for article in articles]
    bases = [*kept, f"{before}{after}"] if not lead else [f"{before}{after}", *kept]
    return Phrase(tuple(dict.fromkeys(" ".join(base.split()) for base in bases)), side, kind)


def _side(word: str) -> Side:
    # The other hand is the one that is not preferred: the left one of nine people in ten.
    sides: dict[str, Side] = {"right": "right", "both": "both", "two": "both"}
    return sides.get(word, "left")
