"""What clients may ask of the actions: a part of the control plane.

    actions.list      {offset, limit}        -> {actions, total, vocabulary}
    actions.add       {name, description}    -> {action, vocabulary}
    actions.rename    {id, name}             -> {action, vocabulary}
    actions.describe  {id, description}      -> {action, vocabulary}
    actions.remove    {id}                   -> {action, vocabulary}
    actions.undo      {}                     -> {undone, action, vocabulary}
    actions.check     {name, description}    -> {check}

``description``, ``offset`` and ``limit`` may be left out. ``vocabulary`` is the version of the set of
actions after the operation: a prediction of that version or a later one has scored it.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Rows
from engine.messages import Action, to_json
from engine.requests import Arguments
from engine.store import Change, ChangeKind, Store
from engine.text.check import NameChecker
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from engine.text.library import builtin_library
from engine.text.remembering import RememberingEncoder
from engine.text.vocabulary import Vocabulary
from engine.worker import Command, ask
from streams.skeleton.errors import AnymoveError, VocabularyError

MOST_LISTED = 100
"""Actions in one answer."""
LONGEST_DESCRIPTION = 4000
"""Characters of a description, all lines together."""


class Projection(Protocol):
    """Text features to class rows; ``engine.text.projection.TextProjection`` is one."""

    def rows(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) unit rows of (N, E) features."""
        ...


class ActionsControl:
    """Carries these operations out. Not thread-safe; one owner, the same as the control's.

    A change of the actions is on the disk before the recogniser hears of it, and the recogniser
    has it before the answer goes out. A refused operation changes nothing.

    Args:
        store: What it remembers in.
        encoder: Encodes names and descriptions.
        projection: The bundle's.
        change: Hands a change to the recogniser and returns once it was carried out.
        capacity: Most actions.

    Raises:
        DataError: The library of actions is damaged.
        StoreError: The actions cannot be read.
        VocabularyError: The actions stored do not fit, for example their number the capacity.
    """

    def __init__(
        self,
        store: Store,
        encoder: TextEncoder,
        projection: Projection,
        *,
        change: Callable[[Command], None],
        capacity: int,
    ) -> None:
        self._store = store
        self._encoder = RememberingEncoder(encoder, known=builtin_library().known(encoder))
        self._projection = projection
        self._rows_of = lru_cache(maxsize=2 * capacity)(self._projected)
        self._checker = NameChecker(self._encoder, projection.rows)
        self._change = change
        self._vocabulary = Vocabulary(store.actions(), capacity=capacity, version=store.version())
        self.operations: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "actions.list": self._list_actions,
            "actions.add": self._add,
            "actions.rename": self._rename,
            "actions.describe": self._describe,
            "actions.remove": self._remove,
            "actions.undo": self._undo,
            "actions.check": self._check,
        }

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions."""
        return self._vocabulary.version

    @property
    def all(self) -> tuple[Action, ...]:
        """Every action, oldest first."""
        return self._vocabulary.actions

    def get(self, action_id: str) -> Action:
        """The action with an id.

        Raises:
            UnknownActionError: There is none.
        """
        return self._vocabulary.get(action_id)

    def rows_of(self, name: str, description: str) -> Rows:
        """(P, D) class rows of an action nobody has added.

        Raises:
            ActionNameError: The name is none.
            EngineError: An encoder failed.
        """
        return self._rows_of(describe(name, self._encoder, description=description).texts)

    def with_rows(self) -> list[tuple[Action, Rows]]:
        """Every action and its class rows, encoded now; some 10 ms an action."""
        return [(action, self._rows(action)) for action in self._vocabulary.actions]

    def warm_up(self) -> None:
        """Return once the first name's one-time costs have been paid: some 10 s on a new machine.

        Raises:
            DataError: The library of actions is damaged.
        """
        text = describe("warm up", self._encoder)
        self._rows_of(text.texts)
        self._checker.warm_up()

    def _list_actions(self, args: Arguments) -> dict[str, Any]:
        offset = args.integer("offset", low=0, high=10**6, default=0)
        limit = args.integer("limit", low=1, high=MOST_LISTED, default=MOST_LISTED)
        args.end()
        actions = self._vocabulary.actions
        return {
            "actions": [to_json(action) for action in actions[offset : offset + limit]],
            "total": len(actions),
            "vocabulary": self._vocabulary.version,
        }

    def _add(self, args: Arguments) -> dict[str, Any]:
        name = args.text("name")
        description = args.text("description", default="", longest=LONGEST_DESCRIPTION)
        args.end()
        text = describe(name, self._encoder, description=description)
        with self._changing():
            action = self._vocabulary.add(
                text, provenance={"matched": text.matched} if text.matched else {}
            )
            rows = self._rows(action)
            self._remember("add", None, action)
        self._hand_over(action, rows)
        return self._changed(action)

    def _rename(self, args: Arguments) -> dict[str, Any]:
        before = self._vocabulary.get(args.text("id"))
        name = args.text("name")
        args.end()
        with self._changing():
            action = self._vocabulary.rename(before.id, name)
            self._remember("rename", before, action)
        version = self._vocabulary.version
        ask(
            self._change,
            lambda recognizer, _: recognizer.rename(action.id, action.name, version=version),
        )
        return self._changed(action)

    def _describe(self, args: Arguments) -> dict[str, Any]:
        before = self._vocabulary.get(args.text("id"))
        description = args.text("description", default="", longest=LONGEST_DESCRIPTION)
        args.end()
        text = describe(before.name, self._encoder, description=description)
        with self._changing():
            action = self._vocabulary.describe(before.id, text)
            rows = self._rows(action)
            self._remember("describe", before, action)
        self._hand_over(action, rows)
        return self._changed(action)

    def _remove(self, args: Arguments) -> dict[str, Any]:
        action_id = args.text("id")
        args.end()
        with self._changing():
            action = self._vocabulary.remove(action_id)
            self._remember("remove", action, None)
        self._take_away(action_id)
        return self._changed(action)

    def _undo(self, args: Arguments) -> dict[str, Any]:
        args.end()
        change = self._store.last_change()
        if change is None:
            raise VocabularyError("wanted a change to undo, got none; nothing has been changed yet")
        before, after = change.before, change.after
        others = [action for action in self._vocabulary.actions if after is None or action.id != after.id]
        version = self._vocabulary.version + 1
        # Refuses before anything is written what would not fit, for example beyond the capacity.
        self._vocabulary_of([*others, before] if before else others, version)
        rows = None if before is None else self._rows(before)
        self._store.undo(version=version)
        self._vocabulary = self._vocabulary_of(self._store.actions(), version)
        if before is not None and rows is not None:
            self._hand_over(before, rows)
        elif after is not None:
            self._take_away(after.id)
        undone = None if before is None else to_json(before)
        return {"undone": change.kind, "action": undone, "vocabulary": version}

    def _check(self, args: Arguments) -> dict[str, Any]:
        name = args.text("name")
        description = args.text("description", default="")
        args.end()
        return {"check": to_json(self._checker.check(name, description, actions=self.with_rows()))}

    @contextmanager
    def _changing(self) -> Generator[None]:
        """The vocabulary becomes what it was where the change cannot be made to last."""
        actions, version = self._vocabulary.actions, self._vocabulary.version
        try:
            yield
        except AnymoveError:
            self._vocabulary = self._vocabulary_of(actions, version)
            raise

    def _vocabulary_of(self, actions: Sequence[Action], version: int) -> Vocabulary:
        return Vocabulary(actions, capacity=self._vocabulary.capacity, version=version)

    def _remember(self, kind: ChangeKind, before: Action | None, after: Action | None) -> None:
        self._store.apply(Change(kind, before, after), version=self._vocabulary.version)

    def _rows(self, action: Action) -> Rows:
        return self._rows_of(action.texts)

    def _projected(self, texts: tuple[str, ...]) -> Rows:
        rows = self._projection.rows(class_feature(texts, self._encoder)[None])[0]
        rows.flags.writeable = False  # they are handed out more than once
        return rows

    def _hand_over(self, action: Action, rows: Rows) -> None:
        version = self._vocabulary.version
        ask(self._change, lambda recognizer, _: recognizer.set_action(action, rows, version=version))

    def _take_away(self, action_id: str) -> None:
        version = self._vocabulary.version
        self._change(
            lambda recognizer, now_ns: recognizer.remove_action(action_id, version=version, now_ns=now_ns)
        )

    def _changed(self, action: Action) -> dict[str, Any]:
        return {"action": to_json(action), "vocabulary": self._vocabulary.version}
