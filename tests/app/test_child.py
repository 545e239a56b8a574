import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app import child
from app.child import LONGEST_PAUSE_S, ChildSpec, pause_s
from app.processes import Supervisor

READY = "import sys; print('{\"ready\": true}', flush=True);"
UNTIL_LET_GO = READY + "sys.stdin.read()"
TIMEOUT_S = 30.0


def _spec(name: str, code: str, **options: Any) -> ChildSpec:
    return ChildSpec(name, (sys.executable, "-c", code), **options)


@pytest.fixture
def lines() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def supervisor(lines: list[tuple[str, dict[str, Any]]]) -> Iterator[Supervisor]:
    made = Supervisor(lambda name, value: lines.append((name, value)))
    yield made
    made.stop()


def test_becomes_ready_and_stops(supervisor: Supervisor) -> None:
    supervisor.start(_spec("engine", UNTIL_LET_GO))
    status = supervisor.wait_for("engine", {"ready"}, TIMEOUT_S)
    assert status.state == "ready"
    assert status.pid is not None
    supervisor.stop()
    assert supervisor.status()["engine"].state == "stopped"


def test_stops_the_last_one_first(supervisor: Supervisor, lines: list[tuple[str, dict[str, Any]]]) -> None:
    code = UNTIL_LET_GO + "; print('{\"bye\": true}', flush=True)"
    for name in ("engine", "capture"):
        supervisor.start(_spec(name, code))
        supervisor.wait_for(name, {"ready"}, TIMEOUT_S)
    supervisor.stop()
    assert [name for name, value in lines if "bye" in value] == ["capture", "engine"]


def test_a_source_that_ends_is_finished_not_failed(
    supervisor: Supervisor, lines: list[tuple[str, dict[str, Any]]]
) -> None:
    code = READY + "print('chatter'); print('[1]'); print('{broken'); print('{\"windows\": 3}')"
    supervisor.start(_spec("capture", code, ends=True))
    assert supervisor.wait_for("capture", {"finished"}, TIMEOUT_S).state == "finished"
    assert lines == [("capture", {"ready": True}), ("capture", {"windows": 3})]


def test_without_restart_it_fails_with_its_last_words(supervisor: Supervisor) -> None:
    code = "import sys; print('first'); sys.exit('wanted camera 0, got none; plug one in')"
    supervisor.start(_spec("capture", code, restart=False, ends=True))
    status = supervisor.wait_for("capture", {"failed"}, TIMEOUT_S)
    assert status.state == "failed"
    assert status.detail == "wanted camera 0, got none; plug one in"


def test_a_silent_death_is_explained(supervisor: Supervisor) -> None:
    supervisor.start(_spec("engine", "import os; os._exit(7)", restart=False))
    assert "status 7" in supervisor.wait_for("engine", {"failed"}, TIMEOUT_S).detail


def test_one_that_never_gets_ready_is_ended(supervisor: Supervisor) -> None:
    supervisor.start(_spec("engine", "import sys; sys.stdin.read()", restart=False, ready_timeout_s=0.2))
    assert "not ready within 0.2 s" in supervisor.wait_for("engine", {"failed"}, TIMEOUT_S).detail


def test_a_killed_one_comes_back_with_its_restart_counted(supervisor: Supervisor) -> None:
    supervisor.start(_spec("engine", UNTIL_LET_GO))
    first = supervisor.wait_for("engine", {"ready"}, TIMEOUT_S)
    assert first.pid is not None
    _kill(first.pid)
    assert supervisor.wait_for("engine", {"waiting"}, TIMEOUT_S).detail
    second = supervisor.wait_for("engine", {"ready"}, TIMEOUT_S)
    assert (second.state, second.restarts) == ("ready", 1)
    assert second.pid != first.pid
    assert second.detail == ""


def test_stopping_does_not_wait_for_the_pause(supervisor: Supervisor) -> None:
    supervisor.start(_spec("engine", "raise SystemExit(2)"))
    supervisor.wait_for("engine", {"waiting"}, TIMEOUT_S)
    stopper = threading.Thread(target=supervisor.stop)
    stopper.start()
    stopper.join(TIMEOUT_S)
    assert not stopper.is_alive()


def test_a_deaf_one_is_killed(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    code = READY + "import threading; threading.Event().wait()"
    supervisor.start(_spec("engine", code))
    supervisor.wait_for("engine", {"ready"}, TIMEOUT_S)
    monkeypatch.setattr(child, "STOP_S", 0.2)
    supervisor.stop()
    assert supervisor.status()["engine"].state == "stopped"


def test_pauses_grow_and_are_bounded() -> None:
    pauses = [pause_s(failures) for failures in range(40)]
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST_PAUSE_S


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
