"""What people do without meaning anything by it: classes that are known, and never shown.

A constant score of the unnamed class rejects what resembles nothing. Somebody who fidgets resembles many
things a little, so these few everyday movements compete with the actions by their own texts; where one of
them is likelier than every action, nothing is named. One that an action itself means does not compete.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Rows
from engine.rows import are_unit
from streams.skeleton.errors import BundleError

BACKGROUND_FILE = "background.npy"
MOVEMENTS = (
    *("stand still", "stand and wait", "fidget", "shift weight from foot to foot", "look around"),
    *("scratch head", "scratch the arm", "touch the face", "adjust clothes", "stretch the neck", "breathe"),
)
"""As somebody would type them; a bundle holds their rows."""
SAME_MEANING = 0.8
"""Cosine between an action's text and a movement's from which the action means the movement."""


class Background:
    """Scores of the everyday movements. Not thread-safe; one owner.

    Args:
        rows: (B, P, D) float32 unit rows of their texts; B may be 0.
    """

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._all = rows
        self._meant: NDArray[np.float32] = rows

    def leave_to(self, texts: Iterable[Rows]) -> None:
        """Compete no longer with what these actions' texts (P, D) mean, and again with all else."""
        actions = list(texts)
        if not actions or not len(self._all):
            self._meant = self._all
            return
        cosines = np.tensordot(self._all, np.stack(actions), axes=([1, 2], [1, 2])) / self._all.shape[1]
        self._meant = self._all[cosines.max(axis=1) < SAME_MEANING]

    def beside(self, texts: Iterable[Rows]) -> "Background":
        """A new one of the same movements that has been left to these actions."""
        made = Background(self._all)
        made.leave_to(texts)
        return made

    def score(self, rows: Rows) -> float:
        """Highest cosine of an embedding (P, D) to a movement, [-1, 1]; -1 where none competes."""
        if not len(self._meant):
            return -1.0
        return float(np.tensordot(self._meant, rows, axes=([1, 2], [0, 1])).max()) / len(rows)


def no_background() -> Background:
    """Nothing competes."""
    return Background(np.empty((0, 1, 1), np.float32))


def read_background(folder: Path, *, parts: int, dim: int) -> Background:
    """The movements of the bundle in this folder; none where it has no such file.

    Raises:
        BundleError: The file is damaged, or of another bundle.
    """
    path = folder / BACKGROUND_FILE
    if not path.is_file():
        return no_background()
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleError(
            f"wanted rows of movements in {path}, got {error}; copy the bundle again"
        ) from None
    if rows.dtype != np.float32 or rows.shape[1:] != (parts, dim) or not are_unit(rows):
        raise BundleError(
            f"wanted unit rows (B, {parts}, {dim}) float32 in {path}, got {rows.shape} {rows.dtype}; "
            "export the bundle again"
        )
    return Background(rows)
