"""What words give away before any encoder sees them: another language, an emoji, nothing a joint shows."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.messages import Notice
from engine.text.wording import content_words
from streams.skeleton.errors import DataError

WORDS_FILE = Path(__file__).parent / "data" / "words.json"
MOST_WORDS = 12
"""A longer name is a description."""

_MARKUP = re.compile(r"</?\s*[a-z!][^<>]*>|&#?\w+;|https?://\S*|javascript:", re.IGNORECASE)
_WHERE = {
    "fingers": "happens in the fingers, and a skeleton has one joint for a hand, one for its tip and one "
    "for its thumb",
    "face": "happens in the face, and a skeleton has none",
    "voice": "is heard rather than seen, and a skeleton shows joints alone",
    "stillness": "hardly moves a joint, and looks like standing or sitting still",
    "mind": "is a state of mind, and a skeleton shows only how the body moves",
}
_ACCENTED = {
    "German": "äöüß",
    "French": "àâçèêëîïôœùû",
    "Spanish": "ñ¿¡",
    "Portuguese": "ãõ",
}


@dataclass(frozen=True)
class _Words:
    """The lists of ``words.json``."""

    hidden: dict[str, str]
    """Where it happens, by word."""
    parts: frozenset[str]
    part_verbs: frozenset[str]
    vague: frozenset[str]
    insults: frozenset[str]
    english: dict[str, dict[str, str]]
    """English for the commonest words of a language, by language."""
    particles: dict[str, frozenset[str]]
    """Small words of a language that English has not, by language."""


def plain(name: str) -> str:
    """The name in letters and digits, each emoji by the words of its Unicode name; may be empty.

    "Wave 👋🏽!" is "wave waving hand".
    """
    return " ".join("".join(map(_in_letters, _MARKUP.sub(" ", name))).split())


def screen(name: str) -> tuple[Notice, ...]:
    """Notices about the words of a name, gravest first.

    Args:
        name: As ``engine.text.names.check_name`` keeps it.

    Raises:
        DataError: The lists of words are damaged.
    """
    found = (_markup(name), _symbols(name), _insult(name), _language(name), _hidden(name), _vague(name))
    return tuple(notice for notice in (*found, _long(name)) if notice is not None)


def in_english(name: str) -> str | None:
    """The name word by word in English, where it is of one of six other languages and known whole."""
    words = _letters(name)
    for language, english in _words().english.items():
        if words and all(word in english or word in _words().particles[language] for word in words):
            return " ".join(english[word] for word in words if word in english) or None
    return None


def hidden_notice(name: str, kind: str | None = None) -> Notice:
    """The notice that joints do not show what the name means.

    Args:
        name: As typed.
        kind: Where it happens: a key of ``words.json``'s "hidden"; by the name's words if None.
    """
    kinds = {**dict.fromkeys(_words().parts, "face"), **_words().hidden}
    where = kind or next((kinds[word] for word in content_words(name) if word in kinds), "fingers")
    return Notice("hidden", f"“{name}” {_WHERE[where]}. Name a movement of arms, legs, trunk or head.")


def _markup(name: str) -> Notice | None:
    if _MARKUP.search(name) is None:
        return None
    return Notice("markup", "That looks like markup or an address. Type what the person does, in words.")


def _symbols(name: str) -> Notice | None:
    if any(character.isalpha() for character in name):
        return None
    return Notice("symbols", "There are no words in it. Type what the person does, in words.")


def _insult(name: str) -> Notice | None:
    if _words().insults.isdisjoint(_letters(name)):
        return None
    return Notice("insult", "That is not a movement. Type what the person does, for example “wave”.")


def _language(name: str) -> Notice | None:
    script, language = _script(name), _latin_language(name)
    if script is None and language is None:
        return None
    looks = f"is written in {script} script" if script else f"looks like {language}"
    english = in_english(name)
    instead = f": “{english}”" if english else ""
    return Notice("language", f"That {looks}, but only English is understood. Type it in English{instead}.")


def _script(name: str) -> str | None:
    """The script of the first letter that is not Latin."""
    for character in name:
        if character.isalpha() and not unicodedata.name(character, "LATIN").startswith(
            ("LATIN", "FULLWIDTH LATIN", "MODIFIER")
        ):
            script = unicodedata.name(character).split()[0].split("-")[0]
            return "Chinese or Japanese" if script == "CJK" else script.title()
    return None


def _latin_language(name: str) -> str | None:
    words = _letters(name)
    signs = {
        language: sum(word in english for word in words) * 2
        + sum(word in _words().particles[language] for word in words)
        + 2 * bool(set(_ACCENTED.get(language, "")) & set("".join(words)))
        for language, english in _words().english.items()
    }
    likeliest = max(signs, key=lambda language: signs[language])
    return likeliest if signs[likeliest] >= 2 else None


def _hidden(name: str) -> Notice | None:
    words, content = _words(), [word for word in content_words(name) if word not in ("be", "being")]
    if not content:
        return None
    if content[0] in words.hidden:
        return hidden_notice(name, words.hidden[content[0]])
    if content[0] in words.part_verbs and content[-1] in words.parts:
        digits = content[-1].startswith(("finger", "thumb", "toe", "nail"))
        return hidden_notice(name, "fingers" if digits else "face")
    return None


def _vague(name: str) -> Notice | None:
    content = content_words(name)
    if content and not _words().vague.issuperset(content):
        return None
    if not content and not any(character.isalpha() for character in name):
        return None
    return Notice("vague", f"“{name}” can look like anything. Say which part of the body moves, and how.")


def _long(name: str) -> Notice | None:
    count = len(name.split())
    if count <= MOST_WORDS:
        return None
    return Notice(
        "long", f"{count} words are a description. Give a name of a few words, and describe it below that."
    )


def _letters(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", unicodedata.normalize("NFC", name).casefold())


def _in_letters(character: str) -> str:
    if character.isalnum() or character in "-' ":
        return character
    if unicodedata.category(character) != "So":
        return " " if unicodedata.category(character)[0] in "PZ" else ""
    words = unicodedata.name(character, "").lower()
    return f" {re.sub(r' (sign|face|symbol)$', '', words)} "


@cache
def _words() -> _Words:
    try:
        raw: dict[str, Any] = json.loads(WORDS_FILE.read_text("utf-8"))
        return _Words(
            hidden={word: kind for kind, words in raw["hidden"].items() for word in words},
            parts=frozenset(raw["parts"]),
            part_verbs=frozenset(raw["part_verbs"]),
            vague=frozenset(raw["vague"]),
            insults=frozenset(raw["insults"]),
            english={language: dict(fields["verbs"]) for language, fields in raw["languages"].items()},
            particles={
                language: frozenset(fields["words"]) for language, fields in raw["languages"].items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"wanted the lists of words in {WORDS_FILE}, got {error!r:.200}; install this program again"
        ) from error
