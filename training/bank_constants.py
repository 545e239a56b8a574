"""The constants of the anchored bank, measured on classes the encoder has never seen."""

import numpy as np
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from training.bank_statistics import measure

_LEAST = 1e-3
_MOST = 4.0


def fit_bank(
    rows: NDArray[np.float32], classes: NDArray[np.float32], truth: NDArray[np.integer]
) -> BankConstants:
    """What the anchored bank must know of an encoder.

    Every class weighs the same; what small samples add to a distance is taken off again.

    Args:
        rows: (N, P, D) unit rows.
        classes: (K, P, D) unit rows of the texts.
        truth: (N,) class indices.

    Raises:
        DataError: Fewer than two classes with two samples.
    """
    within = measure(rows, truth, classes).within
    parts = rows.shape[1]
    flat = rows.reshape(len(rows), -1).astype(np.float64) / np.sqrt(parts)
    texts = classes.reshape(len(classes), -1).astype(np.float64) / np.sqrt(parts)
    held = np.unique(truth)
    means = np.stack([flat[truth == k].mean(axis=0) for k in held])
    noise = float(np.mean([within / (truth == k).sum() for k in held]))
    anchor = float(np.clip((means * texts[held]).sum(axis=1).mean(), 0.01, 1.0))
    text_error = float(((means - anchor * texts[held]) ** 2).sum(axis=1).mean()) - noise
    between = float((means**2).sum(axis=1).mean()) - noise
    stream_error = _stream_error(flat, texts, truth, within=within)
    within, text_error, between, stream_error = (
        float(np.clip(value, _LEAST, _MOST)) for value in (within, text_error, between, stream_error)
    )
    return BankConstants(
        within=within,
        text_error=text_error,
        between=between,
        anchor=anchor,
        stream_error=stream_error,
    )


def _stream_error(
    flat: NDArray[np.float64], texts: NDArray[np.float64], truth: NDArray[np.integer], *, within: float
) -> float:
    """Mean squared distance of classes to the means of what their texts label, where they label any."""
    told = (flat @ texts.T).argmax(axis=1)
    found = [
        float(((flat[told == k].mean(axis=0) - flat[truth == k].mean(axis=0)) ** 2).sum())
        - within / (told == k).sum()
        for k in np.unique(truth)
        if (told == k).any()
    ]
    return float(np.mean(found))
