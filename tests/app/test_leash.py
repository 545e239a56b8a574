import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Says when it is there, then waits for ever; says so when it is asked to stop, if it listens at all.
CHILD = """
import signal, sys, threading
stop = threading.Event()
if sys.argv[1] == "polite":
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", *sys.argv[1:], __name__, flush=True)
while not stop.wait(0.05):
    pass
print("bye", flush=True)
"""
# A parent that starts the child on a leash, passes on its process id, and then waits for its own end.
PARENT = """
import subprocess, sys, threading
command = [sys.executable, "-m", "app.leash", "child_module", "polite"]
child = subprocess.Popen(command, stdin=subprocess.PIPE)
print(child.pid, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "child_module.py").write_text(CHILD)
    return tmp_path


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.leash", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_runs_the_module_as_main(folder: Path) -> None:
    with _start(folder, "child_module", "polite", "--flag") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here polite --flag __main__\n"
        out, _ = child.communicate(timeout=30)
    assert out == "bye\n"


def test_letting_go_ends_even_a_deaf_child(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import app.leash as l, sys; l.GRACE_S = 0.1; l.main(sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", code, "child_module", "deaf"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("here deaf")
        child.communicate(timeout=30)
    assert child.returncode == 1


def test_passes_on_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("raise SystemExit(2)")
    with _start(tmp_path, "fails") as child:
        assert child.wait(30) == 2


def test_needs_a_module(tmp_path: Path) -> None:
    with _start(tmp_path) as child:
        _, error = child.communicate(timeout=30)
    assert child.returncode == 1
    assert "got no module" in error


@pytest.mark.processes
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_no_orphan_outlives_a_killed_parent(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline().startswith("here polite")
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
        # The child holds the other end of this pipe: it reads as ended only when the child is gone.
        assert parent.stdout.read() == "bye\n"
