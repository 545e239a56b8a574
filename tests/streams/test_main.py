"""The capture process as others start it: arguments in, lines of JSON and an exit code out."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from streams.pose_model import prepare_pose_model
from streams.preview import PreviewReader
from streams.recorder import SessionRecorder
from streams.session_file import summarize
from streams.skeleton.errors import ModelFileError
from tests.streams.conftest import REPOSITORY
from tests.streams.fakes import WAIT_S, FakeEngine, waving

pytestmark = pytest.mark.processes
LONG_S = 60.0


@pytest.fixture
def engine(address: str) -> Iterator[FakeEngine]:
    engine = FakeEngine(address)
    yield engine
    engine.stop()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "a.session"
    with closing(SessionRecorder(path, source="test")) as recorder:
        for frame in waving(3.0):
            recorder.write(frame)
    return path


def command(address: str, *arguments: str) -> list[str]:
    endpoints = ["--endpoints.windows", address, "--endpoints.preview", f"{address}-preview"]
    return [sys.executable, "-m", "streams", *endpoints, *arguments]


def run(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(address, *arguments),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_recording_is_played_to_its_end(engine: FakeEngine, session: Path) -> None:
    done = run(engine.endpoint, "--source", str(session), "--fast", "--stream", "cam")
    assert (done.returncode, done.stderr) == (0, "")
    ready, end = lines(done.stdout)
    assert ready["ready"]["source"] == str(session)
    assert ready["ready"]["window"] == {"frames": 48, "length_s": 2.4}
    assert end["end"]["windows"] == len(engine.windows) == 10
    assert {w.stream for w in engine.windows} == {"cam"}


def test_who_is_waited_for_may_take_their_time(engine: FakeEngine, address: str) -> None:
    process = subprocess.Popen(
        command(engine.endpoint, "--source", f"kinect:{address}-sensor"),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        ready, gone = (json.loads(process.stdout.readline()) for _ in range(2))
        process.send_signal(signal.SIGTERM)
        end = json.loads(process.stdout.readline())
    assert ready["ready"]["source"] == f"kinect:{address}-sensor"
    assert "start the sensor's program" in gone["gone"]
    assert end["end"]["frames"] == 0


def test_asked_to_stop_it_ends_in_order(engine: FakeEngine, tmp_path: Path) -> None:
    record = tmp_path / "b.session"
    process = subprocess.Popen(
        command(engine.endpoint, "--source", "synthetic:standing", "--record", str(record)),
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "ready" in json.loads(process.stdout.readline())
    assert engine.wait(lambda e: len(e.windows) >= 2)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=WAIT_S)
    # A loaded machine may be told that it is slow.
    said = [line for line in err.splitlines() if "too few pictures a second" not in line]
    assert (process.returncode, said) == (0, [])
    (end,) = lines(out)
    assert end["end"]["frames_recorded"] == summarize(record).frames > 30


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A second of noise: pictures without anybody."""
    rng = np.random.default_rng(0)
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 20, (64, 48))
    for _ in range(20):
        writer.write(rng.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    return tmp_path / "a.mp4"


@pytest.mark.parametrize("joints_only", [True, False])
def test_joints_only_keeps_every_picture_in_the_process(
    engine: FakeEngine, video: Path, joints_only: bool
) -> None:
    try:
        prepare_pose_model()
    except ModelFileError as error:
        pytest.skip(f"no pose model here: {error}")
    options = ["--source", str(video), "--loop", *(["--joints-only"] if joints_only else [])]
    process = subprocess.Popen(
        command(engine.endpoint, *options),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with closing(PreviewReader(f"{engine.endpoint}-preview")) as reader:
        preview = None
        for _ in range(5):
            preview = reader.newer_than(preview, LONG_S)
            assert preview is not None
            assert (preview.jpeg is None) == joints_only
            assert preview.joints_only == joints_only
            assert (preview.width, preview.height) == (64, 48)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=WAIT_S)
    # A loaded machine may be told that it is slow.
    said = [line for line in err.splitlines() if "too few pictures a second" not in line]
    assert (process.returncode, said) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "/no/such.mp4"], "got '/no/such.mp4', which is none of them; check the spelling"),
        (["--source", "93"], "wanted camera 93, got none"),
        (["--source", "pyproject.toml"], "got text that begins"),
        (["--source", "synthetic", "--fast"], "leave out --fast"),
        (["--source", "synthetic", "--record", "/no/folder/x"], "wanted to record to /no/folder/x"),
        (["--source", "synthetic", "--record", "README.md"], "wanted a recorded session"),
        (["--source", "synthetic", "--engine-wait-s", "0.1"], "wanted an engine at"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    address: str, arguments: list[str], said: str
) -> None:
    if "README.md" in arguments and not (REPOSITORY / "README.md").exists():
        arguments = ["--source", "synthetic", "--record", "pyproject.toml"]
    done = run(address, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--stream", ""], ["--hop-s", "0"], ["--hop-s", "often"], ["--no-such"]]
)
def test_flags_out_of_range_are_explained(address: str, arguments: list[str]) -> None:
    done = run(address, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_native_chatter_goes_where_it_is_sent(address: str, tmp_path: Path) -> None:
    log = tmp_path / "native.log"
    done = run(address, "--source", "93", "--native-log", str(log))
    assert done.returncode == 2
    assert "VIDEOIO" in log.read_text()
    assert "VIDEOIO" not in done.stderr


def test_help_explains_every_flag(address: str) -> None:
    done = run(address, "--help")
    assert done.returncode == 0
    for flag in ("--source", "--joints-only", "--pose-model", "--record", "--fast", "--hop-s"):
        assert flag in done.stdout
    assert "No picture leaves this process" in done.stdout


def test_importing_what_the_page_needs_loads_neither_opencv_nor_mediapipe() -> None:
    heavy = "{'cv2', 'mediapipe', 'torch'}"
    script = f"import sys, streams.preview, streams.sender; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True,
        env={**os.environ},
    )  # fmt: skip
    assert done.stdout.strip() == "set()"
