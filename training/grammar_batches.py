"""Training pairs from the motion grammar: a pool of motions, each with its own sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from engine.text.encoders import TextEncoder
from engine.text.library import builtin_library
from training.augment import augmented
from training.batches import Batch
from training.config import TrainConfig
from training.grammar import PRIMITIVES, GrammarMotion, sample_motion
from training.grammar.library_texts import Deed, library_texts
from training.grammar.playing import FPS
from training.texts import drawn_text
from training.windows import random_window

_MARGIN = 10
"""Frames kept before and after the action: a live window rarely begins with it."""
_SLICE = 512


@dataclass(frozen=True, eq=False)
class _Pooled:
    """What the pool keeps of a motion: the action, with little of the standing before and after.

    Attributes:
        positions: (T, 25, 3), metres. In half precision a pool of 10,000 stays within 200 MB; a
            millimetre is far below the noise.
        texts: True of it.
        negatives: Close and false.
        key: Its meaning.
    """

    positions: NDArray[np.float16]
    texts: tuple[str, ...]
    negatives: tuple[str, ...]
    key: str


class GrammarBatches:
    """Draws windows of synthetic motions, each with one true and one false sentence. One owner.

    Keys are drawn alike, however often a key was sampled: common primitives would drown the rest.

    Args:
        encoder: Asked once for every sentence.
        config: Of the run; ``config.grammar`` says how many motions.
        rng: Source of all chance of the draws; the pool itself depends on ``config.seed`` alone.
        first_label: Labels of keys count from here.
        progress: Show bars while the pool is made.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        config: TrainConfig,
        rng: np.random.Generator,
        first_label: int,
        progress: bool = True,
    ) -> None:
        self._config, self._rng = config, rng
        chance = np.random.default_rng([config.seed, 1])
        bar = tqdm(range(config.grammar.motions), "motions of the grammar", disable=not progress)
        said = library_texts(PRIMITIVES, builtin_library().entries) if config.grammar.library else {}
        self._motions = [_pooled(sample_motion(chance), said) for _ in bar]
        keys = sorted({motion.key for motion in self._motions})
        index = {key: first_label + k for k, key in enumerate(keys)}
        self._labels = np.array([index[motion.key] for motion in self._motions])
        sizes = np.bincount(self._labels - first_label)
        weight = 1.0 / sizes[self._labels - first_label]
        # Its texts say more than a single primitive's, but there are as many keys as motions.
        weight[[">" in motion.key or "+" in motion.key for motion in self._motions]] *= 0.15
        self._chance = weight / weight.sum()
        self._rows = _encoded(
            (text for motion in self._motions for text in (*motion.texts, *motion.negatives)),
            encoder,
            progress=progress,
        )

    def draw(self, count: int) -> Batch:
        """A batch of ``count`` windows."""
        picks = self._rng.choice(len(self._motions), count, p=self._chance)
        windows, texts, negatives = zip(*(self._one(int(n)) for n in picks), strict=True)
        return Batch(
            positions=torch.from_numpy(np.stack(windows)[:, None]),
            text=torch.from_numpy(np.stack(texts)),
            labels=torch.from_numpy(self._labels[picks]),
            negatives=torch.from_numpy(np.stack(negatives)),
        )

    def _one(self, n: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        config, rng = self._config, self._rng
        motion = self._motions[n]
        raw = random_window(
            motion.positions.astype(np.float32), rng, fps=FPS, spec=config.window, config=config.random
        )
        # The grammar performs both sides itself, and knows which sentences speak of them.
        window, _ = augmented(raw, rng, config=config.augmentation, mirror=False)
        rows = np.stack([self._rows[text] for text in motion.texts])
        text = drawn_text(rows, rng, most=config.mixed_texts)
        if not motion.negatives:
            return window, text, np.zeros_like(text)
        return window, text, self._rows[motion.negatives[rng.integers(len(motion.negatives))]]


def _pooled(motion: GrammarMotion, said: Mapping[Deed, tuple[str, ...]]) -> _Pooled:
    first, last = motion.active
    kept = motion.positions[max(0, first - _MARGIN) : last + _MARGIN]
    key, _, side = motion.key.partition("/")
    texts = tuple(dict.fromkeys((*motion.texts, *said.get((key, side), ()))))
    false = tuple(text for text in motion.negatives if text not in texts)
    return _Pooled(kept.astype(np.float16), texts, false, motion.key)


def _encoded(
    texts: Iterable[str], encoder: TextEncoder, *, progress: bool
) -> dict[str, NDArray[np.float32]]:
    """(E,) float32 unit feature of every distinct text."""
    # Alike in length, so that little of a batch is padding; in one order, as sets have none.
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    bar = tqdm(range(0, len(distinct), _SLICE), "sentences of the grammar", disable=not progress)
    rows = [encoder.encode(distinct[at : at + _SLICE]) for at in bar]
    return dict(zip(distinct, np.concatenate(rows), strict=True))
