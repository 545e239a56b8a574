"""A bank anchored in its texts: each class's mean is inferred from text, stream and shown examples.

An empirical-Bayes form of PGFA's test-time prototypes (IEEE TIP 2025). The mean of a class is unknown;
three sensors speak of it, and each weighs as much as it is precise:

    its text          m = beta · t               variance V0
    the stream        mean of what it absorbed   variance w / n
    shown examples    their mean                 variance w / e

With posterior mean m and variance V, the log-likelihood of an embedding x is

    l = -D/2 · (|x - m|² / (w + V) + log(w + V)),

so a class of which only the text is known is expected to lie further away, and one that has been seen
does not attract everybody's windows. D and the constant likelihood of the unnamed class are those for which
a class of which only the text is known has the log-odds of its cosine, (cos - unknown) / temperature: until
it has learnt something, this bank is the text-only one.

The *text*, and what people have shown, label an observation; the bank's own prototypes never do, so that
it cannot drift, and what it ends in does not depend on the order of the stream: a bank that has seen a
stream is its own offline version. An observation for which the unnamed class is likelier is declined.

Departures from PGFA: no entropy gate, since the unnamed class does that work; the text stays in the mean;
scores are likelihoods. Without text prior and variances the rule is ``PgfaStreamingBank`` with alpha 1.
The bundle's encoders take the mean off both sides, which is the gap correction.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.reservoir import Reservoir
from engine.bank.snapshots import check_origin, counts, read_array, read_meta, read_table
from engine.bank.table import ClassTable, check_weight
from engine.rows import are_unit, mean_direction
from streams.skeleton.errors import SnapshotError

MOST_REJECTED = 8
"""Rejected examples of a class that keep counting; the oldest gives way."""
_TIE = 1e-5
"""Log-odds closer than this are the same: their last bits depend on the order of the classes."""


class _Class:
    """What one class has learnt."""

    def __init__(self, length: int) -> None:
        self.mass = 0.0
        self.total = np.zeros(length)
        self.examples = 0
        self.shown = np.zeros(length)
        self.rejections = 0
        self.rejected: list[NDArray[np.float32]] = []


class AnchoredBank:
    """A ``Bank`` whose prototypes are posterior means. Not thread-safe; one owner.

    Memory is P · D · 16 bytes a class, up to eight rejected examples of it, and ``Reservoir.SIZE``
    observations that a class added later may claim.
    """

    rule = "anchored"

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._constants = settings.constants
        self._table = ClassTable(settings.parts, settings.dim)
        self._learnt: dict[str, _Class] = {}
        length = settings.parts * settings.dim
        self._reservoir = Reservoir(length)
        # Row by row as in the table: posterior means, 1 / variance of an observation, constant terms.
        self._means = _Rows(length)
        self._text_means = _Rows(length)
        k = self._constants
        self._sharpness = (k.within + k.text_error) / (k.anchor * settings.temperature)
        slope, constant = self._evidence(k.text_error)
        # Where the unnamed class is as likely as a text: at the squared distance of its cosine.
        distance = 1.0 + k.anchor**2 - 2.0 * k.anchor * settings.unknown_cosine
        self._unnamed = constant - slope * distance

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        return self._table.ids

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class, which claims what it would have been given of the reservoir; see ``Bank``."""
        self._table.add(class_id, text)
        self._learnt[class_id] = _Class(len(self._table.texts[0]))
        self._refresh(class_id)
        self._claim(class_id)

    def set_text(self, class_id: str, text: Rows) -> None:
        """Give a class another text; see ``Bank``."""
        row = self._table.index(class_id)
        self._table.texts[row] = self._table.flat(text)
        self._refresh(class_id)

    def remove_class(self, class_id: str) -> None:
        """Forget a class and what it has learnt; see ``Bank``."""
        row, count = self._table.index(class_id), len(self._table)
        for rows in (self._means, self._text_means):
            rows.remove(row, count)
        self._table.remove(class_id)
        self._learnt.pop(class_id)
        self._reservoir.forget(class_id)

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) log-odds against the unnamed class on the scale of cosines; see ``Bank``."""
        odds = self._odds(self._means, self._table.flat(embedding))
        scaled = self._settings.unknown_cosine + self._settings.temperature * odds
        return scaled.astype(np.float32)

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class whose text and examples fit best; None where the unnamed class fits better."""
        flat = self._table.flat(embedding)
        check_weight(weight)
        class_id, odds = None, 0.0
        if len(self._table):
            class_id, odds = self._likeliest(self._odds(self._text_means, flat))
        self._reservoir.add(flat, class_id, odds=odds, weight=weight)
        if class_id is not None:
            self._move(class_id, flat, weight)
        return class_id

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example of variance w, no label's error in it; see ``Bank``."""
        self._table.index(class_id)
        flat = self._table.flat(embedding)
        learnt = self._learnt[class_id]
        learnt.examples += 1
        learnt.shown += flat
        self._refresh(class_id)

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Let an unnamed class near the example compete with the class alone; see ``Bank``."""
        self._table.index(class_id)
        flat = self._table.flat(embedding)
        learnt = self._learnt[class_id]
        learnt.rejections += 1
        learnt.rejected = [*learnt.rejected[1 - MOST_REJECTED :], flat.copy()]

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the direction of the posterior mean; see ``Bank``."""
        row = self._table.index(class_id)
        mean = self._means.rows[row].reshape(self._table.shape)
        direction = mean_direction([mean])
        # Examples that cancel the text out leave nowhere else to be.
        return self._table.texts[row].reshape(self._table.shape).copy() if direction is None else direction

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from; see ``Bank``."""
        row = self._table.index(class_id)
        learnt = self._learnt[class_id]
        moved = 0.0
        if learnt.mass or learnt.examples:
            mean = self._means.rows[row].astype(np.float64)
            cosine = float(mean @ self._table.texts[row]) / math.sqrt(
                float(mean @ mean) * self._settings.parts
            )
            moved = min(2.0, max(0.0, 1.0 - cosine))
        return Provenance(learnt.mass, learnt.examples, learnt.rejections, moved)

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all; see ``Bank``."""
        for known in self.class_ids if class_id is None else (class_id,):
            self._table.index(known)
            self._learnt[known] = _Class(len(self._table.texts[0]))
            self._reservoir.forget(known)
            self._refresh(known)
        if class_id is None:
            self._reservoir = Reservoir(self._settings.parts * self._settings.dim)

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        shape, states = self._table.shape, [self._learnt[c] for c in self.class_ids]
        none = np.zeros((0, shape[0] * shape[1]))
        rejected = [flat for state in states for flat in state.rejected]
        remembered, labels = self._reservoir.ordered(shape)
        arrays = {
            "texts": self._table.texts.reshape(-1, *shape).copy(),
            "masses": np.array([state.mass for state in states], np.float64),
            "totals": np.concatenate([none, *(state.total[None] for state in states)]),
            "examples": np.array([state.examples for state in states], np.float64),
            "shown": np.concatenate([none, *(state.shown[None] for state in states)]),
            "rejections": np.array([state.rejections for state in states], np.float64),
            "rejected": np.array(rejected, np.float32).reshape(-1, *shape),
            **remembered,
        }
        meta = {
            "class_ids": list(self.class_ids),
            "rejected_by": [c for c in self.class_ids for _ in self._learnt[c].rejected],
            "labels": labels,
        }
        return BankSnapshot(self.rule, self._settings.fingerprint, arrays, meta)

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        table = read_table(snapshot, self._settings)
        learnt = _read_classes(snapshot, table)
        labels = read_meta(snapshot, "labels", list)
        if not all(label is None or (isinstance(label, str) and label in learnt) for label in labels):
            raise SnapshotError(f"wanted labels of the classes held, got {labels!r:.80}; discard it")
        reservoir = Reservoir.read(snapshot, labels, table.shape)
        self._table, self._learnt, self._reservoir = table, learnt, reservoir
        for class_id in table.ids:
            self._refresh(class_id)

    def _odds(self, rows: "_Rows", flat: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K,) log-odds of each class against the unnamed one, rejected examples taken into account."""
        count = len(self._table)
        odds = rows.log_likelihoods(flat, count)
        odds -= self._unnamed
        for row, class_id in enumerate(self.class_ids):
            rejected = self._learnt[class_id].rejected
            if rejected:
                # For this class the unnamed one has a second place to be.
                odds[row] -= np.logaddexp(0.0, self._rejection(rejected, flat))
        return odds

    def _rejection(self, rejected: Sequence[NDArray[np.float32]], flat: NDArray[np.float32]) -> float:
        """Highest log-odds of a class known by one rejected example alone, its prior mean 0."""
        k, parts = self._constants, self._settings.parts
        variance = 1.0 / (1.0 / k.between + 1.0 / k.within)
        mean = np.stack(rejected).astype(np.float64) * (variance / k.within)
        distances = ((flat - mean) ** 2).sum(axis=1) / parts
        slope, constant = self._evidence(variance)
        return float(constant - slope * distances.min() - self._unnamed)

    def _likeliest(self, odds: NDArray[np.float32]) -> tuple[str | None, float]:
        """The class of highest log-odds and these; None, and 0, where none has any above 0."""
        best = float(odds.max())
        if best <= 0.0:
            return None, 0.0
        near = (odds >= best - _TIE).nonzero()[0]
        return min(self._table.id_at(int(row)) for row in near), best

    def _claim(self, class_id: str) -> None:
        """Give a new class what of the reservoir it fits better than the class that has it."""
        row = self._table.index(class_id)
        odds = self._text_means.of_one(row, self._reservoir.rows) - self._unnamed
        for slot in (odds > self._reservoir.odds + _TIE).nonzero()[0]:
            old, weight = self._reservoir.labels[slot], self._reservoir.weights[slot]
            flat = self._reservoir.rows[slot]
            if old is not None:
                self._move(old, flat, -weight)
            self._move(class_id, flat, weight)
            self._reservoir.relabel(int(slot), class_id, odds=float(odds[slot]))

    def _move(self, class_id: str, flat: NDArray[np.float32], weight: float) -> None:
        learnt = self._learnt[class_id]
        learnt.mass = max(0.0, learnt.mass + weight)
        learnt.total += weight * flat
        self._refresh(class_id, streamed=True)

    def _refresh(self, class_id: str, *, streamed: bool = False) -> None:
        """Infer the class's mean anew; without the stream, too, unless only the stream is new."""
        k, row, learnt = self._constants, self._table.index(class_id), self._learnt[class_id]
        precision = 1.0 / k.text_error + learnt.examples / k.within
        weighted = self._table.texts[row] * (k.anchor / k.text_error) + learnt.shown / k.within
        if not streamed:
            self._text_means.put(
                row, weighted / precision, self._evidence(1.0 / precision), self._settings.parts
            )
        if learnt.mass > 1e-6:
            precision += learnt.mass / k.within
            weighted = weighted + learnt.total / k.within
        self._means.put(row, weighted / precision, self._evidence(1.0 / precision), self._settings.parts)

    def _evidence(self, variance: float) -> tuple[float, float]:
        """What a unit of squared distance costs, and what no distance leaves."""
        spread = self._constants.within + variance
        return self._sharpness / (2.0 * spread), -self._sharpness / 2.0 * math.log(spread)


class _Rows:
    """Means of classes in one matrix, with what the log-likelihood needs besides."""

    def __init__(self, length: int) -> None:
        self.rows = np.zeros((16, length), np.float32)
        self._constants = np.zeros(16, np.float32)
        self._slopes = np.zeros(16, np.float32)

    def put(self, row: int, mean: NDArray[np.float64], evidence: tuple[float, float], parts: int) -> None:
        """Hold a mean (P·D,) in a row, the one after the last among them."""
        if row == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
            self._constants = np.concatenate([self._constants, np.zeros_like(self._constants)])
            self._slopes = np.concatenate([self._slopes, np.zeros_like(self._slopes)])
        slope, constant = evidence
        self.rows[row] = mean
        # |x - m|² = |x|² + |m|² - 2 x·m, and |x|² is P.
        self._constants[row] = constant - slope * (1.0 + float(mean @ mean) / parts)
        self._slopes[row] = 2.0 * slope / parts

    def remove(self, row: int, count: int) -> None:
        """Let the rows after this one move up."""
        for array in (self.rows, self._constants, self._slopes):
            array[row : count - 1] = array[row + 1 : count]

    def log_likelihoods(self, flat: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """(K,) of an embedding (P·D,)."""
        return (self._constants[:count] + self._slopes[:count] * (self.rows[:count] @ flat)).astype(
            np.float32
        )

    def of_one(self, row: int, flats: NDArray[np.float32]) -> NDArray[np.float32]:
        """(R,) of embeddings (R, P·D) under one class."""
        return self._constants[row] + self._slopes[row] * (flats @ self.rows[row])


def _read_classes(snapshot: BankSnapshot, table: ClassTable) -> dict[str, _Class]:
    """What the classes of a snapshot have learnt.

    Raises:
        SnapshotError: Something is missing or contradicts itself.
    """
    count, length = len(table), table.shape[0] * table.shape[1]

    masses = read_array(
        snapshot,
        "masses",
        (count,),
        dtype=np.float64,
        sound=lambda found: bool(np.isfinite(found).all() and (found >= 0).all()),
    )
    totals = read_array(snapshot, "totals", (count, length), dtype=np.float64)
    shown = read_array(snapshot, "shown", (count, length), dtype=np.float64)
    examples, rejections = (
        read_array(snapshot, name, (count,), dtype=np.float64, sound=counts)
        for name in ("examples", "rejections")
    )
    owners = read_meta(snapshot, "rejected_by", list)
    rejected = read_array(
        snapshot, "rejected", (len(owners), *table.shape), dtype=np.float32, sound=are_unit
    )
    learnt = {class_id: _Class(length) for class_id in table.ids}
    for row, state in enumerate(learnt.values()):
        state.mass, state.total = float(masses[row]), totals[row].copy()
        state.examples, state.shown = int(examples[row]), shown[row].copy()
        state.rejections = int(rejections[row])
    for owner, rows in zip(owners, rejected, strict=True):
        if (
            not isinstance(owner, str)
            or owner not in learnt
            or len(learnt[owner].rejected) == MOST_REJECTED
        ):
            raise SnapshotError(f"wanted rejections of the classes held, got {owner!r:.40}; discard it")
        learnt[owner].rejected.append(rows.reshape(-1).copy())
    return learnt
