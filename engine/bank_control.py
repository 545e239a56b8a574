"""What clients may ask of the prototype bank: a part of the control plane.

    bank.state      {offset, limit}                -> {rule, frozen, rolled_back, marks, classes, total}
    bank.show       {id, stream, track, last_s}    -> {learnt}
    bank.reject     {id, stream, track, last_s}    -> {learnt}
    bank.reset      {id}                           -> {}
    bank.mark       {}                             -> {mark}
    bank.roll_back  {number}                       -> {undone}
    bank.freeze     {frozen}                       -> {frozen}

Everything but ``id`` of show and reject, and ``frozen``, may be left out. Show and reject mean what
was seen in the last ``last_s`` seconds of the track heard of last, or of the one named: it is the
action, or it is not. Before each of show, reject and reset the bank's state is marked, so that rolling
back undoes one after the other; marks are forgotten by the bank of another bundle.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from engine.bank.contract import BankSnapshot, Provenance
from engine.bank_store import BankStore, Example, Verdict
from engine.messages import Action, Learnt
from engine.recognizer import Recognizer
from engine.requests import Arguments
from engine.worker import Command, ask
from streams.skeleton.errors import StoreError
from streams.skeleton.window import Window

T = TypeVar("T")

MOST_LISTED = 100
"""Classes in one answer."""
LAST_S = 2.0
"""How far back "this" reaches where nobody says, seconds."""


class BankControl:
    """Carries out the bank's operations. Not thread-safe; one owner, the same as the control's.

    What a person has done to the bank is on the disk before the answer goes out; where the disk
    refuses, the bank is as it was.

    Args:
        store: What it remembers in.
        change: Hands a change to the recogniser and returns once it was carried out.
        action: The action with an id; raises UnknownActionError where there is none.
        actions: All actions, oldest first.
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
            "bank.state": self._state,
            "bank.show": lambda args: self._point("is", args),
            "bank.reject": lambda args: self._point("is not", args),
            "bank.reset": self._reset,
            "bank.mark": self._mark,
            "bank.roll_back": self._roll_back,
            "bank.freeze": self._freeze,
        }

    def _state(self, args: Arguments) -> dict[str, Any]:
        offset = args.integer("offset", low=0, high=10**6, default=0)
        limit = args.integer("limit", low=1, high=MOST_LISTED, default=MOST_LISTED)
        args.end()
        actions = self._actions()
        listed = actions[offset : offset + limit]

        def look(recognizer: Recognizer, now_ns: int) -> tuple[BankSnapshot, bool, int, list[Provenance]]:
            found = [recognizer.provenance(action.id) for action in listed]
            return recognizer.snapshot(), recognizer.frozen, recognizer.rolled_back, found

        snapshot, frozen, rolled_back, found = ask(self._change, look)
        return {
            "rule": snapshot.rule,
            "frozen": frozen,
            "rolled_back": rolled_back,
            "marks": [asdict(mark) for mark in self._store.marks(snapshot.rule, snapshot.fingerprint)],
            "classes": [asdict(_learnt(a.id, p)) for a, p in zip(listed, found, strict=True)],
            "total": len(actions),
        }

    def _point(self, verdict: Verdict, args: Arguments) -> dict[str, Any]:
        action = self._action(args.text("id"))
        stream = args.text("stream", default="") or None
        track = args.integer("track", low=0, high=2**53, default=None)
        last_s = args.number("last_s", low=0.1, high=10.0, default=LAST_S)
        args.end()

        def teach(recognizer: Recognizer, now_ns: int) -> tuple[Provenance, tuple[Window, ...]]:
            windows = recognizer.point_at(stream=stream, track=track, seconds=last_s, now_ns=now_ns)
            return recognizer.teach(action.id, windows, is_action=verdict == "is"), windows

        before, (provenance, windows), after = self._changed(teach)
        reason = f"{'show' if verdict == 'is' else 'reject'} {action.name}"
        self._keep(before, after, reason=reason, example=Example(action.id, verdict, windows))
        return {"learnt": asdict(_learnt(action.id, provenance))}

    def _reset(self, args: Arguments) -> dict[str, Any]:
        given = args.text("id", default="")
        args.end()
        action = self._action(given) if given else None

        def reset(recognizer: Recognizer, now_ns: int) -> None:
            recognizer.reset(None if action is None else action.id)

        before, _, after = self._changed(reset)
        self._keep(
            before,
            after,
            reason="reset all" if action is None else f"reset {action.name}",
            forget="*" if action is None else action.id,
        )
        return {}

    def _mark(self, args: Arguments) -> dict[str, Any]:
        args.end()
        snapshot = ask(self._change, lambda recognizer, now_ns: recognizer.snapshot())
        self._store.save(snapshot, before=snapshot, reason="mark")
        return {"mark": asdict(self._store.marks(snapshot.rule, snapshot.fingerprint)[-1])}

    def _roll_back(self, args: Arguments) -> dict[str, Any]:
        number = args.integer("number", low=1, high=2**53, default=None)
        args.end()
        now = ask(self._change, lambda recognizer, now_ns: recognizer.snapshot())
        mark, marked = self._store.marked(now.rule, now.fingerprint, number=number)
        before, _, after = self._changed(lambda recognizer, now_ns: recognizer.restore(marked))
        try:
            self._store.roll_back(mark, after)
        except StoreError:
            self._put_back(before)
            raise
        return {"undone": asdict(mark)}

    def _freeze(self, args: Arguments) -> dict[str, Any]:
        frozen = args.flag("frozen")
        args.end()
        self._store.frozen = frozen

        def freeze(recognizer: Recognizer, now_ns: int) -> None:
            recognizer.frozen = frozen

        ask(self._change, freeze)
        return {"frozen": frozen}

    def _changed(self, act: Callable[[Recognizer, int], T]) -> tuple[BankSnapshot, T, BankSnapshot]:
        """The bank's state before, what a change returned, and the state after."""

        def between(recognizer: Recognizer, now_ns: int) -> tuple[BankSnapshot, T, BankSnapshot]:
            before = recognizer.snapshot()
            return before, act(recognizer, now_ns), recognizer.snapshot()

        return ask(self._change, between)

    def _keep(
        self,
        before: BankSnapshot,
        after: BankSnapshot,
        *,
        reason: str,
        example: Example | None = None,
        forget: str | None = None,
    ) -> None:
        try:
            self._store.save(after, before=before, reason=reason, example=example, forget=forget)
        except StoreError:
            self._put_back(before)
            raise

    def _put_back(self, snapshot: BankSnapshot) -> None:
        ask(self._change, lambda recognizer, now_ns: recognizer.restore(snapshot))


def _learnt(action_id: str, provenance: Provenance) -> Learnt:
    return Learnt(action_id, **asdict(provenance))
