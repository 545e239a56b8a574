"""``anymove run``: starts everything, until it is stopped or the source ends."""

import logging
import logging.handlers
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import tyro

from app.config import RunConfig
from streams.command_line import parse
from streams.config import home
from streams.skeleton.errors import AnymoveError

LOG_FILE = "run.log"
LOG_BYTES = 1_000_000
LOG_FILES = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped, or the source has ended, 2 after one line that says what was wrong."""
    try:
        config = parse(RunConfig, argv, prog="anymove run", config=(tyro.conf.FlagCreatePairsOff,))
        if config.home is not None:
            # The processes started from here look there, too.
            os.environ["ANYMOVE_HOME"] = str(config.home.resolve())
        _log_to(home())
        _run(config)
    except AnymoveError as error:
        print(f"anymove: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _run(config: RunConfig) -> None:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    # Gradio takes seconds to load, and a headless run does without it.
    if config.headless:
        from app.headless import HeadlessRun

        HeadlessRun(config, say=_say, stopping=stopping).run()
    else:
        from app.page import PageRun

        PageRun(config, say=_say, stopping=stopping).run()


def _say(line: str) -> None:
    print(line, flush=True)


def _log_to(folder: Path) -> Path:
    """Everything into a file of bounded size, what is wrong to stderr as well."""
    path = folder / LOG_FILE
    everything = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    everything.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    wrong = logging.StreamHandler(sys.stderr)
    wrong.setLevel(logging.WARNING)
    wrong.setFormatter(logging.Formatter("anymove: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[everything, wrong], force=True)
    return path


if __name__ == "__main__":
    sys.exit(main())
