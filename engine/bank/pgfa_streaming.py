"""The test-time prototypes of PGFA as a stream: text labels, running means, an entropy gate.

Paper: PGFA, IEEE TIP 2025, its prototype step at test time. Offline, every sample is labelled by
the nearest text; of each class the share alpha with the lowest entropy is kept, and the mean of
their unit features replaces the text. Here the same sums grow one observation at a time, so that
after the last one the prototypes are those of the offline rule, in whatever order the stream came.

Departures:
* Entropy is that of the softmax of cosines over the temperature. The published one is taken over
  raw cosines, whose softmax is nearly flat.
* An observation is remembered in one of ``bins`` steps of entropy of its class, not by itself;
  the last step that still fits is taken in part (``ConfidenceHistogram``). With alpha 1, or up to
  ``bins`` observations of a class, nothing is lost.
* Examples a person has shown belong to their class whatever the text says, and are always kept.
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.learnt import Learnt, pack_learnt, read_learnt
from engine.bank.snapshots import check_origin, read_array, read_meta, read_table
from engine.bank.table import ClassTable, check_weight
from engine.rows import are_unit
from streams.skeleton.errors import SnapshotError

_NO_DIRECTION = 1e-9
"""Sums of unit features shorter than this cancel out."""


class PgfaStreamingBank:
    """A ``Bank`` that is offline PGFA in streaming form. Not thread-safe; one owner.

    The label of an observation is the class of the nearest *text*, never of the nearest
    prototype: a bank that labels its own updates drifts. Memory is ``bins · P · D · 8`` bytes for
    each class that has learnt something, whatever the length of the stream.
    """

    rule = "pgfa-streaming"

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._table = ClassTable(settings.parts, settings.dim)
        self._learnt: dict[str, Learnt] = {}
        # With alpha 1 every observation counts, and how sure it was does not matter.
        self._bins = 1 if settings.alpha == 1.0 else settings.bins

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
        self._refresh(class_id)

    def remove_class(self, class_id: str) -> None:
        """Forget a class and what it has learnt; see ``Bank``."""
        self._table.remove(class_id)
        self._learnt.pop(class_id, None)

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) cosines to the prototypes, [-1, 1]; see ``Bank``."""
        return self._table.cosines(self._table.prototypes, self._table.flat(embedding))

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class of the nearest text, which absorbs the embedding; None while empty."""
        flat = self._table.flat(embedding)
        check_weight(weight)
        if len(self._table) == 0:
            return None
        cosines = self._table.cosines(self._table.texts, flat)
        class_id = self._table.best(cosines)
        self._state(class_id).observed.add(self._entropy(cosines), flat, weight=weight)
        self._refresh(class_id)
        return class_id

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Add an observation of weight 1 that no gate can drop; see ``Bank``."""
        self._table.index(class_id)
        flat = self._table.flat(embedding)
        learnt = self._state(class_id)
        learnt.examples += 1
        learnt.example_sum += flat
        self._refresh(class_id)

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example; the published rule has no use for it. See ``Bank``."""
        self._table.index(class_id)
        self._table.flat(embedding)
        self._state(class_id).rejections += 1

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the mean of what supports it; see ``Bank``."""
        return self._table.prototypes[self._table.index(class_id)].reshape(self._table.shape).copy()

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from; see ``Bank``."""
        row = self._table.index(class_id)
        learnt = self._learnt.get(class_id)
        if learnt is None:
            return Provenance()
        cosine = float(self._table.texts[row] @ self._table.prototypes[row]) / self._settings.parts
        return Provenance(
            observations=float(learnt.observed.total),
            examples=learnt.examples,
            rejections=learnt.rejections,
            moved=min(2.0, max(0.0, 1.0 - cosine)),
        )

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all; see ``Bank``."""
        for known in self.class_ids if class_id is None else (class_id,):
            row = self._table.index(known)
            self._learnt.pop(known, None)
            self._table.prototypes[row] = self._table.texts[row]

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        shape = self._table.shape
        arrays, records = pack_learnt(self._learnt, length=shape[0] * shape[1])
        arrays["texts"] = self._table.texts.reshape(-1, *shape).copy()
        arrays["prototypes"] = self._table.prototypes.reshape(-1, *shape).copy()
        meta = {"class_ids": list(self.class_ids), "rule": self._rule_settings(), "learnt": records}
        return BankSnapshot(self.rule, self._settings.fingerprint, arrays, meta)

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        if read_meta(snapshot, "rule", dict) != self._rule_settings():
            raise SnapshotError(
                f"wanted a snapshot made with {self._rule_settings()}, got {snapshot.meta['rule']!r:.80}; "
                "let the bank start from its texts"
            )
        table = read_table(snapshot, self._settings)
        shape = (len(table), *table.shape)
        prototypes = read_array(snapshot, "prototypes", shape, dtype=np.float32, sound=are_unit)
        table.prototypes[:] = prototypes.reshape(table.prototypes.shape)
        self._learnt = read_learnt(snapshot, table, bins=self._bins)
        self._table = table

    def _rule_settings(self) -> dict[str, float]:
        return {
            "temperature": self._settings.temperature,
            "alpha": self._settings.alpha,
            "bins": self._bins,
        }

    def _state(self, class_id: str) -> Learnt:
        if class_id not in self._learnt:
            self._learnt[class_id] = Learnt(self._bins, self._table.texts.shape[1])
        return self._learnt[class_id]

    def _entropy(self, cosines: NDArray[np.float32]) -> float:
        """Entropy of the label, as a share of that of a guess among all classes, [0, 1]."""
        if len(cosines) == 1:
            return 0.0
        logits = (cosines - cosines.max()) / self._settings.temperature
        shares = np.exp(logits)
        total = float(shares.sum())
        entropy = math.log(total) - float(shares @ logits) / total
        return min(1.0, max(0.0, entropy / math.log(len(cosines))))

    def _refresh(self, class_id: str) -> None:
        """Make the class's prototype the mean of what supports it; without support, its text."""
        row = self._table.index(class_id)
        text = self._table.texts[row]
        support = self._support(class_id)
        if support is None:
            self._table.prototypes[row] = text
            return
        parts = support.reshape(self._table.shape)
        lengths = np.sqrt(np.einsum("pd,pd->p", parts, parts))[:, None]
        if (lengths < _NO_DIRECTION).any():
            parts = np.where(lengths < _NO_DIRECTION, text.reshape(self._table.shape), parts)
            lengths = np.where(lengths < _NO_DIRECTION, 1.0, lengths)
        self._table.prototypes[row] = (parts / lengths).reshape(-1)

    def _support(self, class_id: str) -> NDArray[np.float64] | None:
        """(P·D,) sum of what the class's prototype is made of; None where that is its text."""
        learnt = self._learnt.get(class_id)
        if learnt is None:
            return None
        # The paper keeps int(alpha · n) samples; weights that add up to n may fall just short of it.
        mass = math.floor(self._settings.alpha * learnt.observed.total + 1e-6)
        if mass < 1:
            return learnt.example_sum if learnt.examples else None
        return learnt.observed.most_certain(mass) + learnt.example_sum
