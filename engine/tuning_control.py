"""What clients may ask of the tuning: a part of the control plane.

    tuning.state      {}               -> {balance, thresholds, standard}
    tuning.balance    {balance}        -> {balance, thresholds, standard}
    tuning.threshold  {id, threshold}  -> {balance, thresholds, standard}

``standard`` is the threshold of actions without their own; leaving ``threshold`` out goes back to it.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from engine.bank_store import BankStore
from engine.messages import Action
from engine.requests import Arguments
from engine.tuning import LEAST_THRESHOLD, MOST_THRESHOLD, Tuning
from engine.worker import Command, ask


class TuningControl:
    """Carries the tuning's operations out. Not thread-safe; one owner, the same as the control's.

    A setting is on the disk before the recogniser has it.

    Args:
        store: Remembers it.
        change: Hands a change to the recogniser and returns once it was carried out.
        action: The action with an id; raises UnknownActionError where there is none.
        actions: All actions.
    """

    def __init__(
        self,
        store: BankStore,
        change: Callable[[Command], None],
        *,
        action: Callable[[str], Action],
        actions: Callable[[], tuple[Action, ...]],
    ) -> None:
        self._store = store
        self._change = change
        self._action = action
        self._actions = actions
        self.operations: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "tuning.state": self._state,
            "tuning.balance": self._balance,
            "tuning.threshold": self._threshold,
        }

    def _state(self, args: Arguments) -> dict[str, Any]:
        args.end()
        return self._told(self._store.tuning)

    def _balance(self, args: Arguments) -> dict[str, Any]:
        balance = args.number("balance", low=-1.0, high=1.0, default=0.0)
        args.end()
        return self._become(replace(self._store.tuning, balance=balance))

    def _threshold(self, args: Arguments) -> dict[str, Any]:
        action = self._action(args.text("id"))
        wanted = args.number("threshold", low=LEAST_THRESHOLD, high=MOST_THRESHOLD, default=0.0)
        args.end()
        held = {a.id for a in self._actions()}
        before = self._store.tuning
        thresholds = {key: t for key, t in before.thresholds.items() if key in held and key != action.id}
        if wanted:
            thresholds[action.id] = wanted
        return self._become(replace(before, thresholds=thresholds))

    def _become(self, tuning: Tuning) -> dict[str, Any]:
        self._store.tuning = tuning
        ask(self._change, lambda recognizer, _: recognizer.tune(tuning))
        return self._told(tuning)

    def _told(self, tuning: Tuning) -> dict[str, Any]:
        standard = ask(self._change, lambda recognizer, _: recognizer.config.on_share)
        return {**asdict(tuning), "standard": standard}
