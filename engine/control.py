"""What clients may ask of the engine: the operations of the control plane.

    health            {}                     -> {status, bundle, backend, bank, window, actions, ...}
    stats             {}                     -> {counters, latencies_ms, waiting}
    events.list       {since_id, limit}      -> {events}
    actions.*         see ``engine.actions_control``
    bank.*            see ``engine.bank_control``
    tuning.*          see ``engine.tuning_control``
    inside.*          see ``engine.inside_control``

``since_id`` and ``limit`` may be left out.
"""

from collections.abc import Callable, Sequence
from typing import Any

from engine.actions_control import ActionsControl, Projection
from engine.bank.contract import Bank, Rows
from engine.bank_control import BankControl
from engine.inside_control import InsideControl
from engine.messages import Action, ActionEvent, to_json
from engine.requests import Arguments
from engine.store import Store
from engine.telemetry import Telemetry
from engine.text.encoders import TextEncoder
from engine.tuning_control import TuningControl
from engine.worker import Command
from streams.skeleton.errors import InputError

MOST_LISTED = 100
"""Events in one answer."""


class Control:
    """Carries the operations out, one at a time. Not thread-safe; one owner.

    A change of the actions is on the disk before the recogniser hears of it, and the recogniser
    has it before the answer goes out. A refused operation changes nothing.

    Args:
        store: What it remembers in; its own from now on.
        encoder: Encodes names and descriptions.
        projection: The bundle's.
        change: Hands a change to the recogniser and returns once it was carried out.
        telemetry: What ``stats`` shows.
        health: What ``health`` shows besides the actions.
        waiting: Number of windows that wait now.
        capacity: Most actions.
        new_bank: An empty bank such as the recogniser's.

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
        telemetry: Telemetry,
        health: Callable[[], dict[str, Any]],
        waiting: Callable[[], int],
        capacity: int,
        new_bank: Callable[[], Bank],
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._health = health
        self._waiting = waiting
        self._actions = ActionsControl(store, encoder, projection, change=change, capacity=capacity)
        bank, tuning = (
            kind(store.bank, change, action=self._actions.get, actions=lambda: self._actions.all)
            for kind in (BankControl, TuningControl)
        )
        inside = InsideControl(
            change,
            actions=lambda: self._actions.all,
            rows=self._actions.rows_of,
            new_bank=new_bank,
        )
        self._operations: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "health": self._show_health,
            "stats": self._show_stats,
            "events.list": self._list_events,
            **self._actions.operations,
            **bank.operations,
            **tuning.operations,
            **inside.operations,
        }

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions."""
        return self._actions.vocabulary

    def actions_with_rows(self) -> list[tuple[Action, Rows]]:
        """Every action and its class rows, encoded now; some 10 ms an action."""
        return self._actions.with_rows()

    def warm_up(self) -> None:
        """Return once the first name's one-time costs have been paid: some 10 s on a new machine.

        Raises:
            DataError: The library of actions is damaged.
        """
        self._actions.warm_up()

    def execute(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        """The operation's result, JSON-safe.

        Args:
            op: Its name.
            args: What the client gave.

        Raises:
            InputError: No such operation, or arguments it does not take.
            VocabularyError: The set of actions refuses the change.
            StoreError: It could not be written; nothing has changed.
            BankError: The bank refuses, for example because nobody was seen.
            EngineError: An encoder failed, or the recogniser does not answer.
        """
        operation = self._operations.get(op)
        if operation is None:
            known = ", ".join(self._operations)
            raise InputError(f"wanted an operation ({known}), got {op!r:.60}; name one of these")
        return operation(Arguments(op, args))

    def record(self, events: Sequence[ActionEvent]) -> None:
        """Remember what happened.

        Raises:
            StoreError: It could not be written.
        """
        self._store.record_events(events)

    def _show_health(self, args: Arguments) -> dict[str, Any]:
        args.end()
        actions = {"actions": len(self._actions.all), "vocabulary": self._actions.vocabulary}
        return {"status": "ok", **self._health(), **actions}

    def _show_stats(self, args: Arguments) -> dict[str, Any]:
        args.end()
        return {**self._telemetry.snapshot(), "waiting": self._waiting()}

    def _list_events(self, args: Arguments) -> dict[str, Any]:
        since = args.integer("since_id", low=0, high=2**53, default=None)
        limit = args.integer("limit", low=1, high=MOST_LISTED, default=MOST_LISTED)
        args.end()
        return {"events": [to_json(event) for event in self._store.events(since=since, limit=limit)]}
