"""Whether left is told from right on the grammar's motions: a sentence of theirs against its mirror."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.text.sided import mirrored_text
from streams.skeleton.window import WindowSpec
from training.grammar import PRIMITIVES, motion_of
from training.grammar.playing import FPS
from training.sides import side_accuracy
from training.windows import normalized_batch, sliding_windows
from training.zero_shot import Embed


def mirrored_pairs(
    embed: Embed,
    rows_of: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    spec: WindowSpec,
    most: int | None = None,
    seed: int = 0,
) -> float:
    """Share of fresh motions of one side that lie nearer to a sentence of theirs than to its mirror.

    Every primitive with a left and a right side is performed once on either.

    Args:
        embed: The encoder.
        rows_of: Sentences to unit rows (N, P, D).
        spec: Of the windows; the middle one of a motion is taken.
        most: Primitives at most, from all over the grammar; all of them if None.
        seed: Of the performances.

    Raises:
        DataError: No primitive has a sentence that names its side.
    """
    rng = np.random.default_rng([seed, 7])
    sided = [p for p in PRIMITIVES.values() if {"left", "right"} <= set(p.sides)]
    step = max(1, len(sided) // most) if most else 1
    windows, texts = list[NDArray[np.float32]](), list[str]()
    for primitive in sided[::step]:
        for side in ("left", "right"):
            motion = motion_of(primitive.key, side, rng)
            naming = [text for text in motion.texts if text != mirrored_text(text)]
            if not naming:
                continue
            cut = sliding_windows(motion.positions, fps=FPS, spec=spec, hop_s=0.2)
            windows.append(cut[len(cut) // 2])
            texts.append(naming[rng.integers(len(naming))])
    rows = embed(normalized_batch(np.stack(windows))) if windows else np.empty((0, 1, 1), np.float32)
    # The first of each pair is what is true of the motion; "left" stands for it.
    own, other = rows_of(texts), rows_of([mirrored_text(text) for text in texts])
    return side_accuracy(rows, ["left"] * len(rows), left=own, right=other)
