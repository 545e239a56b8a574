"""One example a class: the one-shot protocol of PGFA, in which the examples take the texts' place."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ShapeError
from training.calibrate import prototypes

ROUNDS = 3
"""Re-estimations of the prototypes; the released code reports the best of them on the test set."""


def one_shot_scores(
    embeddings: NDArray[np.float32], exemplars: NDArray[np.float32], *, share: float, rounds: int = ROUNDS
) -> NDArray[np.float32]:
    """(N, K) cosines to the exemplars, or to prototypes that grew from them.

    Zhou et al., PGFA, TIP 2025, sec. IV-G. With no rounds nothing but one example a class is known
    (Liu et al., TPAMI 2020). A round labels all test samples by the prototypes so far and takes the
    means of those labelled alike, so it has seen the whole test set before it answers. Departure: the
    last round counts, not the best on the test set.

    Args:
        embeddings: (N, P, D) unit rows of the test samples.
        exemplars: (K, P, D) unit rows, one a class.
        share: Alpha, of the samples of a class with least entropy, (0, 1].
        rounds: 0 or more.

    Raises:
        ShapeError: Rows of different kinds.
    """
    if embeddings.ndim != 3 or embeddings.shape[1:] != exemplars.shape[1:]:
        raise ShapeError(
            f"wanted rows (N, P, D) and (K, P, D), got {embeddings.shape} and {exemplars.shape}; "
            "embed both with one model"
        )
    found = exemplars
    for _ in range(rounds):
        found = prototypes(embeddings, found, share=share)
    return np.einsum("npd,kpd->nk", embeddings, found) / exemplars.shape[1]
