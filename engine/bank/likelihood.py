"""How well an embedding fits a class whose mean is known with some variance: the anchored bank's scores."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings
from engine.bank.table import products

_FIRST_CAPACITY = 16


class Likelihood:
    """Log-likelihoods l = -D/2 · (|x - m|² / (w + V) + log(w + V)), and that of the unnamed class.

    D and the unnamed class's constant are those for which a class of which only the text is known has the
    log-odds of its cosine, (cos - unknown) / temperature.

    Args:
        settings: Of the bank.
    """

    def __init__(self, settings: BankSettings) -> None:
        self._parts = settings.parts
        k = self._constants = settings.constants
        self._sharpness = (k.within + k.text_error) / (k.anchor * settings.temperature)
        slope, constant = self.of_variance(k.text_error)
        # Where the unnamed class is as likely as a text: at the squared distance of its cosine.
        distance = 1.0 + k.anchor**2 - 2.0 * k.anchor * settings.unknown_cosine
        self.unnamed = constant - slope * distance

    def of_variance(self, variance: float) -> tuple[float, float]:
        """What a unit of squared distance from a mean costs, and what no distance leaves."""
        spread = self._constants.within + variance
        return self._sharpness / (2.0 * spread), -self._sharpness / 2.0 * math.log(spread)

    def like_rejected(self, rejected: Sequence[NDArray[np.float32]], flat: NDArray[np.float32]) -> float:
        """Highest log-odds of a class known by one of these examples alone, its prior mean 0."""
        k = self._constants
        variance = 1.0 / (1.0 / k.between + 1.0 / k.within)
        means = np.stack(rejected).astype(np.float64) * (variance / k.within)
        distances = ((flat - means) ** 2).sum(axis=1) / self._parts
        slope, constant = self.of_variance(variance)
        return float(constant - slope * distances.min() - self.unnamed)


class Means:
    """Means of classes in one matrix, row by row as in the table, with what their log-odds need besides.

    Args:
        likelihood: Of embeddings given means.
        parts: P.
        length: P·D.
    """

    def __init__(self, likelihood: Likelihood, *, parts: int, length: int) -> None:
        self._likelihood = likelihood
        self._parts = parts
        self.rows = np.zeros((_FIRST_CAPACITY, length), np.float32)
        """(capacity, P·D); those of the classes come first."""
        self._constants = np.zeros(_FIRST_CAPACITY, np.float32)
        self._slopes = np.zeros(_FIRST_CAPACITY, np.float32)

    def put(self, row: int, weighted: NDArray[np.float64], precision: float) -> None:
        """Hold the mean ``weighted / precision`` (P·D,) in a row, the one after the last among them."""
        if row == len(self.rows):
            for name in ("rows", "_constants", "_slopes"):
                array = getattr(self, name)
                setattr(self, name, np.concatenate([array, np.zeros_like(array)]))
        slope, constant = self._likelihood.of_variance(1.0 / precision)
        squared = float(weighted @ weighted) / (precision * precision * self._parts)
        np.multiply(weighted, 1.0 / precision, out=self.rows[row], casting="same_kind")
        # |x - m|² = |x|² + |m|² - 2 x·m, and |x|² is P.
        self._constants[row] = constant - slope * (1.0 + squared) - self._likelihood.unnamed
        self._slopes[row] = 2.0 * slope / self._parts

    def remove(self, row: int, count: int) -> None:
        """Let the rows after this one move up."""
        for array in (self.rows, self._constants, self._slopes):
            array[row : count - 1] = array[row + 1 : count]

    def odds(self, flat: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """(K,) log-odds of an embedding (P·D,) against the unnamed class."""
        odds = products(self.rows[:count], flat)
        odds *= self._slopes[:count]
        odds += self._constants[:count]
        return odds

    def odds_of_one(self, row: int, flats: NDArray[np.float32]) -> NDArray[np.float32]:
        """(R,) of embeddings (R, P·D) under one class."""
        return self._constants[row] + self._slopes[row] * (flats @ self.rows[row])
