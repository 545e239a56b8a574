"""What an operator sets by hand: the balance between taught and typed actions, and how sure each must be.

The balance is calibrated stacking (Chao et al., ECCV 2016, section 3.2): classes that have seen examples
score higher than ones known by a description alone, and a constant taken from the scores of one kind makes
the two compete on equal terms. Departure: whichever kind is held back, the constant is taken from that one
and never added to the other, so that no setting makes anything likelier than the unnamed class was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Bank, Rows
from streams.skeleton.errors import InputError

MOST_ODDS = 3.0
"""Log-odds against the unnamed class that a balance of 1 takes."""
LEAST_THRESHOLD, MOST_THRESHOLD = 0.5, 0.95


@dataclass(frozen=True)
class Tuning:
    """Settings of the decision; JSON-safe."""

    balance: float = 0.0
    """[-1, 1]: above 0 typed actions are favoured by holding taught ones back, below 0 the reverse."""
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    """By id of an action, the share p / (p + u) it takes to begin, [0.5, 0.95]; the others have the
    standard one."""

    def __post_init__(self) -> None:
        """Refuse settings out of their ranges.

        Raises:
            InputError: One is.
        """
        if not -1.0 <= self.balance <= 1.0:
            raise InputError(f"wanted a balance from -1 to 1, got {self.balance}; 0 favours neither")
        for action_id, threshold in self.thresholds.items():
            if not LEAST_THRESHOLD <= threshold <= MOST_THRESHOLD:
                raise InputError(
                    f"wanted a threshold from {LEAST_THRESHOLD:g} to {MOST_THRESHOLD:g} for "
                    f"{action_id:.40}, got {threshold}; give one in between"
                )

    @classmethod
    def read(cls, raw: Any) -> "Tuning":
        """The tuning these fields describe.

        Raises:
            InputError: They describe none.
        """
        try:
            thresholds = cast("dict[str, float]", raw["thresholds"])
            return cls(float(raw["balance"]), {str(key): float(t) for key, t in thresholds.items()})
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise InputError(f"wanted a balance and thresholds, got {error!r:.60}; set them") from None


class TunedScores:
    """A bank's scores under a tuning. Not thread-safe; one owner, the bank's.

    Args:
        bank: Scores.
        temperature: Of the bundle: a score's difference of it is one unit of log-odds.
    """

    def __init__(self, bank: Bank, *, temperature: float) -> None:
        self._bank = bank
        self._unit = MOST_ODDS * temperature
        self._balance = 0.0
        self._offsets: NDArray[np.float32] | None = None

    def balance(self, value: float) -> None:
        """Take over another balance."""
        self._balance = value
        self.refresh()

    def refresh(self) -> None:
        """Look again which classes have been taught. Call it when classes or examples have changed."""
        self._offsets = None

    def of(self, rows: Rows) -> NDArray[np.float32]:
        """(K,) the bank's scores of an embedding, those of one kind held back.

        Raises:
            BankError: ``rows`` are not finite unit rows (P, D).
        """
        scores = self._bank.score_one(rows)
        if self._balance == 0.0:
            return scores
        if self._offsets is None:
            self._offsets = self._held_back()
        return scores - self._offsets

    def _held_back(self) -> NDArray[np.float32]:
        taught = [self._bank.provenance(class_id).examples > 0 for class_id in self._bank.class_ids]
        concerned = np.array(taught, bool) == (self._balance > 0)
        return np.where(concerned, abs(self._balance) * self._unit, 0.0).astype(np.float32)
