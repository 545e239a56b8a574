"""Would it have been recognised? The last minutes against an action nobody had added yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.background import Background
from engine.bank.contract import Bank
from engine.bundle import Calibration
from engine.decision import Decider, DecisionConfig, Standing, Transition
from engine.open_set import probabilities
from engine.past import Moment

MOST_LISTED = 20


@dataclass(frozen=True)
class Sighting:
    """A stretch of time in which the action would have been the caption."""

    began_ago_s: float
    duration_s: float
    stream: str
    track: int
    probability: float
    """Highest, [0, 1]."""


@dataclass(frozen=True)
class SecondLook:
    """How an action would have fared; JSON-safe."""

    looked_back_s: float
    """Age of the oldest window looked at, seconds; 0 where there was none."""
    windows: int
    sightings: tuple[Sighting, ...]
    """Newest first, at most twenty."""
    total: int
    """Sightings in all."""
    best_probability: float
    """Highest probability of a single window with movement in it, [0, 1]."""
    best_ago_s: float | None
    """When that was; None where nobody moved."""


def look_again(
    bank: Bank,
    class_id: str,
    moments: Sequence[Moment],
    *,
    calibration: Calibration,
    background: Background,
    config: DecisionConfig,
    now_ns: int,
) -> SecondLook:
    """How a class of the bank would have fared among its others, by the rules of the live program.

    Args:
        bank: Holds the class; what it has learnt counts, as it does from now on.
        class_id: The class.
        moments: Oldest first.
        calibration: The bundle's.
        background: Movements nobody means, the class's own left out.
        config: When actions begin and end.
        now_ns: The time, on the clock of ``captured_ns``.
    """
    decider, found = Decider(config), list[Sighting]()
    best, best_ns = 0.0, None
    place = bank.class_ids.index(class_id)
    for moment in moments:
        shares, unknown = probabilities(
            bank.score_one(moment.rows), calibration, background=background.score(moment.rows)
        )
        if not moment.idle and shares[place] > best:
            best, best_ns = float(shares[place]), moment.captured_ns
        decision = decider.step(
            Standing(
                stream=moment.stream,
                track=moment.track,
                captured_ns=moment.captured_ns,
                class_ids=bank.class_ids,
                probabilities=shares,
                unknown=unknown,
                idle=moment.idle,
                quality=moment.quality,
            )
        )
        found += [_sighting(t, now_ns) for t in decision.transitions if _ends(t, class_id)]
    found += [_sighting(t, now_ns) for t in decider.finish() if _ends(t, class_id)]
    found.sort(key=lambda sighting: sighting.began_ago_s)
    return SecondLook(
        looked_back_s=(now_ns - moments[0].captured_ns) / 1e9 if moments else 0.0,
        windows=len(moments),
        sightings=tuple(found[:MOST_LISTED]),
        total=len(found),
        best_probability=best,
        best_ago_s=None if best_ns is None else (now_ns - best_ns) / 1e9,
    )


def _ends(transition: Transition, class_id: str) -> bool:
    return transition.phase == "offset" and transition.class_id == class_id


def _sighting(transition: Transition, now_ns: int) -> Sighting:
    return Sighting(
        began_ago_s=(now_ns - transition.began_ns) / 1e9,
        duration_s=(transition.ended_ns - transition.began_ns) / 1e9,
        stream=transition.stream,
        track=transition.track,
        probability=transition.peak,
    )
