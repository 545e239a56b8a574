"""What a bundle does beyond naming one of the candidates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Bank
from streams.skeleton.errors import DataError
from training.few_shot import shown_accuracy
from training.rejection import rejection_auroc
from training.sequences import Sequences
from training.sides import Limb, acting_side, side_accuracy
from training.zero_shot import scores

SHOTS = (0, 1, 2, 5)


@dataclass(frozen=True)
class OpenWorld:
    """Scores of sequences, [0, 1] each."""

    unknown_auroc: float
    """Of telling sequences whose class is a candidate from others, half of the classes hidden."""
    among_seen_top1: float
    """Top-1 where the classes the encoder was trained on are candidates, too."""
    shown_top1: dict[int, float]
    """Top-1 of the bank by the number of examples shown of every class, on the other sequences."""
    sides: dict[str, float]
    """By label, the share whose acting side is told; chance is 0.5."""
    sides_all: float | None
    """Their mean over sequences; None where no label has sides."""


def open_world(
    sequences: Sequences,
    rows: NDArray[np.float32],
    *,
    class_rows: Callable[[Sequence[str]], NDArray[np.float32]],
    seen_rows: NDArray[np.float32],
    new_bank: Callable[[], Bank],
    sided: Mapping[str, Limb],
) -> OpenWorld:
    """Scores of the sequences, their classes the candidates.

    Args:
        sequences: N sequences.
        rows: (N, P, D) unit rows, their embeddings.
        class_rows: Typed names to unit rows (K, P, D), as the engine makes them.
        seen_rows: (S, P, D) unit rows of the classes the encoder was trained on.
        new_bank: An empty bank of the rule to be scored.
        sided: Labels that one arm or leg performs, and which of the two.
    """
    names = sequences.classes
    truth = np.array([names.index(label) for label in sequences.labels])
    classes = class_rows(names)
    table = scores(rows, classes)
    beside = np.concatenate([table, scores(rows, seen_rows)], axis=1)
    told = {
        label: hits
        for label, limb in sided.items()
        if label in names and len(hits := _told(sequences, rows, label, limb, class_rows))
    }
    return OpenWorld(
        unknown_auroc=rejection_auroc(table, truth),
        among_seen_top1=float((beside.argmax(axis=1) == truth).mean()),
        shown_top1=_shown(new_bank, rows, classes, truth),
        sides={label: float(np.mean(hits)) for label, hits in told.items()},
        sides_all=float(np.mean(np.concatenate(list(told.values())))) if told else None,
    )


def _shown(
    new_bank: Callable[[], Bank],
    rows: NDArray[np.float32],
    classes: NDArray[np.float32],
    truth: NDArray[np.int64],
) -> dict[int, float]:
    """By number of examples, as far as every class has so many and one more."""
    found: dict[int, float] = {}
    for shots in SHOTS:
        try:
            found[shots] = shown_accuracy(new_bank(), rows, classes, truth, shots=shots)
        except DataError:
            break
    return found


def _told(
    sequences: Sequences,
    rows: NDArray[np.float32],
    label: str,
    limb: Limb,
    class_rows: Callable[[Sequence[str]], NDArray[np.float32]],
) -> NDArray[np.bool_]:
    """For each sequence of the label whose side is clear, whether its side's text is the nearer one."""
    left, right = class_rows([f"{label} with the {side} {limb}" for side in ("left", "right")])[:, None]
    hits: list[bool] = []
    for n, name in enumerate(sequences.labels):
        side = acting_side(sequences.positions[n], limb) if name == label else None
        if side is not None:
            hits.append(side_accuracy(rows[n : n + 1], [side], left=left, right=right) > 0.5)
    return np.array(hits, bool)
