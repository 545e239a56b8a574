"""The engine as a process: one line when it serves, one line when it cannot, gone when told to."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.bundle import Bundle
from engine.client import EngineClient
from engine.text.encoders import TextEncoder
from streams.config import Endpoints
from tests.engine.wire_peers import short_endpoints


@pytest.fixture
def arguments(tiny_bundle: Bundle, tmp_path: Path) -> Iterator[list[str]]:
    with short_endpoints() as endpoints:
        yield [
            f"--bundle={tiny_bundle.folder}",
            f"--store={tmp_path / 'engine.db'}",
            "--backend=onnxruntime",
            f"--endpoints.windows={endpoints.windows}",
            f"--endpoints.predictions={endpoints.predictions}",
            f"--endpoints.control={endpoints.control}",
        ]


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_serves_and_stops_when_told(
    arguments: list[str], minilm: TextEncoder, number: signal.Signals
):
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] is True
    assert ready["pid"] == process.pid
    client = EngineClient(Endpoints(control=ready["endpoints"]["control"]))
    assert client.add_action("wave").source == "library"
    client.close()
    begun_ns = time.monotonic_ns()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert time.monotonic_ns() - begun_ns < 2e9
    assert process.stdout.read() == ""
    assert "Traceback" not in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--bundle=/nowhere"], "wanted a model bundle with manifest.json, got /nowhere"),
        (
            ["--backend=abacus"],
            "wanted a backend (auto, onnxruntime, openvino",
        ),
        (["--capacity=0"], "wanted 1 to 10000 actions"),
        (["--endpoints.control=tcp://0.0.0.0:5583"], "--allow-remote"),
        (["--decision.off-share=0.9"], "off_share"),
    ],
)
def test_what_it_cannot_do_is_one_line_and_status_2(
    arguments: list[str],
    extra: list[str],
    words: str,
    minilm: TextEncoder,
    capsys: pytest.CaptureFixture[str],
):
    assert main([*arguments, *extra]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    said = [line for line in printed.err.splitlines() if not line.startswith(("INFO", "WARNING"))]
    assert len(said) == 1
    assert words in said[0]


def test_a_damaged_store_is_named(
    arguments: list[str], tmp_path: Path, minilm: TextEncoder, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "engine.db").write_bytes(os.urandom(4096))
    assert main(arguments) == 2
    assert "engine.db is damaged" in capsys.readouterr().err


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    for name in (
        "--bundle",
        "--endpoints.windows",
        "--bank",
        "--store",
        "--decision.smoothing-s",
        "--allow-remote",
    ):
        assert name in said
