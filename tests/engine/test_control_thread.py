"""The control thread answers everything, records events and saves the bank, and survives mistakes."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.bank.contract import BankSnapshot
from engine.control_thread import MOST_WAITING, ControlThread, Inbox
from engine.messages import ActionEvent
from engine.requests import Request
from engine.telemetry import Telemetry
from streams.skeleton.errors import AnymoveError, EngineError, InputError, StoreError
from tests.engine.fakes import ManualClock

EVENT = ActionEvent("e", "onset", "cam", 0, "w", "wave", 0.5, 100.0, 0.0)
EVERY_S = 10.0


class FakeControl:
    def __init__(self) -> None:
        self.recorded: queue.Queue[tuple[ActionEvent, ...]] = queue.Queue()
        self.act: Callable[[], dict[str, Any]] = lambda: {"done": True}

    def execute(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        return self.act()

    def record(self, events: tuple[ActionEvent, ...]) -> None:
        self.recorded.put(events)


class FakeOutbox:
    def __init__(self) -> None:
        self.said: queue.Queue[tuple[str, Any]] = queue.Queue()

    def reply(self, request: Request, result: dict[str, Any]) -> None:
        self.said.put((request.id, result))

    def fail(self, client: bytes, request_id: str, error: AnymoveError) -> None:
        self.said.put((request_id, error))


class FakeWorker:
    def __init__(self) -> None:
        self.learnt = 0

    def snapshot(self) -> tuple[BankSnapshot, int]:
        return BankSnapshot("rule", "print"), self.learnt


class FakeStore:
    def __init__(self) -> None:
        self.saved: queue.Queue[BankSnapshot] = queue.Queue()
        self.bank = self

    def save(self, snapshot: BankSnapshot) -> None:
        self.saved.put(snapshot)


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.telemetry = Telemetry()
        self.inbox = Inbox(self.telemetry)
        self.control, self.outbox = FakeControl(), FakeOutbox()
        self.worker, self.store = FakeWorker(), FakeStore()
        parts: dict[str, Any] = {"outbox": self.outbox, "worker": self.worker, "telemetry": self.telemetry}
        control: Any = self.control
        store: Any = self.store
        self.runner = ControlThread(
            control, store, inbox=self.inbox, snapshot_every_s=EVERY_S, clock=self.clock, **parts
        )
        self.thread = threading.Thread(target=self.runner.run, daemon=True)

    def request(self, request_id: str = "1", *, left_s: float = 1.0) -> Request:
        deadline_ns = self.clock.now_ns + round(left_s * 1e9)
        return Request(b"c", request_id, "op", {}, self.clock.now_ns, deadline_ns)

    def ask(self, request: Request) -> Any:
        assert self.inbox.request(request)
        said_id, said = self.outbox.said.get(timeout=10)
        assert said_id == request.id
        return said

    def stop(self) -> None:
        self.inbox.close()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    made.thread.start()
    yield made
    made.stop()


def test_a_request_is_carried_out_and_answered(rig: Rig):
    assert rig.ask(rig.request()) == {"done": True}
    assert rig.telemetry.latencies_ms()["request"]["n"] == 1


def test_a_typed_error_is_passed_on(rig: Rig):
    def refuse() -> dict[str, Any]:
        raise InputError("wanted something else")

    rig.control.act = refuse
    assert isinstance(rig.ask(rig.request()), InputError)
    assert rig.telemetry.counters()["requests_failed"] == 1


def test_a_mistake_of_ours_is_an_answer_without_details(rig: Rig, caplog: pytest.LogCaptureFixture):
    def slip() -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    rig.control.act = slip
    error = rig.ask(rig.request())
    assert isinstance(error, EngineError)
    assert "secret" not in str(error)
    assert "secret" in caplog.text
    rig.control.act = dict
    assert rig.ask(rig.request("2")) == {}


def test_a_request_nobody_waits_for_any_more_is_not_carried_out(rig: Rig):
    done: list[bool] = []
    rig.control.act = lambda: {"done": done.append(True)}
    error = rig.ask(rig.request(left_s=0.0))
    assert isinstance(error, EngineError)
    assert "nothing was done" in str(error)
    assert done == []


def test_events_are_recorded(rig: Rig):
    rig.inbox.record((EVENT,))
    assert rig.control.recorded.get(timeout=10) == (EVENT,)


def test_events_the_disk_refuses_are_counted(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    def full(events: tuple[ActionEvent, ...]) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(rig.control, "record", full)
    rig.inbox.record((EVENT, EVENT))
    assert rig.ask(rig.request()) == {"done": True}
    assert rig.telemetry.counters()["events_not_recorded"] == 2


def test_the_bank_is_saved_when_it_is_time_and_has_learnt(rig: Rig):
    rig.worker.learnt = 1
    rig.ask(rig.request("1"))
    assert rig.store.saved.empty()
    rig.clock.advance(EVERY_S)
    rig.ask(rig.request("2"))
    assert rig.store.saved.get(timeout=10).rule == "rule"
    rig.clock.advance(EVERY_S)
    rig.ask(rig.request("3"))
    rig.stop()
    assert rig.store.saved.empty()


def test_what_was_taken_in_before_closing_is_done_and_nothing_after(rig: Rig):
    for number in range(20):
        rig.inbox.request(rig.request(str(number)))
    rig.inbox.close()
    assert not rig.inbox.request(rig.request("late"))
    rig.stop()
    assert rig.outbox.said.qsize() == 20


def test_a_full_inbox_refuses_and_drops_and_counts():
    rig = Rig()
    for _ in range(MOST_WAITING):
        assert rig.inbox.request(rig.request())
    assert not rig.inbox.request(rig.request())
    rig.inbox.record((EVENT, EVENT))
    assert rig.telemetry.counters() == {"requests_crowded_out": 1, "events_not_recorded": 2}
    rig.inbox.close()
    rig.thread.start()
    rig.stop()
