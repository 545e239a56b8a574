"""Every operation has a method, every refusal its error, and a restart is survived."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.bundle import Bundle
from engine.client import PAGE, EngineClient
from engine.messages import Action
from streams.config import Endpoints
from streams.skeleton.errors import (
    ActionNameError,
    AnymoveError,
    BankError,
    DuplicateActionError,
    EngineError,
    EngineUnavailableError,
    InputError,
    UnknownActionError,
    VocabularyError,
    WireError,
)
from tests.engine.fakes import standing
from tests.engine.running_engine import RunningEngine
from tests.engine.wire_peers import short_endpoints


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANYMOVE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def engine(tiny_bundle: Bundle, tmp_path: Path, home: None) -> Iterator[RunningEngine]:
    with short_endpoints() as endpoints:
        made = RunningEngine(tiny_bundle, endpoints, tmp_path)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def client(engine: RunningEngine) -> Iterator[EngineClient]:
    made = engine.client()
    yield made
    made.close()


def test_actions_are_added_changed_and_removed(client: EngineClient):
    wave = client.add_action("wave", "one hand from side to side")
    assert (wave.name, wave.source) == ("wave", "user")
    assert wave.texts == ("wave", "one hand from side to side")
    greet = client.rename_action(wave.id, "greet")
    assert (greet.id, greet.name) == (wave.id, "greet")
    described = client.describe_action(wave.id, "both hands")
    assert described.texts == ("greet", "both hands")
    assert client.actions() == (described,)
    client.remove_action(wave.id)
    assert client.actions() == ()


def test_an_action_without_a_description_gets_one(client: EngineClient):
    assert client.add_action("squat").source == "library"
    assert client.describe_action(client.add_action("zxqv", "x").id).source == "template"


def test_a_name_is_checked_before_it_is_added(client: EngineClient):
    client.add_action("wave", "x")
    found = client.check_action("squat")
    assert (found.name, found.matched, found.rivals[0].name) == ("squat", "squat", "wave")
    assert client.check_action("Wave", "y").verdict == "refused"
    assert client.check_action("").notices[0].code == "refused"
    assert client.vocabulary == 1


def test_undo_returns_what_is_back(client: EngineClient):
    wave = client.add_action("wave", "x")
    client.rename_action(wave.id, "greet")
    assert client.undo() == wave
    assert client.undo() is None
    with pytest.raises(VocabularyError, match="wanted a change to undo"):
        client.undo()


def test_the_version_is_that_of_the_latest_answer(client: EngineClient):
    assert client.vocabulary == 0
    client.add_action("wave", "x")
    assert client.vocabulary == 1
    client.health()
    client.stats()
    assert client.vocabulary == 1


def test_more_actions_than_a_page_holds_are_listed_in_order(client: EngineClient):
    added = [client.add_action(f"action {n}", "x") for n in range(PAGE + 5)]
    assert list(client.actions()) == added


def test_events_are_read_back(engine: RunningEngine, client: EngineClient):
    client.add_action("reach", "reach")
    with engine.capture() as capture:
        for fields in ({}, {}, {"positions": standing()}):
            capture.send_window(engine.next_window(**fields))
            capture.receive_credit()
    onset, offset = client.events(0)
    assert (onset.event.phase, offset.event.phase) == ("onset", "offset")
    assert client.events(onset.number, limit=5) == (offset,)
    assert client.events(limit=1) == (offset,)


def test_an_example_is_shown_rejected_and_rolled_back(engine: RunningEngine, client: EngineClient):
    reach = client.add_action("reach", "reach")
    with engine.capture() as capture:
        capture.send_window(engine.next_window(track=3))
        capture.receive_credit()
    shown = client.show_example(reach.id)
    assert (shown.id, shown.examples, shown.rejections) == (reach.id, 1, 0)
    assert client.reject_example(reach.id, stream="camera", track=3, last_s=1.0).rejections == 1
    assert client.bank().classes[0].examples == 1
    assert [mark.reason for mark in client.bank().marks] == ["show reach", "reject reach"]
    assert client.roll_back_bank().reason == "reject reach"
    assert client.mark_bank().reason == "mark"
    client.reset_bank(reach.id)
    client.freeze_bank()
    state = client.bank()
    assert (state.rule, state.frozen, state.classes[0].examples) == ("pgfa-streaming", True, 0)
    client.freeze_bank(frozen=False)
    assert not client.bank().frozen
    assert client.roll_back_bank(client.bank().marks[0].number).reason == "show reach"
    assert client.bank().marks == ()


def test_the_bank_lists_more_actions_than_a_page_holds(client: EngineClient):
    added = [client.add_action(f"action {n}", "x") for n in range(PAGE + 5)]
    assert [learnt.id for learnt in client.bank().classes] == [action.id for action in added]


def test_health_and_stats(client: EngineClient):
    assert client.health()["status"] == "ok"
    assert client.stats()["counters"]["requests"] == 2


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda client: client.add_action(""), ActionNameError),
        (lambda client: client.add_action("x" * 10_000), ActionNameError),
        (lambda client: client.add_action("bow"), DuplicateActionError),
        (lambda client: client.add_action("new", "x" * 5000), InputError),
        (lambda client: client.add_action("new", "x" * 100_000), WireError),
        (lambda client: client.rename_action("nobody", "x"), UnknownActionError),
        (lambda client: client.remove_action("nobody"), UnknownActionError),
        (lambda client: client.describe_action("nobody"), UnknownActionError),
        (lambda client: client.events(limit=1000), InputError),
        (lambda client: client.show_example("nobody"), UnknownActionError),
        (lambda client: client.show_example(client.actions()[0].id), BankError),
        (lambda client: client.roll_back_bank(), BankError),
    ],
)
def test_refusals_are_raised_as_what_they_are(
    client: EngineClient, act: Callable[[EngineClient], object], error: type[AnymoveError]
):
    client.add_action("bow", "x")
    with pytest.raises(error) as caught:
        act(client)
    assert type(caught.value) is error
    assert [action.name for action in client.actions()] == ["bow"]


def test_nobody_there_is_said_in_time():
    with short_endpoints() as endpoints:
        client = EngineClient(endpoints, timeout_s=0.2)
        with pytest.raises(
            EngineUnavailableError, match=r"wanted an answer .* got none for 0\.2 s; start it"
        ):
            client.health()
        client.close()


def test_what_was_asked_of_nobody_is_not_done_by_an_engine_started_later(
    tiny_bundle: Bundle, tmp_path: Path, home: None
):
    with short_endpoints() as endpoints:
        client = EngineClient(endpoints, timeout_s=0.2)
        with pytest.raises(EngineUnavailableError):
            client.add_action("ghost", "x")
        engine = RunningEngine(tiny_bundle, endpoints, tmp_path)
        engine.start()
        patient = engine.client()
        assert patient.actions() == ()
        patient.close()
        client.close()
        engine.stop()


def test_a_restart_is_survived(engine: RunningEngine, client: EngineClient):
    wave = client.add_action("wave", "x")
    for _ in range(2):
        engine.stop()
        engine.start()
        assert client.actions() == (wave,)


def test_an_engine_that_is_busy_is_given_up_in_time(engine: RunningEngine):
    impatient = EngineClient(engine.config.endpoints, timeout_s=0.2)
    impatient.health()
    engine.encoder.gate = threading.Event()
    with pytest.raises(EngineUnavailableError):
        impatient.add_action("slow", "x")
    engine.encoder.gate.set()
    patient = engine.client()
    # It had begun, so it was finished; the answer came too late and is not taken for another's.
    assert [action.name for action in patient.actions()] == ["slow"]
    assert impatient.health()["actions"] == 1
    impatient.close()
    patient.close()


def test_threads_take_turns(client: EngineClient):
    added: list[Action] = []

    def add(name: str) -> None:
        for number in range(5):
            added.append(client.add_action(f"{name} {number}", "x"))

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {action.id for action in client.actions()} == {action.id for action in added}
    assert len(added) == 20


def test_a_closed_client_refuses(client: EngineClient):
    client.health()
    client.close()
    with pytest.raises(EngineError, match="closed"):
        client.health()
    client.close()


def test_an_unknown_code_is_still_an_error(client: EngineClient, monkeypatch: pytest.MonkeyPatch):
    def newer() -> dict[str, type[AnymoveError]]:
        return {}

    monkeypatch.setattr("engine.client.error_classes", newer)
    with pytest.raises(EngineError, match="nothing; type"):
        client.add_action("")


def test_the_default_addresses_are_the_programs_own():
    client = EngineClient(Endpoints(), timeout_s=0.1)
    client.close()


def test_the_inside_is_asked_and_tuned(engine: RunningEngine, client: EngineClient):
    reach = client.add_action("reach", "reach up high")
    bow = client.add_action("bow", "bend forwards")
    tuned = client.inside.set_threshold(bow.id, 0.8)
    assert client.inside.set_balance(0.25).tuning.thresholds == tuned.tuning.thresholds == {bow.id: 0.8}
    with engine.capture() as capture:
        capture.send_window(engine.next_window())
        capture.receive_credit()
    explanation = client.inside.explain(reach.id)
    assert (explanation.name, len(explanation.joints), len(explanation.pose)) == ("reach", 25, 25)
    assert client.inside.map().names == ("reach", "bow")
    assert client.inside.rescore("stretch", "reach to the ceiling").windows == 1
    engine.stop()
    engine.start()
    kept = client.inside.tuning()
    assert (kept.tuning.balance, dict(kept.tuning.thresholds)) == (0.25, {bow.id: 0.8})
