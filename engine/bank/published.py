"""What published rules that keep arrays for every class, and some for all, have in common.

A rule says what it keeps, how it scores and how it learns; classes that come and go, counts and
snapshots are the same for all. Rows are divided by the root of P, so that a product is a mean cosine.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.snapshots import check_origin, counts, masses, read_array, read_table
from engine.bank.table import ClassTable, check_weight

Vector = NDArray[np.float64]
_COUNTS = ("observed", "examples", "rejections")


class PublishedBank:
    """A ``Bank`` without a rule yet. Not thread-safe; one owner."""

    rule = ""

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._table = ClassTable(settings.parts, settings.dim)
        self._length = settings.parts * settings.dim
        self._shared = self._new_shared()
        """Of all classes together, by name."""
        form = self._fresh(np.zeros(self._length))
        self._held = {name: np.zeros((0, *value.shape)) for name, value in form.items()}
        """Of every class, one after the other, by name."""

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        return self._table.ids

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class; see ``Bank``."""
        self._table.add(class_id, text)
        for name, value in self._fresh(self._texts()[-1]).items():
            self._held[name] = np.concatenate([self._held[name], value[None]])

    def set_text(self, class_id: str, text: Rows) -> None:
        """Give a class another text; one that has learnt nothing is then that text. See ``Bank``."""
        row = self._table.index(class_id)
        self._table.texts[row] = self._table.flat(text)
        if not any(self._held[name][row] for name in _COUNTS):
            self._forget(row)

    def remove_class(self, class_id: str) -> None:
        """Forget a class; what all classes share stays. See ``Bank``."""
        row = self._table.index(class_id)
        self._table.remove(class_id)
        self._held = {name: np.delete(array, row, axis=0) for name, array in self._held.items()}

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) scores; see ``Bank``."""
        flat = self._unit(self._table.flat(embedding))
        return self._scores(flat).astype(np.float32) if len(self._table) else np.zeros(0, np.float32)

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class whose text is nearest, though others may learn, too; None while empty."""
        rows = self._table.flat(embedding)
        check_weight(weight)
        if not len(self._table):
            return None
        flat = self._unit(rows)
        class_id = self._table.best(self._cosines(flat))
        self._learn(flat, self._labels(flat), weight)
        self._held["observed"][self._table.index(class_id)] += weight
        return class_id

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Learn with a label that is certain, where the rule has a place for one; see ``Bank``."""
        row, rows = self._table.index(class_id), self._table.flat(embedding)
        self._show(row, self._unit(rows))
        self._held["examples"][row] += 1

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example; the published rules have no use for it. See ``Bank``."""
        row = self._table.index(class_id)
        self._table.flat(embedding)
        self._held["rejections"][row] += 1

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the rule's prototype of the class; its text where the rule has none. See ``Bank``."""
        row = self._table.index(class_id)
        parts = self._prototype(row).reshape(self._table.shape)
        return (parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-12)).astype(np.float32)

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from; see ``Bank``."""
        row = self._table.index(class_id)
        observed, examples, rejections = (float(self._held[name][row]) for name in _COUNTS)
        moved = 0.0
        if observed + examples:
            cosine = float(
                (self.prototype(class_id).reshape(-1) @ self._table.texts[row]) / self._table.shape[0]
            )
            moved = min(2.0, max(0.0, 1.0 - cosine))
        return Provenance(observed, int(examples), int(rejections), moved)

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all; see ``Bank``."""
        if class_id is None:
            self._shared = self._new_shared()
        rows = range(len(self._table)) if class_id is None else [self._table.index(class_id)]
        for row in rows:
            self._forget(row)

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        arrays = {
            "texts": self._table.texts.reshape(-1, *self._table.shape).copy(),
            **{name: array.copy() for name, array in (self._held | self._shared).items()},
        }
        meta = {"class_ids": list(self.class_ids)}
        return BankSnapshot(self.rule, self._settings.fingerprint, arrays, meta)

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        table = read_table(snapshot, self._settings)
        held = {
            name: _read(snapshot, name, (len(table), *array.shape[1:]))
            for name, array in self._held.items()
        }
        shared = {name: _read(snapshot, name, array.shape) for name, array in self._shared.items()}
        self._check(shared)
        self._table, self._held, self._shared = table, held, shared

    def _new_class(self, text: Vector) -> Mapping[str, Vector]:
        """What the rule keeps of a class that is its text (P·D,) and no more."""
        del text
        return {}

    def _new_shared(self) -> dict[str, Vector]:
        """What the rule keeps of all classes together before any stream."""
        return {}

    def _scores(self, flat: Vector) -> Vector:
        """(K,) of an embedding (P·D,), K at least 1."""
        raise NotImplementedError

    def _learn(self, flat: Vector, labels: Vector, weight: float) -> None:
        """Take in an embedding (P·D,) whose classes the texts say to be these, shares (K,)."""
        raise NotImplementedError

    def _show(self, row: int, flat: Vector) -> None:
        """Take in an embedding (P·D,) that is certainly of this class."""

    def _check(self, shared: dict[str, Vector]) -> None:
        """Refuse what a snapshot says of all classes together, SnapshotError."""

    def _prototype(self, row: int) -> Vector:
        """(P·D,) along the class's prototype."""
        return self._texts()[row]

    def _cosines(self, flat: Vector) -> Vector:
        """(K,) mean cosines to the texts."""
        return self._texts() @ flat

    def _labels(self, flat: Vector) -> Vector:
        """(K,) shares of the classes by their texts."""
        logits = self._cosines(flat) / self._settings.temperature
        shares = np.exp(logits - logits.max())
        return shares / shares.sum()

    def _texts(self) -> Vector:
        return self._unit(self._table.texts)

    def _unit(self, rows: NDArray[np.float32]) -> Vector:
        return rows.astype(np.float64) / np.sqrt(self._settings.parts)

    def _fresh(self, text: Vector) -> dict[str, Vector]:
        return {name: np.zeros(()) for name in _COUNTS} | dict(self._new_class(text))

    def _forget(self, row: int) -> None:
        for name, value in self._fresh(self._texts()[row]).items():
            self._held[name][row] = value


def _read(snapshot: BankSnapshot, name: str, shape: tuple[int, ...]) -> Vector:
    """One array, copied; what is counted is at least 0."""
    if name in ("examples", "rejections"):
        return read_array(snapshot, name, shape, dtype=np.float64, sound=counts).copy()
    if len(shape) == 1:
        return read_array(snapshot, name, shape, dtype=np.float64, sound=masses).copy()
    return read_array(snapshot, name, shape, dtype=np.float64).copy()
