"""From an action's name to the sentences that stand for it, and to their feature."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.text.contract import TextEncoder
from engine.text.interpretation import interpret
from engine.text.library import Library, builtin_library
from engine.text.names import check_name
from engine.text.sentence import check_texts
from streams.skeleton.errors import InputError

MAX_SENTENCES = 16


@dataclass(frozen=True)
class ClassText:
    """An action's name and the sentences that stand for it."""

    name: str
    texts: tuple[str, ...]
    """The name, then its descriptions."""
    source: Literal["user", "library", "template"]
    """Where the descriptions come from."""
    matched: str | None = None
    """Names of the library entries the descriptions were taken from, joined by " + "."""
    visible: bool = True
    """Whether joints show it, as far as the library knows."""
    read_as: str | None = None
    """The name with its spelling put right; None where it needed none."""


def describe(
    name: str, encoder: TextEncoder, *, description: str | None = None, library: Library | None = None
) -> ClassText:
    """The sentences for an action: what the user wrote, else the library's, else a template's.

    Args:
        name: What the user typed.
        encoder: Compares the name with the library's by meaning.
        description: What the user wrote about it, one or more lines; blank is none.
        library: Where to look; the built-in library if None.

    Raises:
        ActionNameError: The name is empty, too long or not printable.
        InputError: The description has more than 16 lines or a line is too long.
    """
    checked = check_name(name)
    lines = _lines(description or "")
    if lines:
        return ClassText(name=checked, texts=(checked, *lines), source="user")
    meaning = interpret(checked, encoder, library or builtin_library())
    if meaning is not None:
        # Its other wordings, too: each is a different view of the same meaning (see the lab log).
        return ClassText(
            name=checked,
            texts=tuple(dict.fromkeys((checked, *meaning.sentences, *meaning.wordings))),
            source="library",
            matched=" + ".join(entry.name for entry in meaning.entries),
            visible=meaning.visible,
            read_as=meaning.read_as,
        )
    return ClassText(name=checked, texts=template_texts(checked), source="template")


def template_texts(name: str) -> tuple[str, ...]:
    """The sentences for an action nobody has described: its name alone, and in a sentence.

    The sentence brings the feature a third nearer to those of written descriptions, and costs
    nothing in telling names apart.
    """
    return (name, f"The person does the following with the body: {name}.")


def class_feature(texts: Sequence[str], encoder: TextEncoder) -> NDArray[np.float32]:
    """(E,) float32 unit vector that stands for an action: the renormalised mean over its texts.

    Training and engine both call this, and nothing else turns texts into a class.

    Raises:
        InputError: No texts, or one the encoder refuses.
    """
    if not texts:
        raise InputError("wanted at least one text for an action, got none; give its name")
    mean = encoder.encode(texts).mean(axis=0, dtype=np.float64)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def _lines(description: str) -> tuple[str, ...]:
    normal = unicodedata.normalize("NFC", description)
    lines = tuple(line for raw in normal.splitlines() if (line := " ".join(raw.split())))
    if len(lines) > MAX_SENTENCES:
        raise InputError(
            f"wanted a description of at most {MAX_SENTENCES} lines, got {len(lines)}; shorten it"
        )
    check_texts(lines)
    return lines
