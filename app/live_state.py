"""What the page shows: the engine's and the capture's words, turned into messages for the board."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.board import Board
from engine.messages import Action, ActionEvent, Prediction

PRESENCE_S = 1.5
"""A person without a prediction for this long is no longer shown, seconds."""
ORPHAN_S = 4.0
"""An action whose track fell silent this long ago is shown as over, seconds."""
MAX_EVENTS = 40
MAX_ADDITIONS = 16
SCORES = 8


@dataclass(frozen=True)
class _Seen:
    """A prediction and when it came."""

    prediction: Prediction
    received_ns: int


@dataclass(frozen=True)
class _Happening:
    """An action that someone did or still does."""

    event: ActionEvent
    began_ns: int
    ended_ns: int | None


@dataclass(frozen=True)
class _Addition:
    """An action on its way to being live."""

    requested_ns: int
    version: int
    live_ns: int | None = None


class LiveState:
    """Collects what happened and keeps the board's topics up to date. Thread-safe.

    Args:
        board: Where the messages go.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(self, board: Board, *, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._board = board
        self._clock = clock
        self._lock = threading.Lock()
        self._people: dict[tuple[str, int], _Seen] = {}
        self._events: OrderedDict[str, _Happening] = OrderedDict()
        self._actions: tuple[Action, ...] = ()
        self._additions: OrderedDict[str, _Addition] = OrderedDict()
        self._shown_version = self._scored_version = 0
        for topic, build in (("people", self._build_people), ("events", self._build_events)):
            board.post(topic, build)
        board.post("actions", self._build_actions)

    def on_prediction(self, prediction: Prediction) -> None:
        """Show the word on one window, and note which additions it proves live."""
        now = self._clock()
        with self._lock:
            self._people[prediction.stream, prediction.track] = _Seen(prediction, now)
            self._scored_version = prediction.vocabulary
            proven = [
                (class_id, addition)
                for class_id, addition in self._additions.items()
                if addition.live_ns is None and prediction.vocabulary >= addition.version
            ]
            for class_id, addition in proven:
                self._additions[class_id] = replace(addition, live_ns=now)
        self._board.post("people", self._build_people)
        if proven:
            self._board.post("actions", self._build_actions)

    def on_event(self, event: ActionEvent) -> None:
        """Show that an action began or ended."""
        began_ns = self._clock() - round(event.began_age_ms * 1e6)
        with self._lock:
            known = self._events.get(event.id)
            began_ns = known.began_ns if known else began_ns
            ended_ns = None if event.phase == "onset" else began_ns + round(event.duration_ms * 1e6)
            self._events[event.id] = _Happening(event, began_ns, ended_ns)
            while len(self._events) > MAX_EVENTS:
                self._events.popitem(last=False)
        self._board.post("events", self._build_events)

    def set_actions(self, actions: Sequence[Action], *, version: int) -> None:
        """Show this set of actions, of that version of the vocabulary."""
        with self._lock:
            self._actions, self._shown_version = tuple(actions), version
        self._board.post("actions", self._build_actions)

    @property
    def is_outdated(self) -> bool:
        """Whether a prediction has scored a later set of actions than the one shown."""
        with self._lock:
            return self._scored_version > self._shown_version

    def expect(self, class_id: str, *, version: int, requested_ns: int) -> None:
        """Measure until the first prediction of this vocabulary version or a later one."""
        with self._lock:
            self._additions[class_id] = _Addition(requested_ns, version)
            while len(self._additions) > MAX_ADDITIONS:
                self._additions.popitem(last=False)
        self._board.post("actions", self._build_actions)

    def tick(self) -> None:
        """Let go of people and events that nothing has been heard of. Call it a few times a second."""
        now = self._clock()
        with self._lock:
            gone = [k for k, seen in self._people.items() if now - seen.received_ns > PRESENCE_S * 1e9]
            for key in gone:
                del self._people[key]
            orphans = [k for k, happening in self._events.items() if self._is_orphan(happening, now)]
            for key in orphans:
                self._events[key] = replace(self._events[key], ended_ns=now)
        if gone:
            self._board.post("people", self._build_people)
        if orphans:
            self._board.post("events", self._build_events)

    def _is_orphan(self, happening: _Happening, now: int) -> bool:
        present = (happening.event.stream, happening.event.track) in self._people
        return happening.ended_ns is None and not present and now - happening.began_ns > ORPHAN_S * 1e9

    def _build_people(self) -> dict[str, Any]:
        with self._lock:
            seen = [self._people[key].prediction for key in sorted(self._people)]
        return {"people": [_person(prediction) for prediction in seen]}

    def _build_events(self) -> dict[str, Any]:
        now = self._clock()
        with self._lock:
            happenings = list(reversed(self._events.values()))
        return {"events": [_happening(happening, now) for happening in happenings]}

    def _build_actions(self) -> dict[str, Any]:
        with self._lock:
            actions, additions = self._actions, dict(self._additions)
            waiting = not self._people
        return {
            "actions": [asdict(action) for action in actions],
            "additions": [
                {
                    "id": class_id,
                    "waiting": waiting,
                    "live_ms": (addition.live_ns - addition.requested_ns) / 1e6
                    if addition.live_ns
                    else None,
                }
                for class_id, addition in additions.items()
            ],
        }


def _person(prediction: Prediction) -> dict[str, Any]:
    named = prediction.caption if prediction.state == "action" else None
    share = min(prediction.threshold, 0.99)
    return {
        "stream": prediction.stream,
        "track": prediction.track,
        "state": prediction.state,
        "class_id": named.id if named else None,
        "name": named.name if named else None,
        "probability": named.probability if named else None,
        "closest": prediction.top[0].name if prediction.top else None,
        "top": [
            {"id": score.id, "name": score.name, "probability": score.probability}
            for score in prediction.top[:SCORES]
        ],
        "unknown": prediction.unknown_probability,
        # Where an action begins: it has to be so much more likely than the unnamed class.
        "threshold": min(1.0, prediction.unknown_probability * share / (1.0 - share)),
    }


def _happening(happening: _Happening, now: int) -> dict[str, Any]:
    ended_ns = happening.ended_ns
    return {
        "id": happening.event.id,
        "track": happening.event.track,
        "name": happening.event.name,
        "open": ended_ns is None,
        "began_ago_ms": (now - happening.began_ns) / 1e6,
        "duration_ms": ((now if ended_ns is None else ended_ns) - happening.began_ns) / 1e6,
    }
