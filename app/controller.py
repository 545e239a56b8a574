"""What the page may ask for. The border where typed errors become words for people."""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from app.live_state import LiveState
from engine.messages import Action
from streams.skeleton.errors import (
    AnymoveError,
    DuplicateActionError,
    UnknownActionError,
    VocabularyError,
)

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

    def describe_action(self, action_id: str, description: str | None = None) -> Action:
        """The action with another description, or with the engine's own if None."""
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

    def list_actions(self) -> dict[str, Any]:
        """Every ``actions``, oldest first, and the ``version`` of the set."""
        return self.answer(
            lambda: {
                "actions": [asdict(action) for action in self._engine.actions()],
                "version": self._engine.vocabulary,
            }
        )

    def add_action(self, name: str, description: str) -> dict[str, Any]:
        """The new action; the page learns by itself when it is live."""
        requested_ns = time.monotonic_ns()

        def add() -> dict[str, Any]:
            action = self._engine.add_action(name.strip(), description.strip() or None)
            self._state.expect(action.id, version=self._engine.vocabulary, requested_ns=requested_ns)
            return self._changed(action, 1)

        return self.answer(add)

    def change_action(
        self, action_id: str, *, name: str | None = None, description: str | None = None
    ) -> dict[str, Any]:
        """The action under its new name and description; its id and what it has learnt stay.

        Args:
            action_id: Which one.
            name: Another name; None leaves it.
            description: Another description, empty for the engine's own; None leaves it.
        """

        def change() -> dict[str, Any]:
            steps = 0
            action = self._known(action_id)
            if name is not None and name.strip() != action.name:
                action = self._engine.rename_action(action_id, name.strip())
                steps += 1
            if description is not None:
                action = self._engine.describe_action(action_id, description.strip() or None)
                steps += 1
            return self._changed(action, steps)

        return self.answer(change)

    def remove_action(self, action_id: str) -> dict[str, Any]:
        """What ``undo`` wants: the action is forgotten."""

        def remove() -> dict[str, Any]:
            self._engine.remove_action(action_id)
            return self._changed(None, 1)

        return self.answer(remove)

    def undo(self, version: int, *, steps: int = 1) -> dict[str, Any]:
        """The action as it was before the command that made this version; refused once others followed.

        Args:
            version: Of the set of actions after the command.
            steps: Changes the command was made of.
        """

        def undo() -> dict[str, Any]:
            if self._engine.health()["vocabulary"] != version:
                raise VocabularyError(
                    "wanted to undo the last change, got another one since; make the change by hand"
                )
            action = None
            for _ in range(steps):
                action = self._engine.undo()
            return self._changed(action, 0)

        return self.answer(undo)

    def refresh(self) -> None:
        """Show the engine's set of actions as it is now.

        Raises:
            EngineError: The engine does not answer.
        """
        actions = self._engine.actions()
        self._state.set_actions(actions, version=self._engine.vocabulary)

    def health(self) -> dict[str, Any]:
        """What the engine is.

        Raises:
            EngineError: It does not answer.
        """
        return self._engine.health()

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

    def _known(self, action_id: str) -> Action:
        """The action of this id.

        Raises:
            UnknownActionError: No action has the id.
        """
        found = next((action for action in self._engine.actions() if action.id == action_id), None)
        if found is None:
            raise UnknownActionError(
                f"wanted one of the actions, got the id {action_id!r:.40}; it may have been removed"
            )
        return found

    def _changed(self, action: Action | None, steps: int) -> dict[str, Any]:
        undo = {"version": self._engine.vocabulary, "steps": steps}
        return {"action": None if action is None else asdict(action), "undo": undo}

    def answer(self, command: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the command returns, or why it came to nothing; the page shows the actions of after it."""
        try:
            answer = command()
            self.refresh()
        except AnymoveError as error:
            return {"error": sentence(str(error)), "code": error.code}
        except Exception:
            logger.exception("a command of the page failed")
            return {"error": "Something went wrong in the program itself; its log has the details."}
        return answer


def sentence(words: str) -> str:
    """An error's words as people read them: a capital, and a full stop."""
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!")) else ".")
