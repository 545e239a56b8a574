"""Scores and transitions as people read them: best first, and by name."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from engine.decision import Decision, Transition
from engine.messages import ActionEvent, ClassScore

MOST_SHOWN = 10
"""Classes listed in a prediction."""


def best_first(scores: NDArray[np.float32], most: int) -> list[int]:
    """Rows of the best scores, best first, of equal ones the earlier first; sorts those alone."""
    rows = range(len(scores))
    if len(scores) > most:
        rows = np.flatnonzero(scores >= np.partition(scores, -most)[-most]).tolist()
    # Few are left: Python sorts them in less time than it takes to call numpy.
    values = {row: float(scores[row]) for row in rows}
    return sorted(values, key=lambda row: -values[row])[:most]


def best_classes(
    class_ids: tuple[str, ...],
    scores: NDArray[np.float32],
    shares: NDArray[np.float64],
    names: Mapping[str, str],
) -> tuple[ClassScore, ...]:
    """The best classes of a window, best first, at most ten.

    Args:
        class_ids: K ids.
        scores: (K,) in the same order.
        shares: (K,) probabilities in the same order.
        names: By id.
    """
    return tuple(
        ClassScore(class_ids[row], names[class_ids[row]], float(scores[row]), float(shares[row]))
        for row in best_first(scores, MOST_SHOWN)
    )


def caption(
    decision: Decision,
    class_ids: tuple[str, ...],
    scores: NDArray[np.float32],
    names: Mapping[str, str],
) -> ClassScore | None:
    """The class in progress with this window's score and its averaged probability."""
    if decision.action is None:
        return None
    class_id = decision.action.class_id
    score = float(scores[class_ids.index(class_id)])
    return ClassScore(class_id, names[class_id], score, float(decision.probability))


def events_of(
    transitions: Iterable[Transition], names: Mapping[str, str], *, now_ns: int
) -> tuple[ActionEvent, ...]:
    """The events of these transitions, in order.

    Args:
        transitions: Of actions that have names.
        names: By id.
        now_ns: The time events' ages refer to, on the transitions' clock.
    """
    return tuple(
        ActionEvent(
            id=transition.event_id,
            phase=transition.phase,
            stream=transition.stream,
            track=transition.track,
            class_id=transition.class_id,
            name=names[transition.class_id],
            probability=transition.peak,
            began_age_ms=max(0, now_ns - transition.began_ns) / 1e6,
            duration_ms=0.0
            if transition.phase == "onset"
            else (transition.ended_ns - transition.began_ns) / 1e6,
        )
        for transition in transitions
    )
