"""Training batches: windows at random, with the features of one text of their class each."""

from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.augment import augmented
from training.config import TrainConfig
from training.sequences import Sequences
from training.texts import ClassTexts
from training.windows import random_window


class Batches:
    """Draws batches: windows, the features of one text each, classes. One owner; not thread-safe.

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
        self._classes = np.array([index[label] for label in sequences.labels])
        sizes = Counter(sequences.labels)
        weight = np.array([sizes[label] for label in sequences.labels], float) ** -config.balance
        # A sequence many windows long holds more to learn than one that fits into a single window.
        length_s = np.array([len(p) for p in sequences.positions]) / sequences.fps
        weight *= np.sqrt(np.maximum(1.0, length_s / config.window.length_s))
        self._chance = weight / weight.sum()

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Positions (B, 1, T, 25, 3) float32, text features (B, E) float32, classes (B,) int64."""
        picks = self._rng.choice(len(self._sequences), self._config.batch, p=self._chance)
        windows, texts = zip(*(self._one(int(n)) for n in picks), strict=True)
        return (
            torch.from_numpy(np.stack(windows)[:, None]),
            torch.from_numpy(np.stack(texts)),
            torch.from_numpy(self._classes[picks]),
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
        features = (self._texts.mirrored if swapped else self._texts.features)[self._classes[n]]
        return window, features[rng.integers(len(features))]
