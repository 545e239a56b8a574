"""Runs the engine: ``python -m engine [--endpoints.windows ...]``.

Once it serves, it prints one line of JSON, ``{"ready": true, ...}``, and nothing else. SIGTERM and
SIGINT stop it. Status 2 means that it was asked for something it cannot do, 1 that it failed.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Sequence

from engine.config import EngineConfig, is_local
from engine.server import EngineServer
from streams.command_line import parse
from streams.skeleton.errors import AnymoveError


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of an engine that served until it was stopped."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return serve(parse(EngineConfig, argv, prog="anymove engine"))
    except AnymoveError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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
        health = server.health()
        backend = {"name": health["backend"], "precision": health["precision"], **health["backend_choice"]}
        ready = {"ready": True, "pid": os.getpid(), "endpoints": server.endpoints, "backend": backend}
        print(json.dumps(ready), flush=True)
        try:
            server.wait()
        except AnymoveError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
