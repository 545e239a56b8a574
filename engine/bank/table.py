"""The rows every bank keeps: for each class its text and its prototype."""

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Rows
from engine.rows import is_unit
from streams.skeleton.errors import BankError

_FIRST_CAPACITY = 16
_TIE = 1e-6
"""Scores closer than this are the same: their last bits depend on the order of the classes."""
_BLOCK = 1024
"""Rows multiplied at once. Larger products are shared among threads that wait for each other, which takes
milliseconds wherever another process has the core."""


class ClassTable:
    """Texts and prototypes of K classes, each flattened to P·D numbers in one matrix.

    A new class's prototype is its text. Every refused call leaves the table as it was. Memory is
    at most four times what the classes need, since room is doubled when it runs out.

    Args:
        parts: P.
        dim: D.
    """

    def __init__(self, parts: int, dim: int) -> None:
        self.shape = (parts, dim)
        self._ids: list[str] = []
        self._known: tuple[str, ...] | None = ()
        self._index: dict[str, int] = {}
        self._rows = np.zeros((2, _FIRST_CAPACITY, parts * dim), np.float32)

    def __len__(self) -> int:
        """K."""
        return len(self._ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the classes in the order of the rows."""
        if self._known is None:
            self._known = tuple(self._ids)
        return self._known

    @property
    def texts(self) -> NDArray[np.float32]:
        """(K, P·D) view."""
        return self._rows[0, : len(self._ids)]

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """(K, P·D) view."""
        return self._rows[1, : len(self._ids)]

    def flat(self, rows: Rows) -> NDArray[np.float32]:
        """(P·D,) view of the rows.

        Raises:
            BankError: They are not finite unit rows (P, D) in float32.
        """
        sound = rows.shape == self.shape and rows.dtype == np.float32 and all(map(is_unit, rows))
        if not sound:
            raise BankError(
                f"wanted finite unit rows {self.shape} float32, got {rows.shape} {rows.dtype} of lengths "
                f"{_lengths(rows)}; give what the bundle's encoders return"
            )
        return rows.reshape(-1)

    def index(self, class_id: str) -> int:
        """Row of a class.

        Raises:
            BankError: No such class.
        """
        try:
            return self._index[class_id]
        except KeyError:
            raise BankError(
                f"wanted one of the bank's {len(self)} classes, got {class_id!r:.40}; add it first"
            ) from None

    def id_at(self, row: int) -> str:
        """Id of the class in a row."""
        return self._ids[row]

    def best(self, scores: NDArray[np.floating], *, tie: float = _TIE) -> str:
        """Id of the class of highest score (K,), K at least 1; of several within ``tie``, the smallest."""
        near = (scores >= scores.max() - tie).nonzero()[0]
        return min(self._ids[int(row)] for row in near) if len(near) > 1 else self._ids[int(near[0])]

    def cosines(self, matrix: NDArray[np.float32], flat: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K,) mean over P of the cosines between an embedding and each class's rows.

        Args:
            matrix: ``texts`` or ``prototypes``.
            flat: (P·D,), from ``flat``.
        """
        scores = products(matrix, flat)
        scores /= self.shape[0]
        # Unit rows are unit to a tolerance, so a cosine may come out a little above 1.
        return np.minimum(np.maximum(scores, -1.0), 1.0)

    def add(self, class_id: str, text: Rows) -> None:
        """Hold a new class.

        Raises:
            BankError: The id is held already, or the text is not finite unit rows.
        """
        if class_id in self._index:
            raise BankError(f"wanted a new class, got {class_id!r}, which the bank holds; remove it first")
        row = self.flat(text)
        count = len(self._ids)
        if count == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)], axis=1)
        self._rows[:, count] = row
        self._ids.append(class_id)
        self._known = None
        self._index[class_id] = count

    def remove(self, class_id: str) -> None:
        """Forget a class; later rows move up.

        Raises:
            BankError: No such class.
        """
        gone, count = self.index(class_id), len(self._ids)
        self._rows[:, gone : count - 1] = self._rows[:, gone + 1 : count]
        del self._ids[gone]
        self._known = None
        self._index = {known: row for row, known in enumerate(self._ids)}


def products(matrix: NDArray[np.float32], flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """(K,) of the rows of a matrix (K, L) with a vector (L,)."""
    if len(matrix) <= _BLOCK:
        return matrix @ flat
    found = np.empty(len(matrix), np.float32)
    for at in range(0, len(matrix), _BLOCK):
        np.dot(matrix[at : at + _BLOCK], flat, out=found[at : at + _BLOCK])
    return found


def check_weight(weight: float) -> None:
    """Refuse a weight one observation cannot have.

    Raises:
        BankError: It is not in (0, 1].
    """
    if not 0.0 < weight <= 1.0:
        raise BankError(f"wanted a weight in (0, 1], got {weight}; one event weighs 1 in all")


def _lengths(rows: Rows) -> str:
    with np.errstate(all="ignore"):
        return str(np.sqrt(np.square(rows, dtype=np.float64).sum(axis=-1)).round(4))[:60]
