"""What every prototype bank promises, whatever its rule."""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from streams.skeleton.errors import ConfigError

Rows = NDArray[np.float32]
"""(P, D) float32, each row of unit L2 norm: a window's embedding, or a class's text."""


@dataclass(frozen=True)
class BankSettings:
    """What a bank needs to know from the start; every rule reads what concerns it."""

    parts: int
    """P, rows of a class."""
    dim: int
    """D, length of a row."""
    fingerprint: str
    """Bundle, backend and precision of the embeddings; a snapshot of another is refused."""
    temperature: float = 0.07
    """Cosines are divided by it before the softmax whose entropy is the confidence of a label."""
    alpha: float = 0.9
    """Share of a class's observations, the most confident ones, that its prototype uses, (0, 1]."""
    bins: int = 64
    """Steps of confidence an observation is remembered by."""
    unknown_cosine: float = 0.0
    """Score of the unnamed class; scores that are no cosines are laid about it."""
    constants: BankConstants = field(default_factory=BankConstants)
    """What the anchored rule knows of the encoder."""

    def __post_init__(self) -> None:
        """Refuse settings no bank can work with.

        Raises:
            ConfigError: A setting out of its range.
        """
        sizes = 1 <= self.parts <= 8 and 1 <= self.dim <= 8192 and 1 <= self.bins <= 1024
        if not (sizes and 0.001 <= self.temperature <= 10.0 and 0.0 < self.alpha <= 1.0):
            raise ConfigError(
                "wanted 1 to 8 parts, 1 to 8192 dimensions, 1 to 1024 bins, a temperature of 0.001 to 10 "
                f"and an alpha in (0, 1], got {self}; check the bundle's manifest"
            )


@dataclass(frozen=True)
class Provenance:
    """Where a class's prototype comes from; JSON-safe."""

    observations: float = 0.0
    """Mass of the windows of the stream it has absorbed."""
    examples: int = 0
    """Examples a person has shown."""
    rejections: int = 0
    """Times a person has said that this is not the class."""
    moved: float = 0.0
    """1 - cosine between the prototype and its text, [0, 2]."""


@dataclass(frozen=True)
class BankSnapshot:
    """A bank's whole state, to be restored exactly.

    Attributes:
        rule: ``Bank.rule`` of the bank that made it.
        fingerprint: Bundle, backend and precision of its embeddings.
        arrays: Named float32 or float64 arrays.
        meta: JSON-safe rest, class ids among it.
    """

    rule: str
    fingerprint: str
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    meta: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, eq=False)
class Absorbed:
    """What a class has learnt of the stream by itself.

    Attributes:
        mass: Of its observations.
        total: (P·D,) their weighted sum.
    """

    mass: float
    total: NDArray[np.float64]


class Bank(Protocol):
    """Class prototypes that may sharpen as a stream goes by: predict first, then learn.

    Order of classes never matters to their scores. Memory is bounded by the number of classes.
    Not thread-safe; the recogniser's thread is the only owner. Every refused call leaves the
    bank as it was.
    """

    rule: str
    """Name of the rule, for example ``"text-only"``."""

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        ...

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class that so far is only its text.

        Raises:
            BankError: The id is held already, or ``text`` is not finite unit rows (P, D).
        """
        ...

    def set_text(self, class_id: str, text: Rows) -> None:
        """Give a class another text; what it has learnt stays.

        Raises:
            BankError: No such class, or ``text`` is not finite unit rows (P, D).
        """
        ...

    def remove_class(self, class_id: str) -> None:
        """Forget a class.

        Raises:
            BankError: No such class.
        """
        ...

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) finite scores on the scale of cosines; (0,) while empty.

        Score less the unnamed class's constant one, over the temperature, is the log-odds of a class
        against the unnamed one (``engine.open_set``). Mean cosines over P to the prototypes, [-1, 1],
        are such scores; a rule of likelihoods lays its log-odds on that scale and may go beyond.

        Raises:
            BankError: ``embedding`` is not finite unit rows (P, D).
        """
        ...

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class that absorbed the embedding; None where the rule declined it.

        Call it after ``score_one`` on the same embedding, at most one unit of weight per event.

        Raises:
            BankError: ``embedding`` is not finite unit rows (P, D), or weight not in (0, 1].
        """
        ...

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example that a person labelled as this class.

        Raises:
            BankError: No such class, or ``embedding`` is not finite unit rows (P, D).
        """
        ...

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example that a person said is not this class; which it is stays open.

        Raises:
            BankError: No such class, or ``embedding`` is not finite unit rows (P, D).
        """
        ...

    def prototype(self, class_id: str) -> Rows:
        """(P, D) unit rows along what the class is known by now: its text, until it has learnt something.

        Raises:
            BankError: No such class.
        """
        ...

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from.

        Raises:
            BankError: No such class.
        """
        ...

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all.

        Raises:
            BankError: No such class.
        """
        ...

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        ...

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit.

        Raises:
            SnapshotError: Of another rule or fingerprint, or incomplete.
        """
        ...


@runtime_checkable
class RecallableBank(Bank, Protocol):
    """A bank whose classes can go back, each by itself, to what they had learnt before."""

    def absorbed(self, class_id: str) -> Absorbed:
        """What the class has learnt by itself, independent of later changes.

        Raises:
            BankError: No such class.
        """
        ...

    def recall(self, class_id: str, absorbed: Absorbed | None) -> None:
        """Have the class know this and no more by itself, nothing if None; what people showed stays.

        Raises:
            BankError: No such class.
        """
        ...
