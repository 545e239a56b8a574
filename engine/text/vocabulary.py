"""The set of actions that can be recognised. Pure: no files, no encoder, no clock."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from engine.messages import Action
from engine.text.descriptions import ClassText
from engine.text.names import check_name, name_key
from streams.skeleton.errors import CapacityError, ConfigError, DuplicateActionError, UnknownActionError

DEFAULT_CAPACITY = 512
MAX_CAPACITY = 10_000


def _random_id() -> str:
    return uuid.uuid4().hex[:12]


class Vocabulary:
    """Actions in the order they were added. Not thread-safe; one owner.

    Every refused change leaves it as it was.

    Args:
        actions: What it holds from the start, for example from disk.
        capacity: Most actions it holds, 1 to 10,000.
        version: Where its version starts.
        new_id: Gives ids; 12 random hexadecimal digits by default.

    Raises:
        ConfigError: The capacity is out of its range.
        ActionNameError, DuplicateActionError, CapacityError: The actions do not fit.
    """

    def __init__(
        self,
        actions: Iterable[Action] = (),
        *,
        capacity: int = DEFAULT_CAPACITY,
        version: int = 0,
        new_id: Callable[[], str] = _random_id,
    ) -> None:
        if not 1 <= capacity <= MAX_CAPACITY:
            raise ConfigError(
                f"wanted a capacity of 1 to {MAX_CAPACITY} actions, got {capacity}; choose one in between"
            )
        self._actions: dict[str, Action] = {}
        self._ids_by_name: dict[str, str] = {}
        self._capacity = capacity
        self._new_id = new_id
        for action in actions:
            self._insert(action)
        self._version = version

    def __len__(self) -> int:
        """Number of actions."""
        return len(self._actions)

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action, oldest first."""
        return tuple(self._actions.values())

    @property
    def version(self) -> int:
        """Grows by one with every change."""
        return self._version

    @property
    def capacity(self) -> int:
        """Most actions it holds."""
        return self._capacity

    def get(self, action_id: str) -> Action:
        """The action of this id.

        Raises:
            UnknownActionError: No action has the id.
        """
        if action_id not in self._actions:
            raise UnknownActionError(
                f"wanted one of {len(self)} actions, got the id {action_id!r:.40}; "
                "it may have been removed: list the actions"
            )
        return self._actions[action_id]

    def find(self, name: str) -> Action | None:
        """The action of this name, whatever its case and accents; None if there is none."""
        action_id = self._ids_by_name.get(name_key(name))
        return None if action_id is None else self._actions[action_id]

    def add(self, text: ClassText, *, provenance: dict[str, Any] | None = None) -> Action:
        """The new action, with an id no action here has.

        Raises:
            ActionNameError: The name is empty, too long or not printable.
            DuplicateActionError: The name is taken, case and accents aside.
            CapacityError: The vocabulary is full.
        """
        action_id = self._new_id()
        while action_id in self._actions:
            action_id = self._new_id()
        action = Action(
            id=action_id,
            name=check_name(text.name),
            texts=text.texts,
            source=text.source,
            provenance=dict(provenance or {}),
        )
        self._insert(action)
        self._version += 1
        return action

    def rename(self, action_id: str, name: str) -> Action:
        """The action under another name; its id and texts stay.

        Raises:
            UnknownActionError: No action has the id.
            ActionNameError: The name is empty, too long or not printable.
            DuplicateActionError: Another action has the name.
        """
        return self._change(replace(self.get(action_id), name=check_name(name)))

    def describe(self, action_id: str, text: ClassText) -> Action:
        """The action with another description, and under the name the description carries.

        Raises:
            UnknownActionError: No action has the id.
            ActionNameError: The name is empty, too long or not printable.
            DuplicateActionError: Another action has the name.
        """
        name = check_name(text.name)
        return self._change(replace(self.get(action_id), name=name, texts=text.texts, source=text.source))

    def remove(self, action_id: str) -> Action:
        """The action that was here and is no more.

        Raises:
            UnknownActionError: No action has the id.
        """
        action = self.get(action_id)
        del self._actions[action_id]
        del self._ids_by_name[name_key(action.name)]
        self._version += 1
        return action

    def _insert(self, action: Action) -> None:
        if len(self._actions) >= self._capacity:
            raise CapacityError(
                f"wanted room for {action.name!r}, but all {self._capacity} places are taken; "
                "remove an action, or raise the capacity"
            )
        if action.id in self._actions:
            raise DuplicateActionError(
                f"wanted a new id for {action.name!r}, got {action.id!r}, which is taken"
            )
        self._refuse_taken(check_name(action.name), by=action.id)
        self._actions[action.id] = action
        self._ids_by_name[name_key(action.name)] = action.id

    def _change(self, action: Action) -> Action:
        self._refuse_taken(action.name, by=action.id)
        del self._ids_by_name[name_key(self._actions[action.id].name)]
        self._actions[action.id] = action
        self._ids_by_name[name_key(action.name)] = action.id
        self._version += 1
        return action

    def _refuse_taken(self, name: str, *, by: str) -> None:
        holder = self.find(name)
        if holder is not None and holder.id != by:
            raise DuplicateActionError(
                f"wanted a new name, got {name!r}, which {holder.name!r} has already; "
                "choose another, or remove that action first"
            )
