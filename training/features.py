"""Embeddings of whole sequences, their windows and their classes' texts: what banks are compared on.

They are made once per encoder and kept as an npz, so that streams of any order are cheap.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from streams.skeleton.window import WindowSpec
from training.sequences import Sequences
from training.windows import normalized_batch, sliding_windows
from training.zero_shot import Embed

MOST_PER_CLASS = 60
"""Sequences of one class kept: the open sets have 6 to 200, and the largest must not decide alone."""
WINDOWS_HOP_S = 0.8
"""Time between two windows of a sequence, seconds."""
_BATCH = 128


@dataclass(frozen=True, eq=False)
class Features:
    """N sequences of K classes an encoder has not seen, and M sequences of other classes.

    Attributes:
        events: (N, P, D) float32 unit rows, the mean over each sequence's windows: one observation.
        truth: (N,) int64, class of each sequence.
        windows: (W, P, D) float32 unit rows, the single windows of the N sequences.
        owners: (W,) int64, sequence of each window.
        classes: (K, P, D) float32 unit rows of the class texts.
        others: (M, P, D) float32 unit rows: sequences of none of the classes.
        names: K class names.
        subjects: N subject names.
        seen_classes: (S, P, D) float32 unit rows of the others' class texts where the encoder was trained
            on them; none otherwise.
        seen_truth: (M,) int64, class of each of the others, or none.
    """

    events: NDArray[np.float32]
    truth: NDArray[np.int64]
    windows: NDArray[np.float32]
    owners: NDArray[np.int64]
    classes: NDArray[np.float32]
    others: NDArray[np.float32]
    names: NDArray[np.str_]
    subjects: NDArray[np.str_]
    seen_classes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 1, 1), np.float32))
    seen_truth: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def save(self, path: Path) -> None:
        """Keep them in an npz."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})


def load_features(path: Path) -> Features:
    """The features kept in an npz.

    Raises:
        DataError: The file is missing, no npz, or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            # Files made before there were seen classes have none.
            held = [f.name for f in fields(Features) if f.name in archive or not f.name.startswith("seen_")]
            return Features(**{name: archive[name] for name in held})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"wanted features of an encoder in {path}, got {error!r:.100}; make them again"
        ) from None


def make_features(
    sequences: Sequences,
    embed: Embed,
    *,
    class_rows: Callable[[Sequence[str]], NDArray[np.float32]],
    spec: WindowSpec,
    others: Sequences | None = None,
    others_seen: bool = False,
) -> Features:
    """Features of these sequences, at most ``MOST_PER_CLASS`` of each class, drawn alike every time.

    Args:
        sequences: Of classes the encoder has not seen.
        embed: The encoder.
        class_rows: K names to class rows (K, P, D).
        spec: The encoder's windows.
        others: Of classes that are not in the vocabulary; None for none.
        others_seen: Whether the encoder was trained on those classes.
    """
    kept = _thinned(sequences)
    names = kept.classes
    index = {name: k for k, name in enumerate(names)}
    events, windows, owners = _embedded(kept, embed, spec)
    strangers = np.empty((0, *events.shape[1:]), np.float32)
    seen: dict[str, NDArray[Any]] = {}
    if others is not None:
        rest = _thinned(others)
        strangers = _embedded(rest, embed, spec)[0]
        if others_seen:
            known = {name: k for k, name in enumerate(rest.classes)}
            seen["seen_classes"] = class_rows(rest.classes)
            seen["seen_truth"] = np.array([known[label] for label in rest.labels])
    return Features(
        events=events,
        truth=np.array([index[label] for label in kept.labels]),
        windows=windows,
        owners=owners,
        classes=class_rows(names),
        others=strangers,
        names=np.array(names),
        subjects=np.array(kept.subjects),
        **seen,
    )


def _thinned(sequences: Sequences) -> Sequences:
    rng = np.random.default_rng(0)
    labels = np.array(sequences.labels)
    keep = np.zeros(len(sequences), bool)
    for name in sequences.classes:
        keep[rng.permutation(np.flatnonzero(labels == name))[:MOST_PER_CLASS]] = True
    return sequences.where([bool(yes) for yes in keep])


def _embedded(
    sequences: Sequences, embed: Embed, spec: WindowSpec
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Mean rows (N, P, D), rows of single windows (W, P, D), and whose (W,) each is."""
    groups = [
        sliding_windows(positions, fps=float(fps), spec=spec, hop_s=WINDOWS_HOP_S)
        for positions, fps in zip(sequences.positions, sequences.fps, strict=True)
    ]
    owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    flat = np.concatenate(groups)
    parts = range(0, len(flat), _BATCH)
    rows = np.concatenate([embed(normalized_batch(flat[at : at + _BATCH])) for at in parts])
    total = np.zeros((len(groups), *rows.shape[1:]), np.float32)
    np.add.at(total, owners, rows)
    return total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-12), rows, owners
