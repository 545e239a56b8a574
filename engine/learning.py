"""What the bank learns by itself: the mean of an action's windows, once, when the action ends."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Bank, RecallableBank
from engine.decision import Transition
from engine.embedding import Embedded
from engine.guard import Guard
from engine.rows import mean_direction


@dataclass(eq=False)
class _Observation:
    """The sum of the embeddings that bear an action in progress out."""

    stream: str
    track: int
    total: NDArray[np.float64]
    told: bool = False
    """A person has said what it is, or what it is not: the bank has learnt that already."""


class Learner:
    """The observations that gather while actions are in progress. Not thread-safe; one owner.

    An action counts as one observation, however long it lasted. Windows that do not bear it out are
    not part of it.

    Args:
        bank: Learns from them, guarded where its classes can go back; others may change it meanwhile.
        least_cosine: Of a class's mean with its text; below it what was learnt is taken back.
    """

    def __init__(self, bank: Bank, *, least_cosine: float = -1.0) -> None:
        self._guard = Guard(bank, least_cosine=least_cosine) if isinstance(bank, RecallableBank) else None
        self._bank = bank
        self._observations: dict[str, _Observation] = {}
        self.learnt = 0
        """Observations the bank has absorbed."""
        self.frozen = False
        """Whether the bank is kept from learning by itself."""

    @property
    def rolled_back(self) -> int:
        """Times a class was taken back to what it had learnt before."""
        return 0 if self._guard is None else self._guard.rolled_back

    def note(self, event_id: str, embedded: Embedded) -> None:
        """Count a window that bears the action of this event out."""
        if event_id not in self._observations:
            window, nothing = embedded.window, np.zeros(embedded.rows.shape)
            self._observations[event_id] = _Observation(window.stream, window.track, nothing)
        self._observations[event_id].total += embedded.rows

    def absorb(self, transitions: Iterable[Transition]) -> None:
        """Let the bank learn of each action that has ended."""
        for transition in transitions:
            if transition.phase == "onset":
                continue
            observation = self._observations.pop(transition.event_id)
            # Embeddings that cancel out have no direction to learn.
            rows = mean_direction([observation.total])
            if rows is not None and not observation.told and not self.frozen:
                self.learnt += (self._guard or self._bank).learn_one(rows) is not None

    def forget(self, transitions: Iterable[Transition]) -> None:
        """Learn nothing of these actions, which have ended."""
        for transition in transitions:
            del self._observations[transition.event_id]

    def told(self, stream: str, track: int) -> None:
        """Learn nothing of what is in progress on a track: a person has said what it is."""
        for observation in self._observations.values():
            if (observation.stream, observation.track) == (stream, track):
                observation.told = True
