"""What the page may ask for. The border where typed errors become words for people."""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from app.live_state import LiveState
from engine.messages import Action
from streams.skeleton.errors import AnymoveError, DuplicateActionError, VocabularyError

logger = logging.getLogger(__name__)

DEFAULT_ACTIONS = (
    "wave",
    "squat",
    "jumping jacks",
    "bow",
    "punch",
    "walk in place",
    "clap",
    "raise both arms",
)
"""What the page starts with where nobody has typed anything yet."""


class Engine(Protocol):
    """What the page asks of the engine, as ``engine.client.EngineClient`` answers it."""

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions in the latest answer."""
        ...

    def health(self) -> dict[str, Any]:
        """What the engine is; ``vocabulary`` among it."""
        ...

    def actions(self) -> Sequence[Action]:
        """Every action, oldest first."""
        ...

    def add_action(self, name: str, description: str | None = None) -> Action:
        """The new action."""
        ...

    def rename_action(self, action_id: str, name: str) -> Action:
        """The action under another name."""
        ...

    def remove_action(self, action_id: str) -> None:
        """Forget an action."""
        ...

    def undo(self) -> Action | None:
        """The action as it was before the last change; None where that had added it."""
        ...


class Controller:
    """The page's commands. Each answers with JSON: what came of it, or ``{"error": words}``. Thread-safe.

    Args:
        engine: Where the actions live.
        state: What the page shows.
    """

    def __init__(self, engine: Engine, state: LiveState) -> None:
        self._engine = engine
        self._state = state

    def add_action(self, name: str, description: str) -> dict[str, Any]:
        """The new action; the page learns by itself when it is live."""
        requested_ns = time.monotonic_ns()

        def add() -> dict[str, Any]:
            action = self._engine.add_action(name.strip(), description.strip() or None)
            self._state.expect(action.id, version=self._engine.vocabulary, requested_ns=requested_ns)
            return {"action": asdict(action)}

        return self._answer(add)

    def rename_action(self, action_id: str, name: str) -> dict[str, Any]:
        """The action under its new name; its id and what it has learnt stay."""
        return self._answer(lambda: {"action": asdict(self._engine.rename_action(action_id, name.strip()))})

    def remove_action(self, action_id: str) -> dict[str, Any]:
        """The ``version`` that ``undo`` wants: the action is forgotten."""

        def remove() -> dict[str, Any]:
            self._engine.remove_action(action_id)
            return {"version": self._engine.vocabulary}

        return self._answer(remove)

    def undo(self, version: int) -> dict[str, Any]:
        """The action as it was before the change that made this version; refused once others followed."""

        def undo() -> dict[str, Any]:
            if self._engine.health()["vocabulary"] != version:
                raise VocabularyError(
                    "wanted to undo the last change, got another one since; type the action again"
                )
            action = self._engine.undo()
            return {"action": None if action is None else asdict(action)}

        return self._answer(undo)

    def refresh(self) -> None:
        """Show the engine's set of actions as it is now.

        Raises:
            EngineError: The engine does not answer.
        """
        actions = self._engine.actions()
        self._state.set_actions(actions, version=self._engine.vocabulary)

    def defaults(self) -> tuple[str, ...]:
        """What to offer a newcomer: the default names where there are no actions yet, else nothing.

        Raises:
            EngineError: The engine does not answer.
        """
        return () if self._engine.actions() else DEFAULT_ACTIONS

    def offer(self, names: Sequence[str]) -> None:
        """Add and show the actions of these names that are missing.

        Raises:
            EngineError: The engine does not answer; some may have been added.
            VocabularyError: One of them is no name.
        """
        for name in names:
            # The engine decides what counts as the same name.
            with contextlib.suppress(DuplicateActionError):
                self._engine.add_action(name)
            self.refresh()

    def _answer(self, command: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            answer = command()
            self.refresh()
        except AnymoveError as error:
            return {"error": _sentence(str(error)), "code": error.code}
        except Exception:
            logger.exception("a command of the page failed")
            return {"error": "Something went wrong in the program itself; its log has the details."}
        return answer


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!")) else ".")
