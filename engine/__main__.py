"""Runs the engine: ``python -m engine [--endpoints.windows ...]``.

Once it serves, it prints one line of JSON, ``{"ready": true, ...}``, and nothing else. SIGTERM and
SIGINT stop it. Status 2 means that it was asked for something it cannot do, 1 that it failed.
"""

import contextlib
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence

import tyro

from engine.config import EngineConfig, is_local
from engine.server import EngineServer
from streams.skeleton.errors import AnymoveError


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of an engine that served until it was stopped."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return serve(parse(argv))
    except AnymoveError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parse(argv: Sequence[str] | None) -> EngineConfig:
    """The settings these arguments ask for.

    Raises:
        ConfigError: Settings out of their range, or that contradict each other.
        SystemExit: Help was asked for, or the arguments are none of ours.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(EngineConfig, prog="anymove engine", args=argv)
    except SystemExit as stopped:
        # tyro draws a box around a setting the configuration itself refuses; its words are enough.
        cause: BaseException | None = stopped
        while cause is not None and not isinstance(cause, AnymoveError):
            cause = cause.__context__
        if cause is not None:
            raise cause from None
        sys.stderr.write(said.getvalue())
        raise


def serve(config: EngineConfig) -> int:
    """Exit status of an engine that served until it was stopped.

    Raises:
        AnymoveError: It cannot start.
    """
    remote = [endpoint for endpoint in config.listening if not is_local(endpoint)]
    if remote:
        logging.warning("other machines can reach %s: nothing is encrypted", ", ".join(remote))
    with EngineServer(config) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.request_stop())
        print(json.dumps({"ready": True, "pid": os.getpid(), "endpoints": server.endpoints}), flush=True)
        try:
            server.wait()
        except AnymoveError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
