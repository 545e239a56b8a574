"""A real run with its page, and a real browser to look at it: for benches and for pictures."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from streams.config import Endpoints, models_folder

STOP_S = 20.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@dataclass(frozen=True)
class RealPage:
    """A run in progress."""

    url: str
    pid: int
    endpoints: Endpoints


@contextmanager
def real_page(*options: str) -> Generator[RealPage]:
    """``anymove run`` on a free port, with a data folder of its own, until the end of the block.

    Args:
        options: Further options of ``anymove run``.
    """
    with tempfile.TemporaryDirectory(prefix="am") as runtime:
        folder = Path(runtime) / "home"
        folder.mkdir()
        # Its actions are its own; the models that have been made ready are everybody's.
        (folder / "models").symlink_to(models_folder())
        command = [sys.executable, "-m", "app", "--port", "0", "--home", str(folder), *options]
        # Where it makes its private folder, so that we find its sockets.
        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "open http" in line), "")
            if not line:
                raise RuntimeError("wanted a page, the run ended before it had one; try `anymove run`")
            (private,) = Path(runtime).glob("anymove-*")
            url = line.split("open ")[1].split()[0]
            yield RealPage(url, process.pid, Endpoints.in_folder(private))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                # What it started goes with it: their leash is cut.
                process.kill()
                process.communicate()


@contextmanager
def chromium(extra: Sequence[str] = ()) -> Generator[Browser]:
    """Headless Chromium until the end of the block."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise RuntimeError("wanted chromium, got none; install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *extra])
        yield browser
        browser.close()
