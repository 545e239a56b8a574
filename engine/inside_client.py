"""Asks the engine how it comes to its word, and tunes it; a part of ``engine.client``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.class_map import ClassMap
from engine.explanation import Explanation
from engine.second_look import SecondLook, Sighting
from engine.tuning import Tuning


@dataclass(frozen=True)
class Tuned:
    """How the decision is tuned."""

    tuning: Tuning
    standard: float
    """Threshold of actions that have none of their own."""


class InsideRequests:
    """Requests about the engine's inside; errors as of ``EngineClient``.

    Args:
        ask: Sends an operation with its arguments and returns the result.
    """

    def __init__(self, ask: Callable[..., dict[str, Any]]) -> None:
        self._ask = ask

    def explain(
        self, action_id: str | None = None, *, stream: str | None = None, track: int | None = None
    ) -> Explanation:
        """Which joints and which part of the window speak for an action in what somebody has just done.

        Args:
            action_id: Of the action; the likeliest if None.
            stream: Stream of the person; None for any.
            track: Track of the person; None for the one seen last.

        Raises:
            BankError: Nobody moved just now, or there is no such action.
        """
        raw = self._ask("inside.explain", id=action_id, stream=stream, track=track)["explanation"]
        lists = {name: tuple(raw[name]) for name in ("joints", "stretches")}
        typed: dict[str, Any] = {**raw, **lists, "pose": tuple(map(tuple, raw["pose"]))}
        return Explanation(**typed)

    def map(self) -> ClassMap:
        """The actions as points of a plane, and how near each is to each."""
        raw = self._ask("inside.map")["map"]
        lists = {name: tuple(raw[name]) for name in ("ids", "names")}
        nested = {name: tuple(map(tuple, raw[name])) for name in ("texts", "prototypes", "cosines")}
        typed: dict[str, Any] = {**raw, **lists, **nested}
        return ClassMap(**typed)

    def rescore(self, name: str, description: str | None = None, *, last_s: float = 600.0) -> SecondLook:
        """Whether an action nobody has added would have been recognised in the last minutes.

        Raises:
            ActionNameError: The name is empty, too long or not printable.
        """
        raw = self._ask("inside.rescore", name=name, description=description, last_s=last_s)["look"]
        typed: dict[str, Any] = {**raw, "sightings": tuple(Sighting(**one) for one in raw["sightings"])}
        return SecondLook(**typed)

    def tuning(self) -> Tuned:
        """The balance and the thresholds."""
        return _tuned(self._ask("tuning.state"))

    def set_balance(self, balance: float) -> Tuned:
        """The tuning with another balance between taught and typed actions, [-1, 1]."""
        return _tuned(self._ask("tuning.balance", balance=balance))

    def set_threshold(self, action_id: str, threshold: float | None) -> Tuned:
        """The tuning with another threshold of an action, [0.5, 0.95]; None is the standard one.

        Raises:
            UnknownActionError: No action has the id.
        """
        return _tuned(self._ask("tuning.threshold", id=action_id, threshold=threshold))


def _tuned(raw: dict[str, Any]) -> Tuned:
    return Tuned(Tuning.read(raw), raw["standard"])
