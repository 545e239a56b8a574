"""Writes ``run.lock`` and ``test.lock``: every dependency of pyproject.toml, pinned.

Run it with ``make lock`` in an environment that has pip-tools. pip alone finds the CPU build of
torch on machines that carry one; its local suffix (``+cpu``) is dropped, so that the same line
resolves everywhere.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUIET = (
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-header",
    "--no-annotate",
)


def compile_lock(name: str, *options: str) -> None:
    """Write one lock file."""
    target = ROOT / "requirements" / name
    command = [sys.executable, "-m", "piptools", "compile", "-q", "--strip-extras", *QUIET, *options]
    subprocess.run([*command, "-o", str(target), str(ROOT / "pyproject.toml")], check=True)
    target.write_text(re.sub(r"\+cpu$", "", target.read_text("utf-8"), flags=re.M), "utf-8")


if __name__ == "__main__":
    compile_lock("run.lock")
    compile_lock("test.lock", "--extra", "dev", "-c", str(ROOT / "requirements" / "run.lock"))
