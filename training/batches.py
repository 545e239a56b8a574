"""Training batches: windows at random, each with a text of its class."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.augment import augmented
from training.config import TrainConfig
from training.sequences import Sequences
from training.sides import SIDES, known_sides
from training.texts import ClassTexts, drawn_text
from training.windows import random_window


@dataclass(frozen=True, eq=False)
class Batch:
    """B windows and what is said of them.

    Attributes:
        positions: (B, 1, T, 25, 3) float32, normalised.
        text: (B, E) float32 unit rows: a true sentence of each.
        labels: (B,) int64; windows of one label share their meaning.
        negatives: (B, E) float32: a sentence that is close and false, zeros where none is known.
    """

    positions: Tensor
    text: Tensor
    labels: Tensor
    negatives: Tensor

    def joined(self, other: "Batch") -> "Batch":
        """Both batches as one."""
        return Batch(
            positions=torch.cat([self.positions, other.positions]),
            text=torch.cat([self.text, other.text]),
            labels=torch.cat([self.labels, other.labels]),
            negatives=torch.cat([self.negatives, other.negatives]),
        )


class Batches:
    """Draws batches from recorded sequences. One owner; not thread-safe.

    Args:
        sequences: To draw windows from.
        texts: Of ``sequences.classes``, in that order.
        config: Of the run.
        rng: Source of all chance; its state is the whole state.
    """

    def __init__(
        self, sequences: Sequences, texts: ClassTexts, *, config: TrainConfig, rng: np.random.Generator
    ) -> None:
        self._sequences, self._texts, self._config, self._rng = sequences, texts, config, rng
        index = {name: k for k, name in enumerate(texts.names)}
        self._sides = known_sides(sequences.labels, sequences.positions)
        self._classes = np.array([index[label] for label in sequences.labels])
        sizes = Counter(sequences.labels)
        weight = np.array([sizes[label] for label in sequences.labels], float) ** -config.balance
        # A sequence many windows long holds more to learn than one that fits into a single window.
        length_s = np.array([len(p) for p in sequences.positions]) / sequences.fps
        weight *= np.sqrt(np.maximum(1.0, length_s / config.window.length_s))
        self._chance = weight / weight.sum()

    def draw(self, count: int) -> Batch:
        """A batch of ``count`` windows, without negatives."""
        picks = self._rng.choice(len(self._sequences), count, p=self._chance)
        windows, texts = zip(*(self._one(int(n)) for n in picks), strict=True)
        text = torch.from_numpy(np.stack(texts))
        return Batch(
            positions=torch.from_numpy(np.stack(windows)[:, None]),
            text=text,
            labels=torch.from_numpy(self._classes[picks]),
            negatives=torch.zeros_like(text),
        )

    def _one(self, n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        config, rng = self._config, self._rng
        raw = random_window(
            self._sequences.positions[n],
            rng,
            fps=float(self._sequences.fps[n]),
            spec=config.window,
            config=config.random,
        )
        window, swapped = augmented(raw, rng, config=config.augmentation)
        return window, drawn_text(self._said(n, swapped=swapped), rng, most=config.mixed_texts)

    def _said(self, n: int, *, swapped: bool) -> NDArray[np.float32]:
        """(texts, E) what is true of a sequence; where its side is known, every second time of the side."""
        side = self._sides[n]
        if side is not None and self._rng.random() < 0.5:
            seen = SIDES[1 - SIDES.index(side)] if swapped else side
            return self._texts.sided[self._sequences.labels[n], seen]
        return (self._texts.mirrored if swapped else self._texts.features)[self._classes[n]]
