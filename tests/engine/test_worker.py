"""The recogniser's thread works through windows and commands and answers for each."""

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from engine.bank.contract import BankSettings
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.messages import Action, ActionEvent, Prediction
from engine.recognizer import Recognizer
from engine.telemetry import Telemetry
from engine.window_queue import Waiting, WindowQueue
from engine.worker import Command, Worker, ask
from streams.skeleton.errors import AnymoveError, BankError, EngineError
from streams.skeleton.window import Window
from tests.engine.fakes import FakeBackend, eventually, reaching, standing, unit_rows, window

WAVE = unit_rows(1.0)


class Results:
    """An ``Outlet`` that keeps everything."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.answers: list[tuple[Waiting, AnymoveError | None]] = []
        self.predictions: list[Prediction] = []
        self.events: list[ActionEvent] = []

    def answer(self, waiting: Waiting, error: AnymoveError | None) -> None:
        with self.changed:
            self.answers.append((waiting, error))
            self.changed.notify_all()

    def predicted(self, prediction: Prediction) -> None:
        with self.changed:
            self.predictions.append(prediction)
            self.changed.notify_all()

    def happened(self, events: tuple[ActionEvent, ...]) -> None:
        assert events
        with self.changed:
            self.events += events
            self.changed.notify_all()


class Rig:
    def __init__(self, bundle: Bundle) -> None:
        bank = PgfaStreamingBank(BankSettings(parts=1, dim=16, fingerprint="x"))
        self.backend = FakeBackend(WAVE)
        self.recognizer = Recognizer(
            bundle.manifest, self.backend, bank, config=DecisionConfig(smoothing_s=0.0, vanish_s=0.5)
        )
        self.windows = WindowQueue(64)
        self.results = Results()
        self.telemetry = Telemetry()
        self.worker = Worker(self.recognizer, self.windows, outlet=self.results, telemetry=self.telemetry)
        self.thread = threading.Thread(target=self.worker.run, daemon=True)

    def see(self, shown: Window, *, missed: int = 0) -> None:
        count = len(self.results.answers)
        self.windows.put(Waiting(shown, b"me", received_ns=shown.captured_ns + 1_000_000, missed=missed))
        assert eventually(lambda: len(self.results.answers) > count, self.results.changed)

    def learn_to_wave(self) -> None:
        action = Action("w", "wave", ("wave",), "user")

        def command(recognizer: Recognizer, now_ns: int) -> tuple[ActionEvent, ...]:
            recognizer.set_action(action, WAVE, version=1)
            return ()

        self.worker.change(command)

    def stop(self) -> None:
        self.worker.close()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def rig(tiny_bundle: Bundle) -> Iterator[Rig]:
    made = Rig(tiny_bundle)
    made.thread.start()
    yield made
    made.stop()


def test_a_window_is_predicted_with_its_ages_and_answered(rig: Rig):
    captured_ns = time.monotonic_ns() - 5_000_000
    rig.see(window(captured_ns=captured_ns), missed=4)
    (prediction,) = rig.results.predictions
    ages = prediction.ages_ms
    assert list(ages) == ["arrived", "started", "embedded", "decided"]
    assert ages["arrived"] == pytest.approx(1.0)
    assert sorted(ages.values()) == list(ages.values())
    assert ages["decided"] > 5.0
    assert prediction.replaced == 4
    ((waiting, error),) = rig.results.answers
    assert (waiting.sender, error) == (b"me", None)
    assert rig.telemetry.counters()["windows_recognized"] == 1
    assert set(rig.telemetry.latencies_ms()) == {"wait", "embed", "decide", "capture_to_decision"}


def test_a_bad_window_is_answered_by_its_error_and_the_next_one_is_recognised(rig: Rig):
    rig.see(window(np.zeros((48, 25, 3), np.float32)))
    rig.see(window())
    errors = [error for _, error in rig.results.answers]
    assert [error and error.code for error in errors] == ["coordinate", None]
    assert rig.telemetry.counters()["windows_refused"] == 1
    assert len(rig.results.predictions) == 1


def test_a_change_is_carried_out_before_the_next_window(rig: Rig):
    rig.learn_to_wave()
    rig.see(window(captured_ns=time.monotonic_ns()))
    assert rig.results.predictions[0].top[0].name == "wave"


def test_a_refused_change_is_raised_where_it_was_asked_for(rig: Rig):
    with pytest.raises(BankError, match="wanted one of the bank's"):
        rig.worker.change(
            lambda recognizer, now_ns: recognizer.remove_action("x", version=1, now_ns=now_ns)
        )
    rig.see(window())


def test_events_of_a_change_are_told(rig: Rig):
    rig.learn_to_wave()
    for _ in range(2):
        rig.see(window(captured_ns=time.monotonic_ns()))
    rig.worker.change(lambda recognizer, now_ns: recognizer.remove_action("w", version=2, now_ns=now_ns))
    assert [event.phase for event in rig.results.events] == ["onset", "offset"]


def test_people_who_are_gone_end_their_actions_without_another_window(rig: Rig):
    rig.learn_to_wave()
    for _ in range(2):
        rig.see(window(captured_ns=time.monotonic_ns()))
    assert eventually(lambda: len(rig.results.events) == 2, rig.results.changed)
    assert rig.results.events[1].phase == "offset"


def test_stopping_ends_actions_in_progress(rig: Rig):
    rig.learn_to_wave()
    for _ in range(2):
        rig.see(window(captured_ns=time.monotonic_ns()))
    rig.stop()
    assert [event.phase for event in rig.results.events] == ["onset", "offset"]


def test_a_snapshot_is_taken_between_windows(rig: Rig):
    rig.learn_to_wave()
    snapshot, learnt = rig.worker.snapshot()
    assert (snapshot.meta["class_ids"], learnt) == (["w"], 0)


def test_a_change_after_the_end_is_refused(rig: Rig):
    rig.stop()
    with pytest.raises(EngineError, match="overloaded or has ended"):
        rig.worker.change(lambda recognizer, now_ns: ())


def test_a_mistake_of_ours_ends_the_thread_instead_of_hiding(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    caught: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", caught.append)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rig.recognizer, "prepare", broken)
    rig.windows.put(Waiting(window(), b"me", received_ns=0))
    rig.thread.join(10)
    assert not rig.thread.is_alive()
    assert caught[0].exc_type is ZeroDivisionError


def test_windows_that_wait_are_embedded_at_once_and_a_bad_one_spoils_no_other(tiny_bundle: Bundle):
    rig = Rig(tiny_bundle)
    rig.backend.batch = 4
    people = [standing(), np.zeros((48, 25, 3), np.float32), reaching(0.3), np.stack([standing()] * 2)]
    for track, shown in enumerate([*people, standing()]):
        rig.windows.put(Waiting(window(shown, track=track), b"me", received_ns=0))
    rig.thread.start()
    assert eventually(lambda: len(rig.results.answers) == 5, rig.results.changed)
    rig.stop()
    assert sorted(given.shape[:2] for given in rig.backend.seen) == [(1, 1), (1, 2), (2, 1)]
    assert [p.track for p in rig.results.predictions] == [0, 2, 3, 4]
    refused = [waiting.window.track for waiting, error in rig.results.answers if error is not None]
    assert refused == [1]


def test_an_answer_comes_back_from_the_recognisers_thread():
    asked: list[Any] = []

    def change(command: Command) -> None:
        asked.append(command(cast(Recognizer, "the recogniser"), 7))

    assert ask(change, lambda recognizer, now_ns: (recognizer, now_ns)) == ("the recogniser", 7)
    # It brought no events about.
    assert asked == [()]
