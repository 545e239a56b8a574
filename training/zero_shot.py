"""Zero-shot recognition of whole sequences: windows in a row, one mean embedding, cosines to texts."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.window import WindowSpec
from training.metrics import balanced_top_k, top_k
from training.sequences import Sequences
from training.windows import normalized_batch, sliding_windows

Embed = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Positions (N, 1, T, 25, 3), normalised -> embeddings (N, P, D), unit rows."""

HOP_S = 0.4
"""Time between two windows of a sequence, seconds."""
_BATCH = 128


def sequence_embeddings(
    sequences: Sequences, embed: Embed, *, spec: WindowSpec, hop_s: float = HOP_S
) -> NDArray[np.float32]:
    """(N, P, D) float32 unit rows: the mean over each sequence's windows.

    Args:
        sequences: N sequences.
        embed: The encoder, one window or many at a time.
        spec: Its windows.
        hop_s: Time between two windows, seconds.
    """
    windows = [
        sliding_windows(positions, fps=float(fps), spec=spec, hop_s=hop_s)
        for positions, fps in zip(sequences.positions, sequences.fps, strict=True)
    ]
    owners = np.repeat(np.arange(len(windows)), [len(group) for group in windows])
    flat = np.concatenate(windows)
    rows = np.concatenate(
        [embed(normalized_batch(flat[at : at + _BATCH])) for at in range(0, len(flat), _BATCH)]
    )
    total = np.zeros((len(windows), *rows.shape[1:]), np.float32)
    np.add.at(total, owners, rows)
    return total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-12)


def scores(embeddings: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, K) mean over P of the cosines between embeddings (N, P, D) and class rows (K, P, D)."""
    return np.einsum("npd,kpd->nk", embeddings, classes) / embeddings.shape[1]


def accuracies(table: NDArray[np.float32], sequences: Sequences) -> dict[str, float]:
    """Top-1, top-5 and class-balanced top-1 of scores (N, K) over ``sequences.classes``."""
    index = {name: k for k, name in enumerate(sequences.classes)}
    truth = np.array([index[label] for label in sequences.labels])
    return {
        "top1": top_k(table, truth),
        "top5": top_k(table, truth, k=5),
        "balanced": balanced_top_k(table, truth),
    }
