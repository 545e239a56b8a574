"""One supervised process: started, watched, restarted after a pause, stopped."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Literal

logger = logging.getLogger(__name__)

State = Literal["starting", "ready", "waiting", "finished", "failed", "stopped"]
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
HEALTHY_S = 30.0
"""A process that ran this long after becoming ready has earned a fresh start, seconds."""
STOP_S = 6.0
MAX_LINE = 64 * 1024
LAST_LINES = 40


def leashed(module: str, *arguments: str) -> tuple[str, ...]:
    """Command line that runs a module of ours so that it ends when this process does."""
    return (sys.executable, "-m", "app.leash", module, *arguments)


@dataclass(frozen=True)
class ChildSpec:
    """One process to keep running."""

    name: str
    """What people call it, for example ``"engine"``."""
    command: tuple[str, ...]
    """Program and arguments. It prints ``{"ready": ...}`` as a line of JSON once it is of use."""
    ready_timeout_s: float = 90.0
    """Time it may take to become ready, seconds."""
    restart: bool = True
    """Start it again when it fails."""
    ends: bool = False
    """Status 0 means that its work is done, and is no failure."""


@dataclass(frozen=True)
class ChildStatus:
    """How one process fares."""

    name: str
    state: State
    detail: str = ""
    """What went wrong, in the process's own last words; empty while all is well."""
    restarts: int = 0
    pid: int | None = None


def pause_s(failures: int) -> float:
    """Seconds to wait before the next start, doubling from 0.5 to 15 with each failure in a row."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures, 10))


class Child:
    """One supervised process and the threads that read what it says."""

    def __init__(
        self,
        spec: ChildSpec,
        *,
        on_change: Callable[[ChildStatus], None],
        on_line: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._spec = spec
        self._on_change = on_change
        self._on_line = on_line
        self._status = ChildStatus(spec.name, "starting")
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._process_lock = threading.Lock()
        self._ready_ns: int | None = None
        self._too_slow = False
        self._last_words: deque[str] = deque(maxlen=LAST_LINES)
        self._thread = threading.Thread(target=self._supervise, name=f"watch-{spec.name}", daemon=True)

    @property
    def status(self) -> ChildStatus:
        """How the process fares now."""
        return self._status

    def start(self) -> None:
        """Start it, and the thread that watches it."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let go of the leash: the process is told to end, and will not be started again."""
        with self._process_lock:
            self._stopping.set()
            process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()

    def stop(self) -> None:
        """Return once the process has ended, by force if it does not within ``STOP_S``."""
        self.ask_to_stop()
        self._thread.join(STOP_S)
        process = self._process
        if self._thread.is_alive() and process is not None:
            logger.warning("%s did not stop within %g s and is killed", self._spec.name, STOP_S)
            process.kill()
            self._thread.join()

    def _become(self, state: State, detail: str = "", *, restarted: bool = False) -> None:
        process = self._process
        self._status = ChildStatus(
            self._spec.name,
            state,
            detail,
            self._status.restarts + restarted,
            process.pid if process is not None and state in ("starting", "ready") else None,
        )
        self._on_change(self._status)

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            code = self._run_once(first=failures == 0 and self._status.restarts == 0)
            if self._stopping.is_set():
                break
            if code == 0 and self._spec.ends:
                return self._become("finished")
            detail = self._explain(code)
            if not self._spec.restart:
                return self._become("failed", detail)
            logger.warning("%s ended: %s", self._spec.name, detail)
            failures = 0 if self._was_healthy() else failures
            self._become("waiting", detail)
            self._stopping.wait(pause_s(failures))
            failures += 1
        return self._become("stopped")

    def _run_once(self, *, first: bool) -> int:
        """Exit status of one life of the process."""
        self._last_words.clear()
        self._ready_ns = None
        self._too_slow = False
        with self._process_lock:
            if self._stopping.is_set():
                return 0
            process = self._process = _spawn(self._spec.command)
        self._become("starting", restarted=not first)
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [
            threading.Thread(target=self._read_stdout, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(process.stderr,), daemon=True),
        ]
        timer = threading.Timer(self._spec.ready_timeout_s, self._give_up, (process,))
        for thread in (*readers, timer):
            thread.start()
        code = process.wait()
        timer.cancel()
        for thread in readers:
            thread.join()
        with self._process_lock:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        return code

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        if self._ready_ns is None:
            self._too_slow = True
            process.kill()

    def _was_healthy(self) -> bool:
        return self._ready_ns is not None and time.monotonic_ns() - self._ready_ns > HEALTHY_S * 1e9

    def _explain(self, code: int) -> str:
        if self._too_slow:
            return f"it was not ready within {self._spec.ready_timeout_s:g} s"
        said = next((line for line in reversed(self._last_words) if line.strip()), "")
        return said or f"it ended with status {code} and said nothing"

    def _read_stdout(self, pipe: IO[bytes]) -> None:
        for line in _lines(pipe):
            value = _json_object(line)
            if value is None:
                logger.info("%s: %s", self._spec.name, line)
                continue
            if "ready" in value and self._ready_ns is None:
                self._ready_ns = time.monotonic_ns()
                self._become("ready")
            self._on_line(self._spec.name, value)

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        for line in _lines(pipe):
            self._last_words.append(line)
            logger.info("%s: %s", self._spec.name, line)


def _spawn(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Ctrl-C reaches this process alone, which then stops the others in order.
        start_new_session=True,
    )


def _lines(pipe: IO[bytes]) -> Iterator[str]:
    while line := pipe.readline(MAX_LINE):
        yield line.decode("utf-8", errors="replace").rstrip()


def _json_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
