"""Which action belongs to a visitor: kept on disk, so that nothing stays behind when a process dies."""

import contextlib
import logging
from pathlib import Path
from typing import Protocol

from app.shelf import write_atomically
from streams.skeleton.errors import UnknownActionError

logger = logging.getLogger(__name__)


class Remover(Protocol):
    """Forgets actions."""

    def remove_action(self, action_id: str) -> None:
        """Forget an action."""
        ...


class VisitorsAction:
    """The one action that goes with the turn.

    Args:
        path: File that holds its id while there is one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def remember(self, action_id: str) -> None:
        """Note the action before anything can go wrong."""
        try:
            write_atomically(self._path, action_id.encode())
        except OSError as error:
            logger.warning("wanted to note a visitor's action in %s, got %s", self._path, error.strerror)

    def forget(self) -> None:
        """The action is no more."""
        self._path.unlink(missing_ok=True)

    def sweep(self, engine: Remover) -> None:
        """Remove what a turn has left behind that was cut short.

        Raises:
            EngineError: The engine does not answer; try again later.
        """
        try:
            action_id = self._path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return
        with contextlib.suppress(UnknownActionError):
            engine.remove_action(action_id)
        self.forget()
