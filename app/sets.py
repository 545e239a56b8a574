"""Whole sets of actions: saved, loaded, exported, imported."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app import vocabulary_file
from app.controller import Controller, Engine
from app.shelf import Shelf
from app.vocabulary_file import Entry
from engine.messages import Action
from streams.skeleton.errors import AnymoveError

MOST_UNDONE = 1_000
"""Changes the engine remembers."""


class Sets:
    """The page's commands for whole sets; like ``Controller``, each answers with JSON. Thread-safe.

    Args:
        engine: Where the actions live.
        controller: Shows them.
        shelf: Where saved sets are.
    """

    def __init__(self, engine: Engine, controller: Controller, shelf: Shelf) -> None:
        self._engine = engine
        self._controller = controller
        self._shelf = shelf

    def names(self) -> dict[str, Any]:
        """Names of the saved ``sets``."""
        return self._controller.answer(lambda: {"sets": list(self._shelf.names())})

    def save(self, name: str) -> dict[str, Any]:
        """The saved ``sets`` with the actions of now among them."""

        def save() -> dict[str, Any]:
            self._shelf.save(name, tuple(self._engine.actions()))
            return {"sets": list(self._shelf.names())}

        return self._controller.answer(save)

    def load(self, name: str) -> dict[str, Any]:
        """What ``undo`` wants: the actions are those of the saved set."""
        return self._controller.answer(lambda: self._become(self._shelf.load(name)))

    def remove(self, name: str) -> dict[str, Any]:
        """The saved ``sets`` without this one."""

        def remove() -> dict[str, Any]:
            self._shelf.remove(name)
            return {"sets": list(self._shelf.names())}

        return self._controller.answer(remove)

    def export(self) -> dict[str, Any]:
        """The actions as a ``file``, text."""
        return self._controller.answer(
            lambda: {"file": vocabulary_file.written(self._engine.actions()).decode()}
        )

    def take_in(self, content: bytes) -> dict[str, Any]:
        """What ``undo`` wants: the actions are those of the file; a file that is none changes nothing."""
        return self._controller.answer(lambda: self._become(vocabulary_file.read(content)))

    def _become(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Change no more than is different: an action that stays keeps its id and examples."""
        steps = 0
        try:
            for change in self._changes(entries):
                change()
                steps += 1
        except AnymoveError:
            # By halves is worse than not at all.
            with contextlib.suppress(AnymoveError):
                for _ in range(steps):
                    self._engine.undo()
            raise
        undo = {"version": self._engine.vocabulary, "steps": steps if steps <= MOST_UNDONE else 0}
        return {"actions": len(entries), "undo": undo}

    def _changes(self, entries: Sequence[Entry]) -> Iterator[Callable[[], object]]:
        engine = self._engine
        held = {Entry(action.name, None).key: action for action in engine.actions()}
        wanted = {entry.key for entry in entries}
        for key, action in held.items():
            if key not in wanted:
                yield lambda action=action: engine.remove_action(action.id)
        for entry in entries:
            action = held.get(entry.key)
            if action is None:
                yield lambda entry=entry: engine.add_action(entry.name, entry.description)
            else:
                yield from self._corrections(action, entry)

    def _corrections(self, action: Action, entry: Entry) -> Iterator[Callable[[], object]]:
        if action.name != entry.name:
            yield lambda: self._engine.rename_action(action.id, entry.name)
        if not entry.describes(action):
            yield lambda: self._engine.describe_action(action.id, entry.description)
