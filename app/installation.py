"""The processes of one run, where they meet, and how each is started."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq

from app.child import ChildSpec, leashed
from app.config import BROWSER_SOURCE, RunConfig
from app.processes import Supervisor
from streams.config import Endpoints

ENGINE = "engine"
CAPTURE = "capture"
BROWSER = "browser"
ENGINE_READY_S = 60.0
CAPTURE_READY_S = 90.0
"""The capture process also waits for the engine, seconds."""
_LONGEST_IPC_PATH = 80
_PREFIX = "anymove-"


class Installation:
    """A supervisor, a private folder and addresses in it. Use it as a context manager.

    Args:
        config: What to run.
        on_line: Called from reading threads with a process's name and each JSON object it prints.
    """

    def __init__(self, config: RunConfig, *, on_line: Callable[[str, dict[str, Any]], None]) -> None:
        self._config = config
        self.folder = _private_folder()
        self.endpoints = _endpoints(self.folder)
        self.supervisor = Supervisor(on_line)

    def __enter__(self) -> Self:
        """This, nothing started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process, the last one first, and remove the folder."""
        self.supervisor.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_engine(self, *, store: Path | None = None, restart: bool = True) -> None:
        """Start recognition.

        Args:
            store: File of its actions and events; the user's own if None.
            restart: Start it again whenever it fails.
        """
        options = _address_options(self.endpoints, "windows", "predictions", "control")
        if self._config.bundle is not None:
            options += ["--bundle", str(self._config.bundle.resolve())]
        if store is not None:
            options += ["--store", str(store)]
        command = leashed("engine", *options)
        self.supervisor.start(ChildSpec(ENGINE, command, ready_timeout_s=ENGINE_READY_S, restart=restart))

    def start_capture(self, *, loop: bool = False, restart: bool = True, browser: bool = False) -> None:
        """Start watching.

        Args:
            loop: Play a file again and again.
            restart: Start it again whenever it fails; a source that ends is no failure.
            browser: Watch through a browser's camera, whatever was to be watched.
        """
        config = self._config
        browser = browser or config.source == BROWSER_SOURCE
        source = f"{BROWSER_SOURCE}:{self.endpoints.browser}" if browser else config.source
        options = ["--source", source, *_address_options(self.endpoints, "windows", "preview")]
        options += ["--poses", str(config.poses)]
        options += ["--pairs"] if config.pairs else []
        options += ["--joints-only"] if config.joints_only else []
        is_file = config.source_is_file and not browser
        options += ["--fast"] if config.fast and is_file else []
        options += ["--loop"] if loop and is_file else []
        if config.pose_model is not None:
            options += ["--pose-model", str(config.pose_model.resolve())]
        command = leashed("streams", *options)
        self.supervisor.start(
            ChildSpec(CAPTURE, command, ready_timeout_s=CAPTURE_READY_S, restart=restart, ends=True)
        )

    def start_browser(self, program: str, url: str) -> None:
        """Start what shows a page in full screen, and again whenever it ends."""
        command = leashed("app.kiosk.browser", program, url)
        self.supervisor.start(ChildSpec(BROWSER, command))

    def watch_browser(self, on: bool) -> None:
        """Watch through a browser's camera from now on, or again what was watched before."""
        if self._config.source != BROWSER_SOURCE:
            self.stop_capture()
            self.start_capture(loop=True, browser=on)

    def stop_capture(self) -> None:
        """Return once nothing is watched any more and the last counters have been printed."""
        self.supervisor.stop(CAPTURE)


def _address_options(endpoints: Endpoints, *planes: str) -> list[str]:
    return [part for plane in planes for part in (f"--endpoints.{plane}", getattr(endpoints, plane))]


def _private_folder() -> Path:
    """A new folder that only this user can enter."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = bool(runtime) and os.access(runtime, os.W_OK) and len(runtime) < _LONGEST_IPC_PATH // 2
    base = Path(runtime if usable else tempfile.gettempdir())
    _sweep(base)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base))


def _sweep(base: Path) -> None:
    """Remove what runs that were killed have left behind."""
    for folder in base.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if os.name != "posix" or not pid.isdecimal() or folder.lstat().st_uid != os.getuid():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


def _endpoints(folder: Path) -> Endpoints:
    """Addresses of ipc sockets in the folder; where they cannot be, free ports of loopback."""
    if os.name == "posix" and zmq.has("ipc") and len(str(folder)) <= _LONGEST_IPC_PATH:
        return Endpoints.in_folder(folder)
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in fields(Endpoints)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return Endpoints(*(f"tcp://127.0.0.1:{port}" for port in ports))
