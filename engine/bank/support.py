"""Published rules that keep a few confident samples of each class, to be compared with.

T3A (Iwasawa and Matsuo, NeurIPS 2021): the prototype of a class is the mean of its text and of the M
samples of lowest entropy among those it was the likeliest class of. TDA (Karmanov et al., CVPR 2024), its
positive cache: the cosines to the texts, and alpha · exp(-beta (1 - cosine)) more for each of three samples
of a class.

Both label by their own scores, as published: that is what a stream can lead astray. Departures: entropy is
that of the softmax over the temperature; shown examples enter first and leave last; TDA has no negative
cache here, and its alpha and beta, which it chooses for each data set, are 2 and 5 throughout.
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.snapshots import check_origin, counts, read_array, read_meta, read_table
from engine.bank.table import ClassTable, check_weight
from engine.rows import are_unit
from streams.skeleton.errors import SnapshotError

_SHOWN = -1.0
"""Entropy of what a person showed: below every other."""


class _Held:
    """What one class holds."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.float32]] = []
        self.entropies: list[float] = []
        self.observed = 0.0
        self.examples = 0
        self.rejections = 0


class SupportBank:
    """A ``Bank`` of a few samples a class; a rule says what they are worth. Not thread-safe; one owner."""

    rule = ""
    most = 0
    """Samples of a class held."""

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._table = ClassTable(settings.parts, settings.dim)
        self._held: dict[str, _Held] = {}

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        return self._table.ids

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class; see ``Bank``."""
        self._table.add(class_id, text)
        self._held[class_id] = _Held()

    def set_text(self, class_id: str, text: Rows) -> None:
        """Give a class another text; see ``Bank``."""
        row = self._table.index(class_id)
        self._table.texts[row] = self._table.flat(text)
        self._refresh(class_id)

    def remove_class(self, class_id: str) -> None:
        """Forget a class and its samples; see ``Bank``."""
        self._table.remove(class_id)
        del self._held[class_id]

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) scores; see ``Bank``."""
        return self._scores(self._table.flat(embedding))

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class of highest score, where its entropy is low enough to be held; see ``Bank``."""
        flat = self._table.flat(embedding)
        check_weight(weight)
        if len(self._table) == 0:
            return None
        scores = self._scores(flat)
        class_id = self._table.best(scores)
        if not self._keep(class_id, flat, self._entropy(scores)):
            return None
        self._held[class_id].observed += weight
        return class_id

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Hold an example; see ``Bank``."""
        self._table.index(class_id)
        self._keep(class_id, self._table.flat(embedding), _SHOWN)
        self._held[class_id].examples += 1

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example; the published rules have no use for it. See ``Bank``."""
        self._table.index(class_id)
        self._table.flat(embedding)
        self._held[class_id].rejections += 1

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the mean of text and support; see ``Bank``."""
        return self._table.prototypes[self._table.index(class_id)].reshape(self._table.shape).copy()

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from; see ``Bank``."""
        row, held = self._table.index(class_id), self._held[class_id]
        cosine = float(self._table.texts[row] @ self._table.prototypes[row]) / self._settings.parts
        moved = min(2.0, max(0.0, 1.0 - cosine)) if held.rows else 0.0
        return Provenance(held.observed, held.examples, held.rejections, moved)

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all; see ``Bank``."""
        for known in self.class_ids if class_id is None else (class_id,):
            self._table.index(known)
            self._held[known] = _Held()
            self._refresh(known)

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        shape, held = self._table.shape, [self._held[c] for c in self.class_ids]
        rows = [row for one in held for row in one.rows]
        arrays = {
            "texts": self._table.texts.reshape(-1, *shape).copy(),
            "supports": np.array(rows, np.float32).reshape(-1, *shape),
            "entropies": np.array([e for one in held for e in one.entropies], np.float64),
            "observed": np.array([one.observed for one in held], np.float64),
            "examples": np.array([one.examples for one in held], np.float64),
            "rejections": np.array([one.rejections for one in held], np.float64),
        }
        owners = [c for c in self.class_ids for _ in self._held[c].rows]
        return BankSnapshot(
            self.rule,
            self._settings.fingerprint,
            arrays,
            {"class_ids": list(self.class_ids), "supported": owners},
        )

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        table = read_table(snapshot, self._settings)
        owners = read_meta(snapshot, "supported", list)
        held = {class_id: _Held() for class_id in table.ids}
        supports = read_array(
            snapshot, "supports", (len(owners), *table.shape), dtype=np.float32, sound=are_unit
        )
        entropies = read_array(snapshot, "entropies", (len(owners),), dtype=np.float64)
        observed = read_array(snapshot, "observed", (len(table),), dtype=np.float64)
        examples, rejections = (
            read_array(snapshot, name, (len(table),), dtype=np.float64, sound=counts)
            for name in ("examples", "rejections")
        )
        for owner, rows, entropy in zip(owners, supports, entropies, strict=True):
            if not isinstance(owner, str) or owner not in held or len(held[owner].rows) == self.most:
                raise SnapshotError(f"wanted samples of the classes held, got {owner!r:.40}; discard it")
            held[owner].rows.append(rows.reshape(-1).copy())
            held[owner].entropies.append(float(entropy))
        for one, mass, shown, rejected in zip(held.values(), observed, examples, rejections, strict=True):
            one.observed, one.examples, one.rejections = float(mass), int(shown), int(rejected)
        self._table, self._held = table, held
        for class_id in table.ids:
            self._refresh(class_id)

    def _scores(self, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._table.cosines(self._table.prototypes, flat)

    def _keep(self, class_id: str, flat: NDArray[np.float32], entropy: float) -> bool:
        """Whether a sample is among the most certain of its class; the least certain gives way."""
        held = self._held[class_id]
        if len(held.rows) == self.most:
            worst = max(range(self.most), key=lambda slot: held.entropies[slot])
            if held.entropies[worst] <= entropy and entropy != _SHOWN:
                return False
            del held.rows[worst], held.entropies[worst]
        held.rows.append(flat.copy())
        held.entropies.append(entropy)
        self._refresh(class_id)
        return True

    def _refresh(self, class_id: str) -> None:
        """Make the class's prototype the mean of its text and its samples."""
        row, held = self._table.index(class_id), self._held[class_id]
        total = np.sum([self._table.texts[row], *held.rows], axis=0, dtype=np.float64)
        parts = total.reshape(self._table.shape)
        lengths = np.sqrt((parts**2).sum(axis=1, keepdims=True))
        text = self._table.texts[row].reshape(self._table.shape)
        unit = np.where(lengths > 1e-9, parts / np.maximum(lengths, 1e-9), text)
        self._table.prototypes[row] = unit.reshape(-1) if held.rows else self._table.texts[row]

    def _entropy(self, scores: NDArray[np.float32]) -> float:
        """Entropy of the label as a share of that of a guess, [0, 1]."""
        if len(scores) == 1:
            return 0.0
        logits = (scores.astype(np.float64) - float(scores.max())) / self._settings.temperature
        shares = np.exp(logits)
        total = float(shares.sum())
        return (math.log(total) - float(shares @ logits) / total) / math.log(len(scores))


class T3aBank(SupportBank):
    """T3A with M = 20: predictions by the means of text and support."""

    rule = "t3a"
    most = 20


class TdaBank(SupportBank):
    """TDA's positive cache: up to three samples a class, alpha 2, beta 5."""

    rule = "tda"
    most = 3

    def _scores(self, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        scores = self._table.cosines(self._table.texts, flat)
        # Published as an addition of 2 exp(...) to logits, of which a cosine is worth 1 / temperature.
        scale = 2.0 * self._settings.temperature
        for row, class_id in enumerate(self.class_ids):
            held = self._held[class_id].rows
            if held:
                cosines = np.stack(held) @ flat / self._settings.parts
                scores[row] += scale * float(np.exp(-5.0 * (1.0 - cosines)).sum())
        return scores
