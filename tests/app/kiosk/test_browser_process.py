import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FAKE = """#!{python}
import signal, sys
print("args", *sys.argv[1:], file=sys.stderr, flush=True)
{rest}
"""


def _start(tmp_path: Path, rest: str) -> "subprocess.Popen[str]":
    program = tmp_path / "browser"
    program.write_text(FAKE.format(python=sys.executable, rest=rest))
    program.chmod(0o700)
    command = [
        sys.executable,
        "-m",
        "app.leash",
        "app.kiosk.browser",
        str(program),
        "http://127.0.0.1:1/kiosk",
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.skipif(os.name != "posix", reason="the fake browser is a script")
def test_a_browser_that_ends_is_a_failure_to_be_mended(tmp_path: Path) -> None:
    process = _start(tmp_path, "sys.exit(0)")
    assert process.wait(timeout=30) == 1
    out, err = process.communicate()
    assert "ready" in json.loads(out.splitlines()[0])
    assert "--kiosk" in err
    assert "http://127.0.0.1:1/kiosk" in err


@pytest.mark.skipif(os.name != "posix", reason="the fake browser is a script")
def test_the_browser_ends_with_its_leash(tmp_path: Path) -> None:
    process = _start(tmp_path, "signal.pause()")
    assert process.stdout is not None
    assert process.stdin is not None
    pid = json.loads(process.stdout.readline())["ready"]["pid"]
    process.stdin.close()
    process.wait(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
