"""A visitor's turn: name an action, get ready, do it, see how sure the engine was. Thread-safe.

One turn at a time. Its action is the visitor's own and goes with the turn; one that an operator
has put there stays.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from app.board import Board
from app.controller import Controller, Engine
from app.kiosk.manners import Manners
from app.kiosk.scores import Score, ScoreBoard
from app.kiosk.visitor import VisitorsAction
from engine.messages import Action, Prediction
from engine.text.names import name_key
from streams.skeleton.errors import AnymoveError, VocabularyError

Phase = Literal["ready", "doing", "done"]
LEAST_S, MOST_S = 2.0, 60.0


@dataclass
class _Turn:
    """A turn in progress."""

    id: str
    action: Action
    owned: bool
    """Whether the action goes with the turn."""
    touched_ns: int
    phase: Phase = "ready"
    began_ns: int = 0
    best: float = 0.0
    named_after_s: float | None = None
    seen: dict[str, int] = field(default_factory=dict[str, int])
    place: int | None = None


class Turns:
    """The kiosk's turns.

    Args:
        engine: Where the actions live.
        controller: Shows them, and answers in the page's words.
        board: Where the topic ``turn`` goes.
        manners: Refuses names that children should not read.
        scores: Takes the results.
        visitor: Remembers on disk which action goes with the turn.
        turn_s: Time to do the action, seconds.
        idle_s: A turn nobody has touched for this long is over, seconds.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(
        self,
        engine: Engine,
        controller: Controller,
        board: Board,
        *,
        manners: Manners,
        scores: ScoreBoard,
        visitor: VisitorsAction,
        turn_s: float = 8.0,
        idle_s: float = 45.0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._engine = engine
        self._controller = controller
        self._board = board
        self._manners = manners
        self._scores = scores
        self._visitor = visitor
        self._turn_s = turn_s
        self._idle_s = idle_s
        self._clock = clock
        self._commands = threading.Lock()
        self._lock = threading.Lock()
        self._turn: _Turn | None = None
        board.post("turn", self._build)

    def begin(self, name: str, description: str) -> dict[str, Any]:
        """The new ``turn``; one that was there is over.

        Args:
            name: What the visitor will do.
            description: One sentence a line; empty to have the engine find one.
        """

        def begin() -> dict[str, Any]:
            self._manners.check(name)
            self._manners.check(description)
            self._end()
            action, owned = self._action(name, description)
            with self._lock:
                self._turn = _Turn(secrets.token_hex(8), action, owned, self._clock())
            return self._told()

        with self._commands:
            return self._controller.answer(begin)

    def go(self, turn_id: str) -> dict[str, Any]:
        """The ``turn``, which is measured from now on."""

        def go() -> dict[str, Any]:
            with self._lock:
                turn = self._of(turn_id)
                turn.phase, turn.began_ns, turn.touched_ns = "doing", self._clock(), self._clock()
                turn.best, turn.named_after_s, turn.seen, turn.place = 0.0, None, {}, None
            return self._told()

        return self._controller.answer(go)

    def end(self, turn_id: str) -> dict[str, Any]:
        """Nothing: the turn is over, and its action forgotten."""

        def end() -> dict[str, Any]:
            with self._lock:
                self._of(turn_id)
            self._end()
            return {}

        with self._commands:
            return self._controller.answer(end)

    def on_prediction(self, prediction: Prediction) -> None:
        """Note what a window says of the turn in progress."""
        with self._lock:
            turn, now = self._turn, self._clock()
            if turn is None or turn.phase != "doing":
                return
            elapsed_s = (now - turn.began_ns) / 1e9
            caption = prediction.caption if prediction.state == "action" else None
            shown = caption.name if caption else prediction.state
            turn.seen[shown] = turn.seen.get(shown, 0) + 1
            if caption is not None and caption.id == turn.action.id and elapsed_s <= self._turn_s:
                turn.best = max(turn.best, caption.probability)
                if turn.named_after_s is None:
                    turn.named_after_s = elapsed_s

    def tick(self) -> None:
        """Bring turns to their end when their time has come. Call it a few times a second."""
        with self._lock:
            turn, now = self._turn, self._clock()
            if turn is None:
                return
            doing = turn.phase == "doing"
            over = doing and now - turn.began_ns >= self._turn_s * 1e9
            left = not doing and now - turn.touched_ns >= self._idle_s * 1e9
            if over:
                self._finish(turn, now)
        if over:
            self._board.post("turn", self._build)
        if left:
            with self._commands:
                self._end()

    def close(self) -> None:
        """End the turn in progress, if the engine still listens."""
        with self._commands:
            self._end()

    def clear_scores(self) -> dict[str, Any]:
        """The emptied score board."""

        def clear() -> dict[str, Any]:
            self._scores.clear()
            return self._told()

        return self._controller.answer(clear)

    def _action(self, name: str, description: str) -> tuple[Action, bool]:
        """The action of this name, and whether it is the turn's own."""
        tidy = name.strip()
        held = next((a for a in self._engine.actions() if name_key(a.name) == name_key(tidy)), None)
        if held is not None:
            return held, False
        action = self._engine.add_action(tidy, description.strip() or None)
        self._visitor.remember(action.id)
        return action, True

    def _finish(self, turn: _Turn, now: int) -> None:
        turn.phase, turn.touched_ns = "done", now
        if turn.named_after_s is not None:
            score = Score(turn.action.name, round(100 * turn.best), round(turn.named_after_s, 1))
            turn.place = self._scores.add(score)

    def _of(self, turn_id: str) -> _Turn:
        if self._turn is None or self._turn.id != turn_id:
            raise VocabularyError("wanted the turn in progress, got one that is over; begin another")
        return self._turn

    def _end(self) -> None:
        with self._lock:
            turn, self._turn = self._turn, None
        if turn is not None and turn.owned:
            # An engine that is gone forgets it when it is back: it is remembered on the disk.
            with contextlib.suppress(AnymoveError):
                self._engine.remove_action(turn.action.id)
                self._visitor.forget()
                self._controller.refresh()
        self._board.post("turn", self._build)

    def _told(self) -> dict[str, Any]:
        self._board.post("turn", self._build)
        return self._build()

    def _build(self) -> dict[str, Any]:
        with self._lock:
            return {"turn": self._shown(), "scores": [asdict(score) for score in self._scores.today()]}

    def _shown(self) -> dict[str, Any] | None:
        turn = self._turn
        if turn is None:
            return None
        elapsed_s = (self._clock() - turn.began_ns) / 1e9 if turn.phase == "doing" else 0.0
        others = {
            name: count for name, count in turn.seen.items() if name not in ("idle", turn.action.name)
        }
        return {
            "id": turn.id,
            "phase": turn.phase,
            "action": asdict(turn.action),
            "left_s": max(0.0, self._turn_s - elapsed_s) if turn.phase == "doing" else self._turn_s,
            "length_s": self._turn_s,
            "probability": turn.best,
            "named_after_s": turn.named_after_s,
            "seen_instead": max(others, key=lambda name: others[name]) if others else None,
            "place": turn.place,
        }
