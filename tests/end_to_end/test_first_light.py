"""The whole road, with the real processes and the synthetic person."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from app.config import RunConfig
from app.installation import CAPTURE, ENGINE, Installation
from engine.client import EngineClient, PredictionReader
from engine.messages import ActionEvent

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

PATIENCE_S = 60.0
RECORDING = Path(__file__).resolve().parent.parent / "golden" / "show.session"
Started = Callable[[], list[psutil.Process]]


@pytest.fixture
def running(home: Path, easy_bundle: Path, no_orphans: Started) -> Iterator[Installation]:
    """Engine and capture, both ready, the synthetic person squatting."""
    config = RunConfig(source="synthetic:squat", bundle=easy_bundle, actions="x", headless=True)
    with Installation(config, on_line=lambda name, value: None) as installation:
        installation.start_engine()
        installation.start_capture()
        for name in (ENGINE, CAPTURE):
            status = installation.supervisor.wait_for(name, {"ready", "failed"}, PATIENCE_S)
            assert status.state == "ready", status.detail
        yield installation


def _next(reader: PredictionReader, wanted: Callable[[ActionEvent], bool]) -> ActionEvent:
    deadline_ns = time.monotonic_ns() + round(PATIENCE_S * 1e9)
    while time.monotonic_ns() < deadline_ns:
        event = reader.next_event(1.0)
        if event is not None and wanted(event):
            return event
    raise AssertionError("wanted an event, got none of that kind in time")


def test_an_action_typed_is_seen_renamed_and_gone(running: Installation) -> None:
    client = EngineClient(running.endpoints, timeout_s=PATIENCE_S)
    reader = PredictionReader(running.endpoints)
    with contextlib.closing(client), contextlib.closing(reader):
        reader.start(PATIENCE_S)
        action = client.add_action("fly like a bird")
        onset = _next(reader, lambda event: event.phase == "onset")
        assert (onset.class_id, onset.name) == (action.id, "fly like a bird")
        client.rename_action(action.id, "flap")
        client.remove_action(action.id)
        offset = _next(reader, lambda event: event.phase == "offset")
        assert (offset.id, offset.class_id, offset.name) == (onset.id, action.id, "flap")
        assert client.actions() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_an_action_survives_the_engines_death(running: Installation) -> None:
    client = EngineClient(running.endpoints, timeout_s=PATIENCE_S)
    reader = PredictionReader(running.endpoints)
    with contextlib.closing(client), contextlib.closing(reader):
        reader.start(PATIENCE_S)
        action = client.add_action("squat")
        _next(reader, lambda event: event.phase == "onset")
        first = running.supervisor.status()[ENGINE]
        assert first.pid is not None
        psutil.Process(first.pid).kill()
        assert running.supervisor.wait_for(ENGINE, {"waiting"}, PATIENCE_S).state == "waiting"
        second = running.supervisor.wait_for(ENGINE, {"ready"}, PATIENCE_S)
        assert (second.state, second.restarts) == ("ready", 1)
        assert [known.id for known in client.actions()] == [action.id]
        again = _next(reader, lambda event: event.phase == "onset")
        assert again.class_id == action.id


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "anymove", "run", *options]


@contextlib.contextmanager
def _started(*options: str) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        _command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _lines(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def test_headless_says_events_and_a_summary(home: Path, easy_bundle: Path, no_orphans: Started) -> None:
    options = ("--headless", "--source", "synthetic", "--actions", "squat", "--bundle", str(easy_bundle))
    with _started(*options) as process:
        said: list[dict[str, Any]] = []
        for line in _lines(process):
            if not said:
                process.send_signal(signal.SIGTERM)
            said.append(line)
        assert process.wait(PATIENCE_S) == 0
    *events, line = said
    assert line["type"] == "summary"
    assert [event["phase"] for event in events] == ["onset", "offset"]
    assert {event["name"] for event in events} == {"squat"}
    assert events[0]["id"] == events[1]["id"]
    assert line["most_frequent"] == "squat"
    assert line["captions"]["squat"] + line["idle"] + line["unknown"] == pytest.approx(1.0, abs=0.001)
    assert line["windows"] > 0
    assert line["latency_ms"]["p50"] <= line["latency_ms"]["p95"]
    assert line["dropped"]["predictions_missed"] == 0
    # A headless run leaves the user's own actions alone.
    assert not (home / "engine.db").exists()


def test_a_recording_is_played_to_its_end_and_nothing_is_lost(
    home: Path, easy_bundle: Path, no_orphans: Started
) -> None:
    options = (
        "--headless",
        "--fast",
        "--predictions",
        "--source",
        str(RECORDING),
        "--actions",
        "squat, bow",
    )
    with _started(*options, "--bundle", str(easy_bundle)) as process:
        *said, summary = _lines(process)
        assert process.wait(PATIENCE_S) == 0
    predictions = [line for line in said if line["type"] == "prediction"]
    events = [line for line in said if line["type"] == "event"]
    assert summary["type"] == "summary"
    assert summary["windows"] == len(predictions) > 10
    assert [prediction["sequence"] for prediction in predictions] == list(range(len(predictions)))
    assert summary["events"] == len({event["id"] for event in events}) > 0
    assert sum(event["phase"] == "offset" for event in events) == summary["events"]
    assert set(summary["dropped"].values()) == {0}
    assert summary["actions"] == ["squat", "bow"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--source", "no-such-clip.mp4"), "no-such-clip.mp4"),
        (("--source", "synthetic", "--bundle", "no-such-bundle"), "no-such-bundle"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(
    options: tuple[str, ...], words: str, home: Path, easy_bundle: Path, no_orphans: Started
) -> None:
    given = ("--bundle", str(easy_bundle), *options)
    done = subprocess.run(
        _command("--headless", "--actions", "squat", *given),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("anymove: wanted")
    assert words in last


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_nothing_outlives_a_killed_run(home: Path, easy_bundle: Path, no_orphans: Started) -> None:
    options = ("--source", "synthetic", "--port", "0", "--bundle", str(easy_bundle))
    with _started(*options) as process:
        assert process.stdout is not None
        assert "open http://" in process.stdout.readline()
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        process.kill()
        _, left = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert left == []


def _people(live: Any) -> list[dict[str, Any]]:
    """What the next ``people`` message of a page's live channel shows."""
    while True:
        received = live.recv(PATIENCE_S)
        if isinstance(received, str) and (message := json.loads(received))["type"] == "people":
            return message["people"]


def test_the_page_shows_what_is_typed(home: Path, easy_bundle: Path, no_orphans: Started) -> None:
    options = (
        "--source",
        "synthetic:squat",
        "--port",
        "0",
        "--actions",
        "squat",
        "--bundle",
        str(easy_bundle),
    )
    with _started(*options) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        with connect(url.replace("http", "ws") + "/live", proxy=None, max_size=None) as live:
            while not any(person["name"] == "squat" for person in _people(live)):
                pass
        answer = httpx.post(f"{url}/api/v1/actions", json={"name": "fly like a bird"}, timeout=PATIENCE_S)
        assert answer.json()["action"]["name"] == "fly like a bird"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
