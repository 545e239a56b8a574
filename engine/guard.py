"""Guards over a bank that learns by itself: what goes wrong is taken back, and said.

Two signs are watched for each class (METHODS 3.4, 7). Its texts label what it learns, and the bank has an
opinion of its own: where the two agreed and no longer do, the class has been taught something else, and
goes back to what it had learnt while they agreed. And where the class's mean has turned further from its
text than any class's did on classes the encoder had never seen, it goes back to its text. What people
have shown stays.
"""

import logging
from collections import deque
from dataclasses import dataclass, field

from engine.bank.contract import Absorbed, RecallableBank, Rows

logger = logging.getLogger(__name__)

WATCHED = 50
"""Observations of a class over which agreement is counted."""
MOST_FALLEN = 0.2
"""Agreement may fall by this much."""


@dataclass(eq=False)
class _Watch:
    """Of one class."""

    agreed: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=WATCHED))
    since: int = 0
    """Observations since ``good`` was kept."""
    usual: float = 0.0
    """Agreement when it was."""
    good: Absorbed | None = None


class Guard:
    """Lets a bank learn, and takes back what must not have been learnt. Not thread-safe; one owner.

    Args:
        bank: That learns; others may change it meanwhile.
        least_cosine: Of a class's mean with its text.
    """

    def __init__(self, bank: RecallableBank, *, least_cosine: float) -> None:
        self._bank = bank
        self._least_cosine = least_cosine
        self._watched: dict[str, _Watch] = {}
        self.rolled_back = 0
        """Times a class was taken back."""

    def learn_one(self, rows: Rows) -> str | None:
        """Id of the class that absorbed the embedding and kept it or not; None where the bank declined it.

        Raises:
            BankError: ``rows`` are not finite unit rows (P, D).
        """
        opinions = self._bank.score_one(rows)
        class_id = self._bank.learn_one(rows)
        if class_id is None:
            return None
        known = self._bank.provenance(class_id)
        watch = self._watched.setdefault(class_id, _Watch())
        if watch.good is not None and known.observations < watch.good.mass:
            # Somebody has reset the class or rolled the bank back: it is watched anew.
            watch = self._watched[class_id] = _Watch()
        watch.agreed.append(self._bank.class_ids[int(opinions.argmax())] == class_id)
        if not known.examples and known.moved > 1.0 - self._least_cosine:
            self._take_back(class_id, None, "its mean turned away from its text")
        elif len(watch.agreed) == WATCHED:
            self._compare(class_id, watch)
        return class_id

    def _compare(self, class_id: str, watch: _Watch) -> None:
        agreement = sum(watch.agreed) / WATCHED
        watch.since += 1
        if watch.good is not None and agreement < watch.usual - MOST_FALLEN:
            self._take_back(
                class_id, watch.good, f"agreement fell from {watch.usual:.0%} to {agreement:.0%}"
            )
        elif watch.good is None or (watch.since >= WATCHED and agreement >= watch.usual - MOST_FALLEN / 2):
            watch.good, watch.usual, watch.since = self._bank.absorbed(class_id), agreement, 0

    def _take_back(self, class_id: str, good: Absorbed | None, why: str) -> None:
        self._bank.recall(class_id, good)
        usual = self._watched[class_id].usual
        # What led here is forgotten; the good state stays the one to go back to.
        self._watched[class_id] = _Watch(usual=usual, good=good)
        self.rolled_back += 1
        logger.warning("what class %s learnt by itself was taken back: %s", class_id, why)
