"""Runs a module as a process that never outlives the one that started it.

    python -m app.leash MODULE [ARGUMENT ...]

Standard input is the leash: a pipe whose other end the parent holds. When the pipe closes, because
the parent let go or because it was killed, the process gets SIGTERM, and a few seconds later it is
ended whatever it is doing. A pipe works on every system and, unlike Linux's parent-death signal,
does not depend on which thread of the parent started the process.
"""

import os
import runpy
import signal
import sys
import threading

GRACE_S = 5.0
"""Time between the polite request and the end, seconds."""


def _follow(leash: int, grace_s: float) -> None:
    while os.read(leash, 4096):
        pass
    # Windows cannot deliver SIGTERM to itself without dying at once: there it is simulated.
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGINT)
    threading.Event().wait(grace_s)
    os._exit(1)


def main(argv: list[str]) -> None:
    """Run the module named first with the other arguments, as ``python -m`` would.

    Raises:
        SystemExit: The module ended with a status.
    """
    if not argv:
        raise SystemExit("wanted python -m app.leash MODULE [ARGUMENT ...], got no module")
    threading.Thread(target=_follow, args=(sys.stdin.fileno(), GRACE_S), daemon=True, name="leash").start()
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
