"""Phrases to sentences: who acts, which side, in which form of the verb."""

import re
from typing import Literal

import numpy as np

from training.grammar.primitive import Primitive

Form = Literal["command", "gerund", "person", "part"]
Rng = np.random.Generator

_DOUBLED = {
    *("clap", "hit", "sit", "run", "swim", "swat", "hop", "dig", "nod", "step", "skip", "hug", "jog"),
    *("put", "get", "spin", "tap", "pat", "grab", "cut", "chop", "stop", "squat", "bat", "swap", "slap"),
    *("flap", "drum", "drop", "shrug", "rub", "bob", "dab", "wag", "chat", "plug", "jab", "lug", "win"),
    *("stab", "scrub", "strum", "zip", "sip", "tug", "slam", "flip", "pop", "mop", "tip", "skim"),
    *("jut", "plan", "let", "set", "stir", "slip", "trip", "grip", "knit", "split"),
    *("snap", "wrap", "dip", "jam", "hem", "chip", "pin", "rip", "whip", "trot", "strut"),
}
_IRREGULAR = {
    "lie": "lying",
    "die": "dying",
    "tie": "tying",
    "be": "being",
    "see": "seeing",
    "tiptoe": "tiptoeing",
}
_PLURAL = {"foot": "feet", "knee": "knees", "fist": "fists", "calf": "calves"}
_OTHER = {"left": "right", "right": "left"}
_PEOPLE = {
    **dict.fromkeys(("a person", "someone", "the person", "somebody", "a human"), "their"),
    **dict.fromkeys(("he", "a man"), "his"),
    **dict.fromkeys(("she", "a woman"), "her"),
}
"""Who may act, and the word for "of theirs"."""
_SELF = {"their": "themselves", "his": "himself", "her": "herself"}

_FORMS: tuple[Form, ...] = ("command", "command", "command", "gerund", "person")

_SLOT = re.compile(r"\{(w:|off:)?(\w+)\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_VERB = re.compile(r"~(\w+)")
_NEEDS_SIDE = re.compile(r"\{[so]\}")


def gerund(verb: str) -> str:
    """The -ing form of an English verb the grammar uses."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"


def third_person(verb: str) -> str:
    """The form after "he" or "she"."""
    if verb in ("do", "go") or verb.endswith(("s", "x", "z", "ch", "sh")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def swap_sides(text: str) -> str:
    """The same sentence about the mirrored motion: left for right and right for left."""
    return re.sub(r"\b(left|right)\b", lambda m: _OTHER[m[1]], text)


def expand(phrase: str, rng: Rng, *, side: str, told: bool, form: Form = "command") -> str:
    """One sentence of a phrase.

    Args:
        phrase: In the notation of ``training.grammar.primitive``.
        rng: Chooses among the alternatives.
        side: "left", "right", "both" or "".
        told: Whether the sentence says which side, where the phrase lets it.
        form: A command ("wave"), a gerund ("waving"), about a person ("a person waves") or about
            a body part that the phrase itself names ("the left hand waves").
    """
    who, their = _who(rng, form)
    said = side if told or side == "both" else ""
    text = _CHOICE.sub(lambda m: _pick(m[1].split("|"), rng), phrase)
    text = _SLOT.sub(lambda m: _slot(m[1] or "", m[2], rng, said, their), text)
    text = _inflect(text, rng, form, who, their)
    return re.sub(r"\s+", " ", text).strip()


def _who(rng: Rng, form: Form) -> tuple[str, str]:
    """Who acts, and what their hands are called."""
    if form == "person":
        who = _pick(tuple(_PEOPLE), rng)
        return who, _PEOPLE[who]
    return "", "the" if form == "part" else _pick(("your", "the", "the"), rng)


def can_tell(phrase: str) -> bool:
    """Whether the phrase has a place for the side."""
    return _SLOT.search(phrase) is not None


def needs_side(phrase: str) -> bool:
    """Whether the phrase makes no sense without the side."""
    return _NEEDS_SIDE.search(phrase) is not None


def phrases_for(primitive: Primitive, side: str) -> tuple[str, ...]:
    """The phrases that hold when ``side`` acts, the bare name first."""
    return primitive.both if side == "both" else primitive.phrases


def sentence(
    primitive: Primitive,
    side: str,
    rng: Rng,
    *,
    form: Form | None = None,
    told: bool | None = None,
    narrow: bool = False,
) -> str:
    """A true sentence about the primitive done with ``side``.

    Args:
        primitive: What is done.
        side: One of ``primitive.sides``.
        rng: Source of chance.
        form: Only phrases with a verb, in this form; any phrase in any form if None.
        told: Whether to say the side, where the phrase can; by chance if None.
        narrow: Leave out phrases that hold for other primitives too.
    """
    phrases = phrases_for(primitive, side)
    if narrow:
        phrases = tuple(p for p in phrases if p not in primitive.broad)
    if form is not None:
        phrases = tuple(p for p in phrases if "~" in p) or phrases
    if told:
        phrases = tuple(p for p in phrases if can_tell(p)) or phrases
    phrase = _pick(phrases, rng)
    by_chance = rng.random() < 0.55 if told is None else told
    telling = side in _OTHER and (needs_side(phrase) or by_chance)
    chosen = form or _FORMS[int(rng.integers(len(_FORMS)))]
    return expand(phrase, rng, side=side, told=telling, form=chosen)


def sentences(primitive: Primitive, side: str, rng: Rng, *, count: int = 6) -> tuple[str, ...]:
    """Distinct true sentences: the bare name, one that tells the side, body parts, paraphrases."""
    phrases = phrases_for(primitive, side)
    known = side in _OTHER
    bare = phrases[0]
    found = [expand(bare, rng, side=side, told=needs_side(bare))]
    if known:
        telling = [p for p in phrases if can_tell(p)]
        if telling:
            found.append(expand(_pick(telling, rng), rng, side=side, told=True))
    if primitive.parts and side != "both":
        found.append(expand(_pick(primitive.parts, rng), rng, side=side, told=known, form="part"))
    for _ in range(3 * count):
        if len(set(found)) >= count:
            break
        found.append(sentence(primitive, side, rng))
    return tuple(dict.fromkeys(found))


def opposites(swaps: tuple[tuple[str, str], ...], texts: tuple[str, ...], rng: Rng) -> list[str]:
    """One sentence for each pair of words some text allows, the word replaced by its opposite."""
    false: list[str] = []
    for word, opposite in swaps:
        pattern = re.compile(rf"\b{word}\b")
        allowed = [text for text in texts if pattern.search(text)]
        if allowed:
            false.append(pattern.sub(opposite, _pick(allowed, rng)))
    return false


def _pick(options: tuple[str, ...] | list[str], rng: Rng) -> str:
    return options[int(rng.integers(len(options)))]


def _slot(kind: str, noun: str, rng: Rng, side: str, their: str) -> str:
    """What stands in for one slot; ``side`` is empty where it is not told."""
    if noun == "s":
        return side
    if noun == "o":
        return _OTHER[side]
    if noun == "dir":
        where = (f"to the {side}", f"to the {side}", f"{side}", f"to {their} {side}")
        return _pick(where if side else ("to the side", "sideways", "to one side"), rng)
    if kind == "off:":
        return f"{their} {_OTHER[side]} {noun}" if side in _OTHER else f"the other {noun}"
    plural = _PLURAL.get(noun, noun + "s")
    if kind == "w:":
        if not side:
            return ""
        what = f"both {plural}" if side == "both" else f"{their} {side} {noun}"
        return f" with {what}"
    if side == "both":
        return _pick((f"both {plural}", f"{their} {plural}", f"both {their} {plural}", plural), rng)
    if side:
        return _pick((f"{their} {side} {noun}", f"{their} {side} {noun}", f"{side} {noun}"), rng)
    article = "an" if noun[0] in "aeiou" else "a"
    return _pick((f"{article} {noun}", f"one {noun}", f"{their} {noun}", noun), rng)


def _inflect(text: str, rng: Rng, form: Form, who: str, their: str) -> str:
    if "~" not in text or form == "command":
        return text.replace("~", "")
    if form == "gerund":
        return _VERB.sub(lambda m: gerund(m[1]), text)
    if form == "part":
        return _VERB.sub(lambda m: third_person(m[1]), text)
    text = re.sub(r"\byourself\b", _SELF[their], text)
    text = re.sub(r"\byour\b", their, text)
    if rng.random() < 0.5:
        return f"{who} is " + _VERB.sub(lambda m: gerund(m[1]), text)
    return f"{who} " + _VERB.sub(lambda m: third_person(m[1]), text)
