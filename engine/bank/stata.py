"""StatA (Zanella et al., CVPR 2025), to be compared with: samples of a batch infer their classes together.

Each class is a Gaussian with its own diagonal covariance, anchored in statistics of its text: mean and
covariance are blends of what the batch says and what the text says, by n / (n + alpha), n the samples of
the batch that are nearest to the class. Assignments, means and covariances are worked out in turn, ten
times; a term over the three nearest neighbours lets alike samples be alike (code, commit eea8637).

Departures: the temperature of the texts is the bundle's, not 0.01; n of tied classes is shared among them.
A bank answers one sample after the other, so its batch is the last B - 1 samples and the one asked;
published batches stand one after the other (``infer`` is what both need). With B = 1 a sample can but
confirm its nearest text, and scores stay cosines. A shown example is counted and changes nothing: a batch
has no labels.
"""

import numpy as np
from numpy.typing import NDArray

from engine.bank.published import PublishedBank, Vector
from streams.skeleton.errors import SnapshotError

_ALPHA, _NEIGHBOURS, _ROUNDS, _INNER, _SOFTENED = 1.0, 3, 10, 5, 50.0
_LEAST_VARIANCE = 1e-8
_TIE = 1e-9


def infer(rows: Vector, texts: Vector, *, temperature: float) -> Vector:
    """(B, K) shares of the classes in the samples of a batch.

    Args:
        rows: (B, L) unit rows, B at least 2.
        texts: (K, L) unit rows.
        temperature: Of the softmax of cosines to the texts.
    """
    logits = rows @ texts.T / temperature
    told = np.exp(logits - logits.max(axis=1, keepdims=True))
    told /= told.sum(axis=1, keepdims=True)
    pull = _affinity(rows)
    squares = rows**2
    shares, means = told, texts
    spread = np.maximum(_scatter(rows, squares, told, texts).sum(axis=0) / len(rows), _LEAST_VARIANCE)
    first = np.broadcast_to(spread, texts.shape)
    spreads = first
    for _ in range(_ROUNDS):
        shares = _assigned(_likelihoods(rows, squares, means, spreads), told, shares, pull)
        counts = _nearest_counts(shares)
        blend = (counts / (counts + _ALPHA))[:, None]
        mass = np.maximum(shares.sum(axis=0), 1e-12)[:, None]
        means = _unit(blend * _unit(shares.T @ rows) + (1.0 - blend) * texts)
        inner = _scatter(rows, squares, shares, means) / mass
        spreads = blend * inner + (1.0 - blend) * (first + (texts - means) ** 2)
        spreads = np.maximum(spreads, _LEAST_VARIANCE)
    return _assigned(_likelihoods(rows, squares, means, spreads), told, shares, pull)


class StatABank(PublishedBank):
    """A ``Bank`` that follows StatA with batches of B. Not thread-safe; one owner."""

    batch = 1
    """B."""

    def _new_shared(self) -> dict[str, Vector]:
        return {"seen": np.zeros((self.batch, self._length)), "held": np.zeros(1)}

    def _scores(self, flat: Vector) -> Vector:
        cosines = self._cosines(flat)
        count = int(self._shared["held"][0])
        if count == 0:
            return cosines
        together = np.concatenate([self._shared["seen"][:count], flat[None]])
        shares = infer(together, self._texts(), temperature=self._settings.temperature)[-1]
        temperature = self._settings.temperature
        scale = float(np.logaddexp.reduce(cosines / temperature))
        return temperature * (np.log(np.maximum(shares, 1e-300)) + scale)

    def _learn(self, flat: Vector, labels: Vector, weight: float) -> None:
        del labels, weight
        count, most = int(self._shared["held"][0]), self.batch - 1
        if count < most:
            self._shared["seen"][count] = flat
            self._shared["held"] += 1.0
        elif most:
            self._shared["seen"][: most - 1] = self._shared["seen"][1:most]
            self._shared["seen"][most - 1] = flat

    def _check(self, shared: dict[str, Vector]) -> None:
        held = float(shared["held"][0])
        lengths = np.linalg.norm(shared["seen"][: int(min(held, self.batch))], axis=1)
        if held != int(held) or held > self.batch - 1 or (np.abs(lengths - 1.0) > 1e-3).any():
            raise SnapshotError(
                f"wanted up to {self.batch - 1} unit rows in a snapshot, got {held:g} of lengths "
                f"{lengths[:3]}; discard it"
            )


class StatA1Bank(StatABank):
    """Batches of one: the texts."""

    rule = "stata-1"


class StatA16Bank(StatABank):
    """Batches of 16."""

    rule, batch = "stata-16", 16


class StatA128Bank(StatABank):
    """Batches of 128."""

    rule, batch = "stata-128", 128


def _assigned(likelihoods: Vector, told: Vector, shares: Vector, pull: Vector) -> Vector:
    """(B, K) shares given likelihoods, texts and neighbours, which are worked out in turn."""
    for _ in range(_INNER):
        raised = (likelihoods + pull @ shares) / _SOFTENED
        weighed = told * np.exp(raised - raised.max(axis=1, keepdims=True))
        shares = weighed / np.maximum(weighed.sum(axis=1, keepdims=True), 1e-300)
    return shares


def _affinity(rows: Vector) -> Vector:
    """(B, B) what each sample's nearest neighbours add to its likelihoods, and it to theirs."""
    alike = rows @ rows.T
    others = alike - 4.0 * np.eye(len(rows))
    most = min(_NEIGHBOURS, len(rows) - 1)
    near = np.zeros_like(alike)
    chosen = np.argpartition(-others, most - 1, axis=1)[:, :most]
    np.put_along_axis(near, chosen, np.take_along_axis(alike, chosen, axis=1), axis=1)
    return (near + near.T) * (_SOFTENED / (2.0 * _NEIGHBOURS))


def _likelihoods(rows: Vector, squares: Vector, means: Vector, spreads: Vector) -> Vector:
    """(B, K) of samples under the classes; the determinant is left out, as published."""
    sharp = 1.0 / spreads
    return -0.5 * (squares @ sharp.T - 2.0 * rows @ (means * sharp).T + (means**2 * sharp).sum(axis=1))


def _scatter(rows: Vector, squares: Vector, shares: Vector, means: Vector) -> Vector:
    """(K, L) squared deviations of the samples from the means, weighed by their shares."""
    mass = shares.sum(axis=0)[:, None]
    return np.maximum(shares.T @ squares - 2.0 * means * (shares.T @ rows) + means**2 * mass, 0.0)


def _nearest_counts(shares: NDArray[np.float64]) -> Vector:
    """(K,) samples whose largest share is the class's; one shared by tied classes counts in parts."""
    near = shares >= shares.max(axis=1, keepdims=True) - _TIE
    return (near / near.sum(axis=1, keepdims=True)).sum(axis=0)


def _unit(rows: Vector) -> Vector:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
