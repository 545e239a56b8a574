"""What words decide where sentence encoders are blind: sides, directions, counts, body parts.

"Throw with the left hand" and "throw with the right hand" lie closer together in a sentence
encoder than most paraphrases do.
"""

import re
from functools import lru_cache

_SIDES: tuple[tuple[str, ...], ...] = (("left",), ("right",), ("both", "two"))
_CONTRASTS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("up", "upward", "upwards", "high", "overhead"), ("down", "downward", "downwards", "low")),
    (
        ("forward", "forwards", "front", "forehand"),
        ("backward", "backwards", "back", "behind", "backhand"),
        ("sideways", "side", "sides", "lateral"),
    ),
    (("overhand", "overarm", "upper"), ("underhand", "underarm", "lower")),
    (("clockwise",), ("counterclockwise", "anticlockwise")),
    (("in", "into", "inside", "inward", "inwards"), ("out", "outside", "outward", "outwards")),
    (("on",), ("off",)),
    (("open", "opening"), ("close", "closing", "shut", "shutting")),
    (("raise", "raising", "lift", "lifting"), ("lower", "lowering", "drop", "dropping")),
    (("push", "pushing"), ("pull", "pulling")),
    (("throw", "throwing", "toss"), ("catch", "catching", "receive")),
    (("sit", "sitting"), ("stand", "standing"), ("lie", "lying"), ("kneel", "kneeling")),
    (("one", "single"), ("two", "both"), ("three",), ("four",)),
    (("yes",), ("no",)),
    (("slow", "slowly"), ("fast", "quick", "quickly")),
    (
        ("arm", "arms", "hand", "hands", "fist", "fists", "elbow", "elbows", "finger", "fingers", "wrist"),
        ("leg", "legs", "foot", "feet", "knee", "knees", "toe", "toes", "heel", "heels", "thigh"),
        ("head", "chin", "neck", "nose", "face"),
        ("shoulder", "shoulders"),
        ("hip", "hips", "waist"),
        ("body", "chest", "torso", "trunk"),
    ),
)
_LIMBS = frozenset(("arms", "hands", "legs", "feet", "knees", "elbows", "shoulders", "fists", "wrists"))
_EMPTY = frozenset(
    (
        *("a", "an", "the", "one's", "your", "my", "his", "her", "their", "some", "person", "someone"),
        *("do", "doing", "make", "making", "perform", "performing"),
    )
)


@lru_cache(maxsize=16_384)
def contrasts(text: str) -> tuple[frozenset[int], ...]:
    """For the sides, then for each kind of contrast, which of its alternatives the text names."""
    named = set(words(text))
    return tuple(
        frozenset(index for index, alternative in enumerate(kind) if named.intersection(alternative))
        for kind in (_SIDES, *_CONTRASTS)
    )


def contradicts(one: str, other: str) -> bool:
    """Whether two phrases cannot mean the same action.

    They name different sides, or one names a side and the other none; or both name a direction,
    posture, number or body part, and not the same.
    """
    (my_sides, *mine), (their_sides, *theirs) = contrasts(one), contrasts(other)
    return my_sides != their_sides or any(a and b and a != b for a, b in zip(mine, theirs, strict=True))


def content_words(text: str) -> list[str]:
    """Its words in order and in small letters, without articles, pronouns and "do"."""
    return [word for word in words(text) if word not in _EMPTY]


def wording_key(text: str) -> str:
    """Equal for phrases that differ only in articles, endings and hyphens; empty for no content.

    "Do push-ups", "push ups" and "pushing up" are one.
    """
    return "".join(map(_stem, content_words(text)))


def words(text: str) -> list[str]:
    """Its words in order, in small letters."""
    return re.findall(r"[\w']+", text.casefold())


def _stem(word: str) -> str:
    """The word without -s, -es, -ed, -ing and -e, the consonant before -ed and -ing undoubled.

    Two arms are not one arm: limbs keep their -s.
    """
    if word in _LIMBS:
        return word
    ending = next((e for e in ("ing", "ed") if word.endswith(e) and len(word) > len(e) + 2), None)
    if ending:
        word = word.removesuffix(ending)
        if word[-1] == word[-2] and word[-1] not in "lsz":
            word = word[:-1]
    elif word.endswith("es") and len(word) > 4:
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 2:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
