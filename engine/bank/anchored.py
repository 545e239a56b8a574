"""A bank anchored in its texts: each class's mean is inferred from text, stream and shown examples.

An empirical-Bayes form of PGFA's test-time prototypes (IEEE TIP 2025). The mean of a class is unknown;
three sensors speak of it, and each weighs as much as it is precise:

    its text          m = beta · t               variance V0
    the stream        mean of what it absorbed   variance w / n + b
    shown examples    their mean                 variance w / e

The posterior mean m and variance V give the log-likelihood of an embedding (``likelihood.py``): a class of
which only the text is known is expected to lie further away, and one that has been seen does not attract
everybody's windows. Until it has learnt something, this bank is the text-only one. The stream's labels come
from texts and are wrong for some; however long it is, the mean of what they give a class stays off the
class's own by b, so that it never outweighs a text as an example does.

The *text*, and what people have shown, label an observation; the bank's own prototypes never do, so that
it cannot drift, and what it ends in does not depend on the order of the stream: a bank that has seen a
stream is its own offline version. An observation counts as much as it is likely to be of any named class.

Departures from PGFA: no entropy gate, since the unnamed class does that work; the text stays in the mean;
scores are likelihoods. Without text prior and variances the rule is ``PgfaStreamingBank`` with alpha 1.
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Absorbed, BankSettings, BankSnapshot, Provenance, Rows
from engine.bank.gathered import Gathered, pack_gathered, read_gathered
from engine.bank.likelihood import Likelihood, Means
from engine.bank.reservoir import Reservoir
from engine.bank.snapshots import check_origin, read_meta, read_table
from engine.bank.table import ClassTable, check_weight
from engine.rows import mean_direction
from streams.skeleton.errors import SnapshotError

_TIE = 1e-5
"""Log-odds closer than this are the same: their last bits depend on the order of the classes."""
LEAST_NAMED = 0.05
"""An observation less likely than this to be of a named class is declined."""
_LEAST_ODDS = math.log(LEAST_NAMED / (1.0 - LEAST_NAMED))


class AnchoredBank:
    """A ``Bank`` whose prototypes are posterior means. Not thread-safe; one owner.

    Memory is P · D · 24 bytes a class, up to eight rejected examples of it, and ``Reservoir.SIZE``
    observations that a class added later may claim.
    """

    rule = "anchored"

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._constants = settings.constants
        self._likelihood = Likelihood(settings)
        self._length = settings.parts * settings.dim
        self._table = ClassTable(settings.parts, settings.dim)
        self._gathered: dict[str, Gathered] = {}
        self._rejecting: set[str] = set()
        self._reservoir = Reservoir(self._length)
        self._means = Means(self._likelihood, parts=settings.parts, length=self._length)
        self._text_means = Means(self._likelihood, parts=settings.parts, length=self._length)

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, in the order of ``score_one``."""
        return self._table.ids

    def add_class(self, class_id: str, text: Rows) -> None:
        """Hold a new class, which claims what it would have been given of the reservoir; see ``Bank``."""
        self._table.add(class_id, text)
        self._gathered[class_id] = Gathered(self._length)
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
        for means in (self._means, self._text_means):
            means.remove(row, count)
        self._table.remove(class_id)
        self._gathered.pop(class_id)
        self._rejecting.discard(class_id)
        self._reservoir.forget(class_id)

    def score_one(self, embedding: Rows) -> NDArray[np.float32]:
        """(K,) log-odds against the unnamed class on the scale of cosines; see ``Bank``."""
        scores = self._odds(self._means, self._table.flat(embedding))
        scores *= self._settings.temperature
        scores += self._settings.unknown_cosine
        return scores

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        """Id of the class whose text and examples fit best; None where the unnamed one fits far better."""
        flat = self._table.flat(embedding)
        check_weight(weight)
        class_id, odds = None, _LEAST_ODDS
        if len(self._table):
            class_id, odds = self._likeliest(self._odds(self._text_means, flat))
        self._reservoir.add(flat, class_id, odds=odds, weight=weight)
        if class_id is not None:
            self._move(class_id, flat, weight * _named(odds))
        return class_id

    def show_example(self, class_id: str, embedding: Rows) -> None:
        """Count an example of variance w, no label's error in it; see ``Bank``."""
        self._table.index(class_id)
        flat = self._table.flat(embedding)
        gathered = self._gathered[class_id]
        gathered.examples += 1
        gathered.shown += flat
        self._refresh(class_id)

    def reject_example(self, class_id: str, embedding: Rows) -> None:
        """Let an unnamed class near the example compete with the class alone; see ``Bank``."""
        self._table.index(class_id)
        self._gathered[class_id].reject(self._table.flat(embedding))
        self._rejecting.add(class_id)

    def prototype(self, class_id: str) -> Rows:
        """(P, D) the direction of the posterior mean; see ``Bank``."""
        row = self._table.index(class_id)
        direction = mean_direction([self._means.rows[row].reshape(self._table.shape)])
        # Examples that cancel the text out leave nowhere else to be.
        return self._table.texts[row].reshape(self._table.shape).copy() if direction is None else direction

    def provenance(self, class_id: str) -> Provenance:
        """Where the class's prototype comes from; see ``Bank``."""
        row = self._table.index(class_id)
        gathered = self._gathered[class_id]
        moved = 0.0
        if gathered.mass or gathered.examples:
            mean = self._means.rows[row].astype(np.float64)
            length = math.sqrt(float(mean @ mean) * self._settings.parts)
            moved = min(2.0, max(0.0, 1.0 - float(mean @ self._table.texts[row]) / length))
        return Provenance(gathered.mass, gathered.examples, gathered.rejections, moved)

    def reset(self, class_id: str | None = None) -> None:
        """Back to text only, one class or all; see ``Bank``."""
        for known in self.class_ids if class_id is None else (class_id,):
            self._table.index(known)
            self._gathered[known] = Gathered(self._length)
            self._rejecting.discard(known)
            self._reservoir.forget(known)
            self._refresh(known)
        if class_id is None:
            self._reservoir = Reservoir(self._length)

    def absorbed(self, class_id: str) -> Absorbed:
        """What the class has learnt of the stream; see ``RecallableBank``."""
        self._table.index(class_id)
        gathered = self._gathered[class_id]
        return Absorbed(gathered.mass, gathered.total.copy())

    def recall(self, class_id: str, absorbed: Absorbed | None) -> None:
        """Have the class know this, and later classes claim none of it; see ``RecallableBank``."""
        self._table.index(class_id)
        gathered = self._gathered[class_id]
        gathered.mass, gathered.total = 0.0, np.zeros(self._length)
        if absorbed is not None:
            gathered.mass, gathered.total = absorbed.mass, absorbed.total.copy()
        self._reservoir.forget(class_id)
        self._refresh(class_id, streamed=True)

    def snapshot(self) -> BankSnapshot:
        """The whole state, independent of later changes."""
        shape = self._table.shape
        remembered, labels = self._reservoir.ordered(shape)
        arrays = {
            "texts": self._table.texts.reshape(-1, *shape).copy(),
            **pack_gathered((self._gathered[c] for c in self.class_ids), shape),
            **remembered,
        }
        meta = {
            "class_ids": list(self.class_ids),
            "rejected_by": [c for c in self.class_ids for _ in self._gathered[c].rejected],
            "labels": labels,
        }
        return BankSnapshot(self.rule, self._settings.fingerprint, arrays, meta)

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over a state, bit for bit; see ``Bank``."""
        check_origin(snapshot, rule=self.rule, settings=self._settings)
        table = read_table(snapshot, self._settings)
        gathered = read_gathered(snapshot, table)
        labels = read_meta(snapshot, "labels", list)
        if not all(label is None or (isinstance(label, str) and label in gathered) for label in labels):
            raise SnapshotError(f"wanted labels of the classes held, got {labels!r:.80}; discard it")
        reservoir = Reservoir.read(snapshot, labels, table.shape)
        self._table, self._gathered, self._reservoir = table, gathered, reservoir
        self._rejecting = {class_id for class_id, state in gathered.items() if state.rejected}
        for class_id in table.ids:
            self._refresh(class_id)

    def _odds(self, means: Means, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K,) log-odds of each class against the unnamed one, rejected examples taken into account."""
        odds = means.odds(flat, len(self._table))
        for class_id in self._rejecting:
            # For this class the unnamed one has a second place to be.
            near = self._likelihood.like_rejected(self._gathered[class_id].rejected, flat)
            odds[self._table.index(class_id)] -= np.logaddexp(0.0, near)
        return odds

    def _likeliest(self, odds: NDArray[np.float32]) -> tuple[str | None, float]:
        """The class of highest log-odds and these; None, and the least, where none has more."""
        best = float(odds.max())
        if best <= _LEAST_ODDS:
            return None, _LEAST_ODDS
        return self._table.best(odds, tie=_TIE), best

    def _claim(self, class_id: str) -> None:
        """Give a new class what of the reservoir it fits better than the class that has it."""
        row = self._table.index(class_id)
        odds = self._text_means.odds_of_one(row, self._reservoir.rows)
        for slot in (odds > self._reservoir.odds + _TIE).nonzero()[0]:
            old, weight = self._reservoir.labels[slot], self._reservoir.weights[slot]
            flat = self._reservoir.rows[slot]
            if old is not None:
                self._move(old, flat, -weight * _named(self._reservoir.odds[slot]))
            self._move(class_id, flat, weight * _named(float(odds[slot])))
            self._reservoir.relabel(int(slot), class_id, odds=float(odds[slot]))

    def _move(self, class_id: str, flat: NDArray[np.float32], weight: float) -> None:
        gathered = self._gathered[class_id]
        gathered.mass = max(0.0, gathered.mass + weight)
        gathered.total += weight * flat
        self._refresh(class_id, streamed=True)

    def _refresh(self, class_id: str, *, streamed: bool = False) -> None:
        """Infer the class's mean anew; without the stream, too, unless only the stream is new."""
        k, row, gathered = self._constants, self._table.index(class_id), self._gathered[class_id]
        precision = 1.0 / k.text_error + gathered.examples / k.within
        weighted = self._table.texts[row] * (k.anchor / k.text_error) + gathered.shown / k.within
        if not streamed:
            self._text_means.put(row, weighted, precision)
        if gathered.mass > 1e-6:
            told = 1.0 / (k.within / gathered.mass + k.stream_error)
            precision += told
            weighted += gathered.total * (told / gathered.mass)
        self._means.put(row, weighted, precision)


def _named(odds: float) -> float:
    """Chance that an observation of these log-odds is of a named class."""
    return 1.0 / (1.0 + math.exp(-odds))
