"""Class texts: what training tells the encoder about a class, as features of the text encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.text.descriptions import class_feature
from engine.text.encoders import TextEncoder
from engine.text.library import LibraryEntry, read_library
from engine.text.sided import mirrored_text
from training.sides import ONE_LIMB, SIDES, Side, sided_text

DESCRIPTIONS = Path(__file__).parent / "data" / "descriptions.json"


@dataclass(frozen=True, eq=False)
class ClassTexts:
    """Texts of K classes and their features.

    Attributes:
        names: K class names.
        texts: Per class, all its texts, any of which training may draw; the bare name first.
        features: Per class, (its texts, E) float32 unit rows.
        sided: By class and side, the same of its texts said of that side; of classes of one limb alone.
        mirrored: The same of the texts with left and right swapped.
        named: (K, E) float32 unit rows of the bare names.
        described: (K, E) float32 unit rows of all texts together, made as the engine makes a class.
    """

    names: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    features: tuple[NDArray[np.float32], ...]
    sided: Mapping[tuple[str, Side], NDArray[np.float32]]
    mirrored: tuple[NDArray[np.float32], ...]
    named: NDArray[np.float32]
    described: NDArray[np.float32]


def read_descriptions(path: Path = DESCRIPTIONS) -> dict[str, LibraryEntry]:
    """Descriptions by class name, in the form of the engine's library.

    Raises:
        DataError: The file is missing or of another form.
    """
    return {entry.name: entry for entry in read_library(path).entries}


def class_texts(
    names: Sequence[str], encoder: TextEncoder, *, descriptions: Mapping[str, LibraryEntry]
) -> ClassTexts:
    """Texts and features of these classes; a class nobody described has its bare name alone.

    Args:
        names: K class names.
        encoder: Asked once for every text.
        descriptions: By class name.
    """
    texts = tuple(_all_texts(name, descriptions.get(name)) for name in names)
    flat = [text for group in texts for text in group]
    said = _sided_texts(names, texts)
    of_sides = [text for group in said.values() for text in group]
    both = tuple(dict.fromkeys([*flat, *(mirrored_text(text) for text in flat), *of_sides]))
    rows = dict(zip(both, encoder.encode(both), strict=True))
    return ClassTexts(
        names=tuple(names),
        texts=texts,
        features=tuple(np.stack([rows[text] for text in group]) for group in texts),
        sided={key: np.stack([rows[text] for text in group]) for key, group in said.items()},
        mirrored=tuple(np.stack([rows[mirrored_text(text)] for text in group]) for group in texts),
        named=np.stack([rows[name] for name in names]),
        described=np.stack([class_feature(group, encoder) for group in texts]),
    )


def drawn_text(rows: NDArray[np.float32], rng: np.random.Generator, *, most: int) -> NDArray[np.float32]:
    """(E,) float32 unit row: one of the rows, or every second time the mean of up to ``most`` of them.

    The engine makes a class of the mean over its texts, so the encoder should meet means.

    Args:
        rows: (texts, E) float32 unit rows of the sentences that are true of a window.
        rng: Source of chance.
        most: Sentences in a mean; 1 for a single sentence always.
    """
    if most < 2 or len(rows) < 2 or rng.random() < 0.5:
        return rows[rng.integers(len(rows))]
    count = int(rng.integers(2, most + 1))
    mean = rows[rng.permutation(len(rows))[:count]].mean(axis=0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def _sided_texts(
    names: Sequence[str], texts: Sequence[tuple[str, ...]]
) -> dict[tuple[str, Side], tuple[str, ...]]:
    return {
        (name, side): tuple(sided_text(text, side, ONE_LIMB[name]) for text in group)
        for name, group in zip(names, texts, strict=True)
        if name in ONE_LIMB
        for side in SIDES
    }


def _all_texts(name: str, entry: LibraryEntry | None) -> tuple[str, ...]:
    if entry is None:
        return (name,)
    return tuple(dict.fromkeys((name, *entry.paraphrases, entry.complete, entry.skeleton)))
