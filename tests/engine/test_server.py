"""The whole engine: from a typed name to a caption, under overload, through restarts."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.backends.select import BACKENDS
from engine.bundle import Bundle
from engine.server import EngineServer
from engine.store import Store
from streams.skeleton.errors import (
    AnymoveError,
    BackendUnavailableError,
    BundleError,
    ConfigError,
    EngineError,
    StoreError,
)
from tests.engine.fakes import FakeEncoder, reaching, standing
from tests.engine.running_engine import TIMEOUT_S, Ear, RunningEngine
from tests.engine.tiny_bundle import make_tiny_bundle
from tests.engine.wire_peers import Peer, short_endpoints


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANYMOVE_HOME", str(folder))
        yield folder


@pytest.fixture
def engine(tiny_bundle: Bundle, tmp_path: Path, home: Path) -> Iterator[RunningEngine]:
    with short_endpoints() as endpoints:
        made = RunningEngine(tiny_bundle, endpoints, tmp_path)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def ear(engine: RunningEngine) -> Iterator[Ear]:
    made = Ear(engine)
    yield made
    made.close()


@pytest.fixture
def capture(engine: RunningEngine) -> Iterator[Peer]:
    with engine.capture() as peer:
        peer.hello()
        yield peer


@pytest.fixture
def control(engine: RunningEngine) -> Iterator[Peer]:
    with Peer(engine.config.endpoints.control) as peer:
        yield peer


def _show(engine: RunningEngine, capture: Peer, **fields: Any) -> None:
    capture.send_window(engine.next_window(**fields))
    capture.receive_credit()


def test_a_typed_action_is_recognised_as_soon_as_it_is_answered_for(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer
):
    _show(engine, capture)
    assert ear.prediction().state == "unknown"
    result = control.ask("actions.add", name="reach up", description="reach")["result"]
    for _ in range(2):
        _show(engine, capture)
    first, second = ear.prediction(), ear.prediction()
    assert first.vocabulary == result["vocabulary"]
    assert first.top[0].id == result["action"]["id"]
    assert first.top[0].score == pytest.approx(1.0, abs=1e-4)
    assert second.state == "action"
    assert second.caption is not None
    assert second.caption.name == "reach up"
    onset = ear.event()
    assert (onset.phase, onset.name, onset.stream) == ("onset", "reach up", "camera")
    assert list(second.ages_ms) == ["arrived", "started", "embedded", "decided"]


def test_an_event_is_published_recorded_and_learnt_from(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer
):
    control.ask("actions.add", name="reach", description="reach")
    for people in (reaching(0.6), reaching(0.6), standing()):
        _show(engine, capture, positions=people)
    onset, offset = ear.event(), ear.event()
    assert (onset.id, onset.phase, offset.phase) == (offset.id, "onset", "offset")
    recorded = control.ask("events.list", since_id=0)["result"]["events"]
    assert [(entry["number"], entry["event"]["phase"]) for entry in recorded] == [
        (1, "onset"),
        (2, "offset"),
    ]
    assert control.ask("events.list", since_id=1)["result"]["events"][0]["event"]["id"] == onset.id


def test_who_stands_still_is_idle(engine: RunningEngine, ear: Ear, capture: Peer, control: Peer):
    control.ask("actions.add", name="reach", description="reach")
    for _ in range(5):
        _show(engine, capture, positions=standing())
    assert [ear.prediction().state for _ in range(5)] == ["idle"] * 5
    assert ear.events.empty()


def test_a_window_the_recogniser_refuses_is_answered_and_the_engine_lives_on(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer
):
    capture.send_window(engine.next_window(positions=1000 * reaching(0.6)))
    code, words = capture.receive_refusal()
    assert code == "coordinate"
    assert "divide millimetres by 1000" in words
    _show(engine, capture)
    assert ear.prediction().state == "unknown"
    assert control.ask("stats")["result"]["counters"]["windows_refused"] == 1


class Gate:
    """Holds the recogniser inside its encoder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        embed = OnnxRuntimeBackend.embed

        def gated(backend: OnnxRuntimeBackend, positions: NDArray[np.float32]) -> NDArray[np.float32]:
            self.entered.set()
            assert self.opened.wait(TIMEOUT_S)
            return embed(backend, positions)

        monkeypatch.setattr(OnnxRuntimeBackend, "embed", gated)


@pytest.fixture
def gate(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(monkeypatch)
    yield made
    made.opened.set()


def test_overload_recognises_the_newest_and_counts_the_rest(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer, gate: Gate
):
    capture.send_window(engine.next_window())
    assert gate.entered.wait(TIMEOUT_S)
    for _ in range(9):
        capture.send_window(engine.next_window())
    # Eight gave way to the ninth; then the first and the ninth are recognised.
    capture.receive_credit(8)
    gate.opened.set()
    capture.receive_credit(2)
    first, last = ear.prediction(), ear.prediction()
    assert (first.sequence, first.replaced, last.sequence, last.replaced) == (0, 0, 9, 8)
    counters = control.ask("stats")["result"]["counters"]
    assert (counters["windows_received"], counters["windows_replaced"]) == (10, 8)
    assert counters["windows_recognized"] == 2


def test_a_busy_stream_does_not_crowd_out_a_quiet_one(
    engine: RunningEngine, ear: Ear, capture: Peer, gate: Gate
):
    with engine.capture() as quiet:
        quiet.hello("quiet")
        capture.send_window(engine.next_window(track=99))
        assert gate.entered.wait(TIMEOUT_S)
        for track in range(30):
            capture.send_window(engine.next_window(stream="busy", track=track))
        # Answered in order, so all thirty are waiting when the quiet one comes.
        assert capture.hello("busy").type == "welcome"
        quiet.send_window(engine.next_window(stream="quiet"))
        assert quiet.hello("quiet").type == "welcome"
        gate.opened.set()
        streams = [ear.prediction().stream for _ in range(4)]
        assert streams[0] == "camera"
        assert "quiet" in streams[1:3]


def test_encoding_a_name_does_not_hold_recognition_up(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer
):
    engine.encoder.gate = threading.Event()
    answers: list[dict[str, Any]] = []
    thread = threading.Thread(
        target=lambda: answers.append(control.ask("actions.add", name="zxqv", description="plugh"))
    )
    thread.start()
    try:
        for _ in range(5):
            _show(engine, capture)
        assert [ear.prediction().vocabulary for _ in range(5)] == [0] * 5
        assert answers == []
    finally:
        engine.encoder.gate.set()
        thread.join(TIMEOUT_S)
    assert answers[0]["result"]["vocabulary"] == 1
    _show(engine, capture)
    assert ear.prediction().vocabulary == 1


def test_actions_and_what_was_learnt_come_back_after_a_restart(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer
):
    control.ask("actions.add", name="reach", description="reach")
    control.ask("actions.add", name="bow", description="bow")
    control.ask("actions.remove", id=control.ask("actions.list")["result"]["actions"][1]["id"])
    tilted = reaching(0.45)
    # Three events: of a single one the entropy gate would keep nothing.
    for people in (*(tilted, tilted, standing()) * 3, tilted):
        _show(engine, capture, positions=people)
    first, *_, last = [ear.prediction() for _ in range(10)]
    assert last.top[0].score > first.top[0].score
    engine.stop()
    engine.start()
    capture.hello()
    assert [a["name"] for a in control.ask("actions.list")["result"]["actions"]] == ["reach"]
    again = Ear(engine)
    _show(engine, capture, positions=tilted)
    after = again.prediction()
    again.close()
    assert after.vocabulary == 3
    assert after.top[0].score == pytest.approx(last.top[0].score, abs=1e-6)


@pytest.mark.parametrize(("backend", "lost"), [("openvino", False), ("openvino-bf16", True)])
def test_what_was_learnt_goes_on_with_another_backend_that_is_as_exact(
    engine: RunningEngine, tiny_bundle: Bundle, tmp_path: Path, caplog: Any, backend: str, lost: bool
):
    engine.stop()
    other = RunningEngine(tiny_bundle, engine.config.endpoints, tmp_path, backend=backend)
    with caplog.at_level(logging.INFO):
        try:
            other.start()
        except BackendUnavailableError as error:
            pytest.skip(str(error))
        other.stop()
    assert ("nothing stored was learnt" in caplog.text) == lost


def test_what_another_bundle_learnt_is_left_alone_and_it_is_shown_the_examples_again(
    engine: RunningEngine,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capture: Peer,
    control: Peer,
):
    action_id = control.ask("actions.add", name="reach", description="reach")["result"]["action"]["id"]
    _show(engine, capture)
    control.ask("bank.show", id=action_id)
    control.ask("bank.freeze", frozen=True)
    engine.stop()
    other = make_tiny_bundle(tmp_path / "other", seed=1)
    changed = RunningEngine(other, engine.config.endpoints, tmp_path)
    with caplog.at_level(logging.INFO):
        changed.start()
    assert "the bank starts from its texts and 1 of 1 examples: nothing stored was learnt" in caplog.text
    assert control.ask("health")["result"]["actions"] == 1
    state = control.ask("bank.state")["result"]
    assert (state["frozen"], state["classes"][0]["examples"], state["marks"]) == (True, 1, [])
    changed.stop()
    store = Store(tmp_path / "engine.db")
    assert len(store.actions()) == 1
    store.close()


def test_unless_it_may_adapt_the_bank_learns_from_people_alone(
    tiny_bundle: Bundle, tmp_path: Path, home: Path
):
    with short_endpoints() as endpoints:
        engine = RunningEngine(tiny_bundle, endpoints, tmp_path)
        engine.config = replace(engine.config, bank="anchored", adapt=False)
        engine.start()
        with engine.capture() as capture, Peer(endpoints.control) as control:
            capture.hello()
            action_id = control.ask("actions.add", name="reach", description="reach")["result"]["action"][
                "id"
            ]
            for people in (reaching(0.6), reaching(0.6), standing(), reaching(0.6)):
                _show(engine, capture, positions=people)
            control.ask("bank.show", id=action_id)
            state = control.ask("bank.state")["result"]
        engine.stop()
    assert (state["rule"], state["frozen"]) == ("anchored", True)
    (learnt,) = state["classes"]
    assert (learnt["observations"], learnt["examples"]) == (0.0, 1)


def test_stopping_ends_actions_and_records_it_in_time(
    engine: RunningEngine, ear: Ear, capture: Peer, control: Peer, tmp_path: Path
):
    control.ask("actions.add", name="reach", description="reach")
    for _ in range(2):
        _show(engine, capture)
    assert ear.event().phase == "onset"
    begun_ns = time.monotonic_ns()
    engine.stop()
    assert time.monotonic_ns() - begun_ns < 2e9
    assert ear.event().phase == "offset"
    store = Store(tmp_path / "engine.db")
    assert [entry.event.phase for entry in store.events(limit=9)] == ["onset", "offset"]
    store.close()


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("actions.add", {"name": ""}, "action_name"),
        ("actions.add", {"name": "x" * 10_000}, "action_name"),
        ("actions.add", {"name": "bow"}, "duplicate_action"),
        ("actions.add", {"name": "BOW "}, "duplicate_action"),
        ("actions.rename", {"id": "nobody", "name": "x"}, "unknown_action"),
        ("actions.remove", {"id": "nobody"}, "unknown_action"),
        ("actions.describe", {"id": "nobody"}, "unknown_action"),
        ("actions.fly", {}, "input"),
        ("events.list", {"limit": "many"}, "input"),
    ],
)
def test_bad_requests_are_answered_by_code_and_words(
    engine: RunningEngine, control: Peer, op: str, args: dict[str, Any], code: str
):
    control.ask("actions.add", name="bow", description="bow")
    error = control.ask(op, **args)["error"]
    assert error["code"] == code
    assert error["message"]
    assert control.ask("health")["result"]["actions"] == 1


def test_health_tells_what_is_running(engine: RunningEngine, control: Peer):
    health = control.ask("health")["result"]
    assert (health["status"], health["bundle"], health["backend"]) == ("ok", "tiny", "onnxruntime")
    assert health["window"] == {"frames": 48, "length_s": 2.4}
    assert health["uptime_s"] > 0


class Dying(OnnxRuntimeBackend):
    """Fails once it has been told to."""

    name = "dying"
    dead = threading.Event()

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.dead.is_set():
            raise EngineError("wanted the driver, got a device that is gone; choose another backend")
        return super()._run(positions)


def test_a_backend_that_dies_loses_no_window_and_health_says_so(
    tiny_bundle: Bundle, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(BACKENDS, "dying", Dying)
    monkeypatch.setattr(Dying, "dead", threading.Event())
    with short_endpoints() as endpoints:
        engine = RunningEngine(tiny_bundle, endpoints, tmp_path, backend="dying")
        engine.start()
        ear, answers = Ear(engine), []
        with engine.capture() as capture, Peer(endpoints.control) as control:
            capture.hello()
            for _ in range(2):
                answers.append(control.ask("health")["result"])
                Dying.dead.set()
                _show(engine, capture, positions=reaching(0.6))
                assert ear.prediction().motion_m > 0.1
            answers.append(control.ask("health")["result"])
        ear.close()
        engine.stop()
    assert [answer["backend"] for answer in answers] == ["dying", "onnxruntime", "onnxruntime"]
    assert answers[0]["backend_failure"] is None
    assert "a device that is gone" in answers[1]["backend_failure"]


def test_a_thread_that_fails_ends_the_engine(
    engine: RunningEngine, capture: Peer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(OnnxRuntimeBackend, "embed", broken)
    capture.send_window(engine.next_window())
    assert engine.server is not None
    with pytest.raises(EngineError, match="its recognizer thread failed"):
        engine.server.wait()
    assert "ZeroDivisionError" in caplog.text


def _refused(engine: RunningEngine, error: type[AnymoveError], match: str, **changes: Any) -> None:
    config = type(engine.config)(**{**vars(engine.config), **changes})
    with pytest.raises(error, match=match):
        EngineServer(config, encoder=engine.encoder)


def test_what_cannot_start_says_why_and_leaves_nothing_open(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.database._PATIENCE_S", 0.1)
    _refused(engine, StoreError, "another process holds it")
    _refused(engine, BundleError, "wanted a model bundle", bundle=tmp_path)
    _refused(engine, ConfigError, "wanted a backend", backend="abacus")
    _refused(engine, ConfigError, "wanted a bank", bank="river")
    engine.encoder = FakeEncoder("0" * 64)
    _refused(engine, BundleError, "wanted the text encoder")


def test_the_engine_loads_no_torch():
    script = (
        "import engine.server, engine.client, engine.__main__, sys;"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gradio', 'mediapipe'};"
        "loaded = heavy & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
