"""DOTA (Han et al., 2024), to be compared with: a Gaussian for each class, fed by soft text labels.

Means begin at the texts with a count of one and take in every sample as far as its text label says so; the
covariance is one for all classes, shrunk by epsilon towards the identity; the discriminant's logits are
added to those of the texts with a weight that grows with the count, min(rho · c, eta).

Departures: the published covariance is the mean of one matrix for each class, here all feed one, since a
matrix for each would be 140 MB at 120 classes; its inverse is renewed at every 32nd sample, not at every
one; the weight counts from 0, so that a bank that has learnt nothing is its texts. Sigma, epsilon, rho and
eta, which the authors choose for each data set, are 0.002, 0.001, 0.02 and 0.2 throughout.
"""

import numpy as np

from engine.bank.published import PublishedBank, Vector

_SIGMA, _EPSILON = 0.002, 0.001
_RHO, _ETA = 0.02, 0.2
_RENEWED_EVERY = 32


class DotaBank(PublishedBank):
    """A ``Bank`` that follows DOTA; two matrices (P·D)² besides its classes. Not thread-safe; one owner."""

    rule = "dota"

    def _new_class(self, text: Vector) -> dict[str, Vector]:
        return {"means": text, "directions": self._shared["precision"] @ text, "weights": np.ones(())}

    def _new_shared(self) -> dict[str, Vector]:
        identity = np.eye(self._length)
        return {
            "scatter": _SIGMA * identity,
            "precision": identity / (_SIGMA + _EPSILON - _EPSILON * _SIGMA),
            "mass": np.zeros(1),
            "waiting": np.zeros(1),
        }

    def _scores(self, flat: Vector) -> Vector:
        fused = min(_RHO * float(self._shared["mass"][0]) / len(self._table), _ETA)
        offsets = 0.5 * np.einsum("kd,kd->k", self._held["directions"], self._held["means"])
        seen = self._held["directions"] @ flat - offsets
        return self._cosines(flat) + self._settings.temperature * fused * seen

    def _learn(self, flat: Vector, labels: Vector, weight: float) -> None:
        shares, held = labels * weight, self._held
        off = flat - held["means"]
        total = float(self._shared["mass"][0]) + len(self._table)
        self._shared["scatter"] *= total / (total + weight)
        self._shared["scatter"] += (off * (shares / (total + weight))[:, None]).T @ off
        step = (shares / (held["weights"] + shares))[:, None]
        held["means"] = held["means"] + step * off
        held["directions"] = held["directions"] + step * (
            self._shared["precision"] @ flat - held["directions"]
        )
        held["weights"] = held["weights"] + shares
        self._shared["mass"] += weight
        self._shared["waiting"] += 1.0
        if self._shared["waiting"][0] >= _RENEWED_EVERY:
            self._renew()

    def _renew(self) -> None:
        self._shared["waiting"][:] = 0.0
        shrunk = (1.0 - _EPSILON) * self._shared["scatter"] + _EPSILON * np.eye(self._length)
        self._shared["precision"] = np.linalg.inv(shrunk).astype(np.float64)
        self._held["directions"] = self._held["means"] @ self._shared["precision"]

    def _show(self, row: int, flat: Vector) -> None:
        self._learn(flat, np.eye(len(self._table))[row], 1.0)

    def _prototype(self, row: int) -> Vector:
        return self._held["means"][row]
