import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zmq

from app import installation
from app.child import ChildSpec
from app.config import RunConfig
from app.installation import Installation


def _nobody(name: str, value: dict[str, Any]) -> None:
    pass


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ChildSpec]:
    """What would have been started."""
    specs: list[ChildSpec] = []
    monkeypatch.setattr(installation.Supervisor, "start", lambda self, spec: specs.append(spec))
    return specs


def test_the_folder_is_private_and_goes() -> None:
    with Installation(RunConfig(), on_line=_nobody) as made:
        assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
        assert made.endpoints.windows.startswith(f"ipc://{made.folder}")
    assert not made.folder.exists()


def test_what_a_killed_run_left_is_swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, mine, foreign = (tmp_path / f"anymove-{pid}-x" for pid in (gone.pid, os.getpid(), "notes"))
    for folder in (left, mine, foreign):
        folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(installation.tempfile, "tempdir", str(tmp_path))
    with Installation(RunConfig(), on_line=_nobody):
        assert (left.exists(), mine.exists(), foreign.exists()) == (False, True, True)


def test_without_ipc_free_ports_of_loopback_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zmq, "has", lambda capability: False)
    with Installation(RunConfig(), on_line=_nobody) as made:
        planes = vars(made.endpoints).values()
        assert all(address.startswith("tcp://127.0.0.1:") for address in planes)
        assert len(set(planes)) == 5


def test_a_path_too_long_for_a_socket_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr(installation.tempfile, "tempdir", str(deep))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with Installation(RunConfig(), on_line=_nobody) as made:
        assert made.endpoints.control.startswith("tcp://127.0.0.1:")


def test_options_reach_the_processes(started: list[ChildSpec], tmp_path: Path) -> None:
    config = RunConfig(
        source="clip.mp4",
        actions="wave",
        headless=True,
        fast=True,
        joints_only=True,
        poses=4,
        pairs=True,
        bundle=tmp_path,
    )
    with Installation(config, on_line=_nobody) as made:
        made.start_engine(store=tmp_path / "engine.db", restart=False)
        made.start_capture(restart=False)
        engine, capture = (" ".join(spec.command) for spec in started)
        assert f"--bundle {tmp_path.resolve()}" in engine
        assert f"--store {tmp_path / 'engine.db'}" in engine
        assert f"--endpoints.control {made.endpoints.control}" in engine
        assert "--source clip.mp4" in capture
        assert f"--endpoints.preview {made.endpoints.preview}" in capture
        assert "--poses 4 --pairs --joints-only --fast" in capture
        assert "--loop" not in capture


def test_only_a_file_is_looped_or_fast(started: list[ChildSpec]) -> None:
    config = RunConfig(source="synthetic", actions="wave", headless=True, fast=True)
    with Installation(config, on_line=_nobody) as made:
        made.start_capture(loop=True)
    assert not {"--loop", "--fast"} & set(started[0].command)


def test_a_browsers_camera_takes_the_place_of_what_was_watched(
    started: list[ChildSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(installation.Supervisor, "stop", lambda self, name=None: stopped.append(str(name)))
    with Installation(RunConfig(source="clip.mp4"), on_line=_nobody) as made:
        made.start_capture(loop=True)
        made.watch_browser(True)
        made.watch_browser(False)
        before, browser, after = (" ".join(spec.command) for spec in started)
        assert f"--source browser:{made.endpoints.browser}" in browser
        assert "--loop" not in browser
        assert before == after
        assert stopped == ["capture", "capture"]


def test_where_the_browser_is_the_source_there_is_nothing_to_change(started: list[ChildSpec]) -> None:
    with Installation(RunConfig(source="browser"), on_line=_nobody) as made:
        made.start_capture(loop=True)
        made.watch_browser(True)
        made.watch_browser(False)
        assert [f"--source browser:{made.endpoints.browser}" in " ".join(s.command) for s in started] == [
            True
        ]
