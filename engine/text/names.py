"""What an action may be called, and when two names are the same."""

import unicodedata

from streams.skeleton.errors import ActionNameError

MAX_NAME_CHARACTERS = 80
# Joiners are invisible, but Persian, Hindi and many emoji cannot be written without them.
_JOINERS = "\u200c\u200d"
_ACCENTS = range(0x0300, 0x0370)
"""Combining marks of the Latin, Greek and Cyrillic scripts; elsewhere a mark is a letter."""


def check_name(name: str) -> str:
    """The name as it is kept: Unicode NFC, runs of whitespace made one space, none at the ends.

    Raises:
        ActionNameError: Nothing visible is left, more than 80 characters, or a character that
            cannot be printed.
    """
    if not isinstance(name, str):
        raise ActionNameError(f"wanted an action name as text, got {type(name).__name__}; type a name")
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy.strip(_JOINERS):
        raise ActionNameError("wanted an action name, got nothing; type what the person does")
    if len(tidy) > MAX_NAME_CHARACTERS:
        raise ActionNameError(
            f"wanted an action name of at most {MAX_NAME_CHARACTERS} characters, got {len(tidy)} "
            f"({tidy[:30]!r}…); shorten it and put the rest into the description"
        )
    for character in tidy:
        if not (character.isprintable() or character in _JOINERS):
            raise ActionNameError(
                f"wanted printable characters in an action name, got U+{ord(character):04X} in {tidy!a}; "
                "remove it"
            )
    return tidy


def name_key(name: str) -> str:
    """Equal for names that differ only in case, accents, width or invisible characters."""
    bare = (
        character
        for character in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
        if ord(character) not in _ACCENTS and character not in _JOINERS
    )
    return " ".join(unicodedata.normalize("NFC", "".join(bare)).split())
