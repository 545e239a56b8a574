"""Numbers of a training run as TensorBoard events beside its CSV, where tensorboardX is installed."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol


class Board(Protocol):
    """Where numbers of a run go."""

    def add(self, name: str, values: Sequence[float], *, first: int) -> None:
        """Values of this name at the steps from ``first`` on; all are on disk once the board is closed."""
        ...


class _Nowhere:
    def add(self, name: str, values: Sequence[float], *, first: int) -> None:
        """Nothing."""


class _Events:
    def __init__(self, folder: Path, begin: int) -> None:
        from tensorboardX import SummaryWriter

        # Steps that a killed run wrote after its last checkpoint are hidden.
        self._writer = SummaryWriter(str(folder), purge_step=begin, filename_suffix=f".{begin}")

    def add(self, name: str, values: Sequence[float], *, first: int) -> None:
        for step, value in enumerate(values, start=first):
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


@contextmanager
def open_board(folder: Path | None, *, begin: int) -> Generator[Board]:
    """Events in ``folder``; a board that keeps nothing where tensorboardX is not installed.

    Args:
        folder: Of the run; None keeps nothing either.
        begin: First step to be written; a run that goes on writes its later ones again.
    """
    if folder is None or find_spec("tensorboardX") is None:
        yield _Nowhere()
        return
    board = _Events(folder, begin)
    try:
        yield board
    finally:
        board.close()
