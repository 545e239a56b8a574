"""Why this caption: what the score loses when one joint, or one stretch of the window, is held still.

Occlusion (Zeiler and Fergus, ECCV 2014, section 4.2), carried over to skeletons. A joint is held still in
relation to the one it hangs on: its bone keeps the window's mean direction and length, and what hangs on
it moves along. Holding its absolute position would tear a walking person's arm off. A stretch of time
shows the mean pose. What is left is a body somebody could have, so that the encoder is asked what it knows.

A drop is no share of a whole: two joints that say the same have small drops, and one that speaks against
the caption a negative one.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.embedding import Prepared
from streams.skeleton.layouts import NTU_25

STRETCHES = 8
"""Parts of the window that are held still one after the other."""


@dataclass(frozen=True)
class Explanation:
    """What made a window's class; JSON-safe. Scores are on the scale of cosines."""

    id: str
    """Of the action that is explained."""
    name: str
    stream: str
    track: int
    score: float
    """Of the action, the window as it was."""
    rival: str | None
    """Name of the best other action; None where there is no other."""
    lead: float
    """Score above the best other action's, or the unnamed class's where that is higher."""
    joints: tuple[float, ...]
    """What the lead loses while one joint is held still, in NTU-25 order; below 0 if it spoke against."""
    stretches: tuple[float, ...]
    """What the lead loses while a stretch of the window is held still, oldest first."""
    length_s: float
    """Of the window, seconds."""
    pose: tuple[tuple[float, float, float], ...]
    """(25, 3) the person where farthest from the window's beginning, normalised, metres."""


def variants(people: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1 + 25 + 8, M, T, 25, 3): the window, each joint held still, each stretch of time held still.

    Args:
        people: (M, T, 25, 3), normalised; the first person is the one explained.
    """
    count = 1 + len(NTU_25) + STRETCHES
    made = np.repeat(people[None], count, axis=0)
    person = people[0]
    for joint in range(len(NTU_25)):
        made[1 + joint, 0] = hold_joint(person, joint)
    borders = np.linspace(0, len(person), STRETCHES + 1).round().astype(int)
    for number, (begin, end) in enumerate(itertools.pairwise(borders)):
        made[1 + len(NTU_25) + number, 0, begin:end] = person.mean(axis=0)
    return made


def explained(
    prepared: Prepared,
    action_id: str,
    place: int,
    names: Sequence[str],
    scores: NDArray[np.float32],
    *,
    unknown_cosine: float,
) -> Explanation:
    """What the variants' scores say of one action.

    Args:
        prepared: The window.
        action_id: Of the action.
        place: Its column.
        names: K names, in the order of the columns.
        scores: (N, K) of ``variants``, in their order.
        unknown_cosine: Score of the unnamed class.
    """
    others = scores.copy()
    others[:, place] = unknown_cosine
    leads = scores[:, place] - np.maximum(others.max(axis=1), unknown_cosine)
    drops = tuple(round(float(leads[0] - lead), 4) for lead in leads[1:])
    others[0, place] = -np.inf
    person = prepared.people[0]
    return Explanation(
        id=action_id,
        name=names[place],
        stream=prepared.window.stream,
        track=prepared.window.track,
        score=float(scores[0, place]),
        rival=names[int(others[0].argmax())] if len(names) > 1 else None,
        lead=float(leads[0]),
        joints=drops[:-STRETCHES],
        stretches=drops[-STRETCHES:],
        length_s=prepared.window.length_s,
        pose=tuple((x, y, z) for x, y, z in person[liveliest(person)].round(3).tolist()),
    )


def hold_joint(person: NDArray[np.float32], joint: int) -> NDArray[np.float32]:
    """(T, 25, 3): the person with one bone at its mean; what hangs on it moves along.

    The root, which has no bone, does not move in a normalised window: it changes nothing.

    Args:
        person: (T, 25, 3).
        joint: The bone's far end.
    """
    parent = NTU_25.parents[joint]
    if parent < 0:
        return person.copy()
    bone = person[:, joint] - person[:, parent]
    held = person.copy()
    held[:, _branch(joint)] += (bone.mean(axis=0) - bone)[:, None]
    return held


def liveliest(person: NDArray[np.float32]) -> int:
    """The frame farthest from the window's first pose: what a picture of the action should show.

    Args:
        person: (T, 25, 3).
    """
    return int(np.linalg.norm(person - person[0], axis=-1).sum(axis=-1).argmax())


def _branch(joint: int) -> list[int]:
    """The joint and all that hangs on it."""
    found = [joint]
    for at in found:
        found += [child for child, parent in enumerate(NTU_25.parents) if parent == at]
    return found
