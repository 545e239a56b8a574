"""Sums of unit features ordered by how sure their label was, in bounded memory."""

import numpy as np
from numpy.typing import NDArray

FINEST = 20
"""Bins start 2**-20 wide: as good as exact."""


class ConfidenceHistogram:
    """Weighted feature sums in at most ``bins`` bins of entropy in [0, 1].

    Bins all have one width, a power of two. Only bins that hold something are kept; when they
    run out, the width doubles and neighbours are added up. So the bins are as narrow as the
    spread of what was observed allows, and which they are depends on what was observed and never
    on its order. Until ``bins`` different entropies have been seen, the histogram is exact.

    Args:
        bins: Most bins kept, at least 1.
        length: Length of a feature.
    """

    def __init__(self, bins: int, length: int) -> None:
        self._bins = bins
        self._level = FINEST if bins > 1 else 0
        # One slot more than bins: the one whose arrival makes the width double.
        self._keys = np.zeros(bins + 1, np.int64)
        self._masses = np.zeros(bins + 1)
        self._sums = np.zeros((bins + 1, length))
        self._count = 0

    @property
    def level(self) -> int:
        """Bins are 2**-level wide."""
        return self._level

    @property
    def keys(self) -> NDArray[np.int64]:
        """(n,) view: bin of each slot, counted from entropy 0, in any order."""
        return self._keys[: self._count]

    @property
    def masses(self) -> NDArray[np.float64]:
        """(n,) view: weight in each slot."""
        return self._masses[: self._count]

    @property
    def sums(self) -> NDArray[np.float64]:
        """(n, length) view: weighted feature sum of each slot."""
        return self._sums[: self._count]

    @property
    def total(self) -> float:
        """Weight in all bins."""
        return float(self.masses.sum())

    def add(self, entropy: float, feature: NDArray[np.float32], *, weight: float) -> None:
        """Count one observation.

        Args:
            entropy: Of its label, [0, 1]; 0 is certain.
            feature: (length,).
            weight: Above 0.
        """
        key = min(int(entropy * (1 << self._level)), (1 << self._level) - 1)
        slots = (self.keys == key).nonzero()[0]
        if len(slots):
            slot = int(slots[0])
        else:
            slot = self._count
            self._count += 1
            self._keys[slot], self._masses[slot], self._sums[slot] = key, 0.0, 0.0
        self._masses[slot] += weight
        self._sums[slot] += weight * feature
        while self._count > self._bins:
            self._coarsen()

    def most_certain(self, mass: float) -> NDArray[np.float64]:
        """(length,) sum over the observations of lowest entropy that weigh ``mass`` together.

        The last bin that does not fit whole is taken in proportion.
        """
        order = self.keys.argsort()
        masses = self.masses[order]
        below = masses.cumsum() - masses
        shares = np.empty(self._count)
        shares[order] = np.minimum(np.maximum((mass - below) / masses, 0.0), 1.0)
        return shares @ self.sums

    def load(
        self, level: int, keys: NDArray[np.int64], masses: NDArray[np.float64], sums: NDArray[np.float64]
    ) -> None:
        """Hold these slots, at most as many as there are bins, and no others."""
        self._level, self._count = level, len(keys)
        self._keys[: len(keys)], self._masses[: len(keys)], self._sums[: len(keys)] = keys, masses, sums

    def _coarsen(self) -> None:
        keys, slots = np.unique(self.keys >> 1, return_inverse=True)
        masses, sums = np.zeros(len(keys)), np.zeros((len(keys), self._sums.shape[1]))
        np.add.at(masses, slots, self.masses)
        np.add.at(sums, slots, self.sums)
        self.load(self._level - 1, keys, masses, sums)
