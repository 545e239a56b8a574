"""Whether left is told from right: which side a recording acts with, and which the texts say."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from streams.skeleton.layouts import Joint

Limb = Literal["arm", "leg"]
Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

ONE_LIMB: dict[str, Limb] = {
    **dict.fromkeys(("hurdle step", "standing active straight leg raise"), "leg"),
    **dict.fromkeys(("front kick", "side kick", "roundhouse kick"), "leg"),
    **dict.fromkeys(("throwing a ball", "waving one hand"), "arm"),
    **dict.fromkeys(("back fist", "elbow strike", "straight punch"), "arm"),
    **dict.fromkeys((f"standing shoulder {way}" for way in ("abduction", "extension", "scaption")), "arm"),
    "standing shoulder internal and external rotation": "arm",
}
"""Classes of the open sets that one arm or leg performs, either one, and which of the two."""

_ENDS = {
    "arm": (Joint.WRIST_LEFT, Joint.WRIST_RIGHT),
    "leg": (Joint.ANKLE_LEFT, Joint.ANKLE_RIGHT),
}
_CLEAR = 1.5
"""How many times farther one side must travel than the other to be the side that acts."""


def acting_side(positions: NDArray[np.floating], limb: Limb) -> Side | None:
    """The side whose wrist or ankle travels clearly farther about the pelvis; None if neither does.

    Args:
        positions: (T, 25, 3), metres, T at least 2.
        limb: Which pair of ends is compared.
    """
    about = positions - positions[:, [Joint.SPINE_BASE]]
    left, right = (
        float(np.linalg.norm(about[:, joint] - about[:, joint].mean(axis=0), axis=-1).max())
        for joint in _ENDS[limb]
    )
    if max(left, right) <= _CLEAR * min(left, right):
        return None
    return "left" if left > right else "right"


def known_sides(labels: Sequence[str], positions: Sequence[NDArray[np.floating]]) -> list[Side | None]:
    """The side each recording acts with; None where its class is not of one limb, or it is not clear."""
    return [
        acting_side(recording, ONE_LIMB[label]) if label in ONE_LIMB else None
        for label, recording in zip(labels, positions, strict=True)
    ]


def sided_text(text: str, side: Side, limb: Limb) -> str:
    """The text, said of one side.

    Example:
        >>> sided_text("One leg swings up.", "left", "leg")
        'One leg swings up, with the left leg.'
    """
    if text.endswith("."):
        return f"{text[:-1]}, with the {side} {limb}."
    return f"{text} with the {side} {limb}"


def side_accuracy(
    embeddings: NDArray[np.float32],
    sides: list[Side],
    *,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
) -> float:
    """Share of samples nearer to the text of their own side than to the other's.

    Args:
        embeddings: (N, P, D) unit rows.
        sides: N sides that act.
        left: (N, P, D) or (1, P, D) unit rows of a text that says left.
        right: The same text that says right.

    Raises:
        DataError: No samples.
    """
    if not sides:
        raise DataError("wanted samples whose side is clear, got none; look for another limb or set")
    towards_left = ((embeddings * left).sum(axis=(1, 2)) - (embeddings * right).sum(axis=(1, 2))) > 0
    return float(np.mean(towards_left == np.array([side == "left" for side in sides])))
