"""OnZeta (Qian and Hu, ECCV 2024), to be compared with: a text label balanced as it goes, and proxies.

The text label of a sample is the softmax of its cosines, weighted by exp(rho); the dual rho falls for
classes named more often than 1 / K and rises for the others. Proxies, texts at first, are moved by
stochastic gradient towards what the text label says; the vision label they give has a share that grows as
beta · sqrt(i / n). Constants as published (released code, commit befef06): alpha 1, beta 0.8, steps 0.5 and
20 over sqrt(i), a temperature of the proxies four times that of the texts.

Departures: the length n of a stream is not known here and taken to be 1,000; the share begins at 0; scores
are the logarithms of the published probabilities, laid on the scale of cosines; an example that a person
showed moves the proxy of its class with a certain label, and not the dual.
"""

import math

import numpy as np

from engine.bank.published import PublishedBank, Vector

_SHARE, _LENGTH = 0.8, 1000
_PROXY_STEP, _DUAL_STEP = 0.5, 20.0
_SOFTER = 4.0


class OnZetaBank(PublishedBank):
    """A ``Bank`` that follows OnZeta. Not thread-safe; one owner."""

    rule = "onzeta"

    def _new_class(self, text: Vector) -> dict[str, Vector]:
        return {"proxies": text, "duals": np.zeros(())}

    def _new_shared(self) -> dict[str, Vector]:
        return {"steps": np.zeros(1)}

    def _scores(self, flat: Vector) -> Vector:
        temperature, share = self._settings.temperature, self._share()
        told = self._cosines(flat) / temperature + self._held["duals"]
        scale = np.logaddexp.reduce(told)
        if share == 0.0:
            return temperature * told
        seen = self._held["proxies"] @ flat / (temperature * _SOFTER)
        both = np.logaddexp(
            told - scale + math.log1p(-share), seen - np.logaddexp.reduce(seen) + math.log(share)
        )
        return temperature * (both + scale)

    def _learn(self, flat: Vector, labels: Vector, weight: float) -> None:
        self._shared["steps"] += weight
        root = math.sqrt(max(1.0, float(self._shared["steps"][0])))
        balanced = labels * np.exp(self._held["duals"] - self._held["duals"].max())
        balanced /= balanced.sum()
        self._move(flat, balanced, weight * _PROXY_STEP / root)
        duals = self._held["duals"] - weight * _DUAL_STEP / root * (balanced - 1.0 / len(labels))
        self._held["duals"] = np.maximum(duals, 0.0)

    def _show(self, row: int, flat: Vector) -> None:
        root = math.sqrt(max(1.0, float(self._shared["steps"][0])))
        others = self._held["proxies"].copy()
        self._move(flat, np.eye(len(self._table))[row], _PROXY_STEP / root)
        others[row] = self._held["proxies"][row]
        self._held["proxies"] = others

    def _prototype(self, row: int) -> Vector:
        return self._held["proxies"][row]

    def _share(self) -> float:
        """Of the vision label."""
        return _SHARE * math.sqrt(min(1.0, float(self._shared["steps"][0]) / _LENGTH))

    def _move(self, flat: Vector, labels: Vector, step: float) -> None:
        """One step down the cross-entropy of the proxies' labels, and back to unit length."""
        temperature = self._settings.temperature * _SOFTER
        logits = self._held["proxies"] @ flat / temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        moved = self._held["proxies"] - step / temperature * (shares - labels)[:, None] * flat
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        self._held["proxies"] = np.where(
            lengths > 1e-9, moved / np.maximum(lengths, 1e-9), self._held["proxies"]
        )
