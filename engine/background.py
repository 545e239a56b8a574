"""What people do without meaning anything by it: classes that are known, and never shown.

A constant score of the unnamed class rejects what resembles nothing. Somebody who fidgets resembles many
things a little, so these few everyday movements compete with the actions by their own texts; where one of
them is likelier than every action, nothing is named. One that an action itself means does not compete.
"""

from collections.abc import Mapping
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
_ONE_MORE = ""
"""No action has this id."""


class Background:
    """Scores of the everyday movements. Not thread-safe; one owner.

    Args:
        rows: (B, P, D) float32 unit rows of their texts; B may be 0.
    """

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = rows
        # Flat, and divided by P: a product with a flat embedding is the mean cosine.
        count, parts, dim = rows.shape
        self._all = rows.reshape(count, parts * dim) / np.float32(parts)
        self._competing = self._all
        self._means: dict[str, NDArray[np.bool_]] = {}
        """By action, which movements it means; actions that mean none are left out."""

    def put(self, action_id: str, text: Rows) -> None:
        """Compete no longer with what this action's text (P, D) means, again with what it meant before."""
        self._note(action_id, text)
        self._refresh()

    def remove(self, action_id: str) -> None:
        """Compete again with what an action meant that is no more."""
        if self._means.pop(action_id, None) is not None:
            self._refresh()

    def hold(self, texts: Mapping[str, Rows]) -> None:
        """Compete with what exactly these actions do not mean."""
        self._means = {}
        for action_id, text in texts.items():
            self._note(action_id, text)
        self._refresh()

    def beside(self, text: Rows) -> "Background":
        """A new one that is left to the same actions and to one more."""
        made = Background(self._rows)
        made._means = dict(self._means)
        made.put(_ONE_MORE, text)
        return made

    def score(self, rows: Rows) -> float:
        """Highest cosine of an embedding (P, D) to a movement, [-1, 1]; -1 where none competes."""
        return float((self._competing @ rows.ravel()).max()) if len(self._competing) else -1.0

    def _note(self, action_id: str, text: Rows) -> None:
        self._means.pop(action_id, None)
        if len(self._all):
            means = self._all @ text.ravel() >= SAME_MEANING
            if means.any():
                self._means[action_id] = means

    def _refresh(self) -> None:
        meant = (
            np.any(list(self._means.values()), axis=0) if self._means else np.zeros(len(self._all), bool)
        )
        self._competing = self._all[~meant]


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
