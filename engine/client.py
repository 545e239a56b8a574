"""How everybody else talks to the engine: here requests, in ``engine.prediction_reader`` the rest."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import zmq

from engine.inside_client import InsideRequests
from engine.messages import (
    Action,
    BankMark,
    BankState,
    Learnt,
    NameCheck,
    RecordedEvent,
    action_from,
    check_from,
    recorded_from,
)
from engine.prediction_reader import PredictionReader, Received
from streams.config import Endpoints
from streams.skeleton.errors import EngineError, EngineUnavailableError, error_classes
from streams.wire import MAX_BUFFER_BYTES, Message, field, pack, unpack

__all__ = ["EngineClient", "PredictionReader", "Received"]

PAGE = 100
"""Actions or events asked for at once."""


class EngineClient:
    """Asks the engine. Thread-safe: callers take turns. It outlives restarts of the engine.

    Every method raises the engine's own typed error where the engine refuses, and
    EngineUnavailableError where none answers in time; what was asked for may then still have been
    done, so ask for the state before asking again.

    Args:
        endpoints: Where the engine listens.
        timeout_s: Time an answer may take, seconds.
    """

    def __init__(self, endpoints: Endpoints, *, timeout_s: float = 2.0) -> None:
        self._endpoint = endpoints.control
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._context: zmq.Context[zmq.Socket[bytes]] | None = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._ids = itertools.count(1)
        self._vocabulary = 0
        self.inside = InsideRequests(self._ask)
        """How the engine comes to its word, and its tuning."""

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions in the latest answer; 0 before the first.

        A prediction of this version or a later one has scored every action answered for so far.
        """
        return self._vocabulary

    def health(self) -> dict[str, Any]:
        """What the engine is: bundle, backend, bank, window, uptime, number of actions."""
        return self._ask("health")

    def stats(self) -> dict[str, Any]:
        """What it has counted and timed: ``counters``, ``latencies_ms`` by stage, windows ``waiting``."""
        return self._ask("stats")

    def actions(self) -> tuple[Action, ...]:
        """Every action, oldest first."""
        while True:
            pages = list(self._pages())
            # A change between two pages may have moved actions from one to the other.
            if len({page["vocabulary"] for page in pages}) == 1:
                return tuple(action_from(raw) for page in pages for raw in page["actions"])

    def add_action(self, name: str, description: str | None = None) -> Action:
        """The new action, recognised from the next window on.

        Args:
            name: What people call it, up to 80 characters.
            description: What it looks like, in one or more lines; found by the engine if None.

        Raises:
            ActionNameError: The name is empty, too long or not printable.
            DuplicateActionError: The name is taken.
            CapacityError: The engine holds as many actions as it may.
            InputError: The description is too long.
        """
        return action_from(self._ask("actions.add", name=name, description=description)["action"])

    def rename_action(self, action_id: str, name: str) -> Action:
        """The action under another name; what it looks like stays.

        Raises:
            UnknownActionError: No action has the id.
            ActionNameError: The name is empty, too long or not printable.
            DuplicateActionError: The name is taken.
        """
        return action_from(self._ask("actions.rename", id=action_id, name=name)["action"])

    def describe_action(self, action_id: str, description: str | None = None) -> Action:
        """The action with another description, or with the engine's own if None.

        Raises:
            UnknownActionError: No action has the id.
            InputError: The description is too long.
        """
        return action_from(self._ask("actions.describe", id=action_id, description=description)["action"])

    def remove_action(self, action_id: str) -> None:
        """Have the engine forget an action and what it has learnt of it.

        Raises:
            UnknownActionError: No action has the id.
        """
        self._ask("actions.remove", id=action_id)

    def undo(self) -> Action | None:
        """The action as it was before the last change; None where that change had added it.

        Raises:
            VocabularyError: There is nothing to undo.
        """
        raw = self._ask("actions.undo")["action"]
        return None if raw is None else action_from(raw)

    def check_action(self, name: str, description: str | None = None) -> NameCheck:
        """What is to be expected of an action nobody has added yet, from its words alone.

        Every name is answered, a bad one by a check whose verdict is ``"refused"``.

        Args:
            name: As typed.
            description: What it looks like, as for ``add_action``.
        """
        return check_from(self._ask("actions.check", name=name, description=description)["check"])

    def bank(self) -> BankState:
        """What the bank is, and what it has learnt of every action."""
        classes: list[Learnt] = []
        while True:
            page = self._ask("bank.state", offset=len(classes), limit=PAGE)
            classes += [Learnt(**raw) for raw in page["classes"]]
            if len(classes) >= page["total"] or not page["classes"]:
                marks = tuple(BankMark(**raw) for raw in page["marks"])
                return BankState(page["rule"], page["frozen"], marks, tuple(classes), page["rolled_back"])

    def show_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        """What the bank knows of an action, now that somebody has shown it.

        Args:
            action_id: Of the action.
            stream: Stream of the person who did it; None for any.
            track: Track of the person; None for the one seen last.
            last_s: How long ago the first of the windows that show it ended, seconds, 0.1 to 10.

        Raises:
            UnknownActionError: No action has the id.
            BankError: Nobody was seen within the last 10 s, or nobody moved.
        """
        raw = self._ask("bank.show", id=action_id, stream=stream, track=track, last_s=last_s)
        return Learnt(**raw["learnt"])

    def reject_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        """What the bank knows of an action, now that somebody has said "this is not it".

        Args and errors are those of ``show_example``.
        """
        raw = self._ask("bank.reject", id=action_id, stream=stream, track=track, last_s=last_s)
        return Learnt(**raw["learnt"])

    def reset_bank(self, action_id: str | None = None) -> None:
        """Have the bank go back to the text of one action, or of all if None.

        Raises:
            UnknownActionError: No action has the id.
        """
        self._ask("bank.reset", id=action_id)

    def mark_bank(self) -> BankMark:
        """A mark of the bank's present state, to roll back to."""
        return BankMark(**self._ask("bank.mark")["mark"])

    def roll_back_bank(self, number: int | None = None) -> BankMark:
        """The mark the bank has gone back to, which is used up: the newest, or the one of a number.

        Raises:
            BankError: There is no such mark.
        """
        return BankMark(**self._ask("bank.roll_back", number=number)["undone"])

    def freeze_bank(self, *, frozen: bool = True) -> None:
        """Keep the bank from learning by itself, or let it learn again; examples count all the same."""
        self._ask("bank.freeze", frozen=frozen)

    def events(self, since: int | None = None, *, limit: int = PAGE) -> tuple[RecordedEvent, ...]:
        """Events in order: the first ones after number ``since``, or the newest ones; at most 100."""
        raw = self._ask("events.list", since_id=since, limit=limit)
        return tuple(recorded_from(event) for event in raw["events"])

    def close(self) -> None:
        """Give the socket back; a closed client refuses every call."""
        with self._lock:
            self._hang_up()
            if self._context is not None:
                self._context.term()
                self._context = None

    def _pages(self) -> Iterator[dict[str, Any]]:
        offset, total = 0, 1
        while offset < total:
            page = self._ask("actions.list", offset=offset, limit=PAGE)
            yield page
            offset, total = offset + PAGE, page["total"]

    def _ask(self, op: str, **args: Any) -> dict[str, Any]:
        with self._lock:
            result = self._result(self._exchange(op, args))
            self._vocabulary = result.get("vocabulary", self._vocabulary)
            return result

    def _exchange(self, op: str, args: dict[str, Any]) -> Message:
        """The answer to a request; whatever else arrives answers one that was given up."""
        request_id = str(next(self._ids))
        header = {"id": request_id, "op": op, "args": args, "deadline_ms": 1000 * self._timeout_s}
        deadline_ns = time.monotonic_ns() + round(self._timeout_s * 1e9)
        dealer = self._dealer()
        if self._is_ready(dealer, zmq.POLLOUT, deadline_ns):
            dealer.send_multipart(pack("request", header), zmq.NOBLOCK)
            while self._is_ready(dealer, zmq.POLLIN, deadline_ns):
                message = unpack(dealer.recv_multipart())
                if message.type == "reply" and message.header.get("id") in (request_id, None):
                    return message
        # What waits in this socket must not reach an engine that is started later.
        self._hang_up()
        raise EngineUnavailableError(
            f"wanted an answer from the engine at {self._endpoint}, got none for {self._timeout_s:g} s; "
            "start it with `anymove run`, or check the address"
        )

    def _result(self, message: Message) -> dict[str, Any]:
        if message.header.get("ok") is True and "result" in message.arrays:
            return json.loads(message.arrays["result"].tobytes())
        error = field(message, "error", dict)
        cls = error_classes().get(error.get("code", ""), EngineError)
        raise cls(str(error.get("message", "the engine refused and did not say why")))

    def _dealer(self) -> "zmq.Socket[bytes]":
        if self._context is None:
            raise EngineUnavailableError("wanted an open client, got a closed one; make another")
        if self._socket is None:
            self._socket = self._context.socket(zmq.DEALER)
            self._socket.linger = 0
            self._socket.maxmsgsize = MAX_BUFFER_BYTES
            # Nothing is queued for an engine that is not there.
            self._socket.immediate = 1
            self._socket.reconnect_ivl_max = 1000
            self._socket.heartbeat_ivl, self._socket.heartbeat_timeout = 1000, 3000
            self._socket.connect(self._endpoint)
        return self._socket

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _is_ready(dealer: "zmq.Socket[bytes]", event: int, deadline_ns: int) -> bool:
        left_ms = (deadline_ns - time.monotonic_ns()) // 1_000_000
        return left_ms > 0 and dealer.poll(left_ms, event) != 0
