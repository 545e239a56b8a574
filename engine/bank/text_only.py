"""The bank that never learns: every prototype is its class's text."""

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.snapshots import check_origin, counts, read_array, read_table
from engine.bank.table import ClassTable, check_weight


class TextOnlyBank:
    """A ``Bank`` whose scores are the cosines to the texts, whatever the stream brings.

    Examples, shown and rejected, are counted and change no score. Not thread-safe; one owner.
    """

    rule = "text-only"

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._table = ClassTable(settings.parts, settings.dim)
        self._examples: dict[str, int] = {}
        self._rejections: dict[str, int] = {}

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        return self._table.ids

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class; see ``Bank``."""
        self._table.add(class_id, text)

    def set_text(self, class_id: str, text: Rows) -> None:
        """Give a class another text; see ``Bank``."""
        row = self._table.index(class_id)
        self._table.texts[row] = self._table.flat(text)

    def remove_class(self, class_id: str) -> None:
        """Forget a class; see ``Bank``."""
        self._table.remove(class_id)
        self._forget(class_id)

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) cosines to the texts, [-1, 1]; see ``Bank``."""
        return self._table.cosines(self._table.texts, self._table.flat(embedding))

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """None, always; see ``Bank``."""
        self._table.flat(embedding)
        check_weight(weight)
        return None

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example; see ``Bank``."""
        self._table.index(class_id)
        self._table.flat(embedding)
        self._examples[class_id] = self._examples.get(class_id, 0) + 1

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example; see ``Bank``."""
        self._table.index(class_id)
        self._table.flat(embedding)
        self._rejections[class_id] = self._rejections.get(class_id, 0) + 1

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the text; see ``Bank``."""
        return self._table.texts[self._table.index(class_id)].reshape(self._table.shape).copy()

    def provenance(self, class_id: str) -> Provenance:
        """How many examples were shown and rejected; see ``Bank``."""
        self._table.index(class_id)
        return Provenance(
            examples=self._examples.get(class_id, 0), rejections=self._rejections.get(class_id, 0)
        )

    def reset(self, class_id: str | None = None) -> None:
        """Forget the examples, of one class or all; see ``Bank``."""
        for known in self.class_ids if class_id is None else (class_id,):
            self._table.index(known)
            self._forget(known)

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        ids = self.class_ids
        arrays = {
            "texts": self._table.texts.reshape(-1, *self._table.shape).copy(),
            "examples": np.array([self._examples.get(class_id, 0) for class_id in ids], np.float64),
            "rejections": np.array([self._rejections.get(class_id, 0) for class_id in ids], np.float64),
        }
        return BankSnapshot(self.rule, self._settings.fingerprint, arrays, {"class_ids": list(ids)})

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        table = read_table(snapshot, self._settings)
        shape = (len(table),)
        examples = read_array(snapshot, "examples", shape, dtype=np.float64, sound=counts)
        rejections = read_array(snapshot, "rejections", shape, dtype=np.float64, sound=counts)
        self._table = table
        self._examples = {c: int(n) for c, n in zip(table.ids, examples, strict=True) if n}
        self._rejections = {c: int(n) for c, n in zip(table.ids, rejections, strict=True) if n}

    def _forget(self, class_id: str) -> None:
        self._examples.pop(class_id, None)
        self._rejections.pop(class_id, None)
