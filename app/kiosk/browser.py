"""Keeps the kiosk's browser in full screen; ``python -m app.leash app.kiosk.browser PROGRAM URL``.

A profile of its own, in a folder that goes with the process, so that a browser that died offers
nobody to restore anything. Whoever supervises this process starts a dead browser again.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

KNOWN = ("chromium", "chromium-browser", "google-chrome", "msedge")
FLAGS = (
    "--kiosk",
    "--noerrdialogs",
    "--no-first-run",
    "--disable-infobars",
    "--disable-session-crashed-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def found() -> str | None:
    """Path of the first browser of this machine that can be a kiosk; None where there is none."""
    return next((path for name in KNOWN if (path := shutil.which(name))), None)


def main(argv: list[str]) -> int:
    """Exit status of the browser, which has shown the page until it ended or this was told to end."""
    program, url = argv
    with tempfile.TemporaryDirectory(prefix="anymove-browser-") as profile:
        started: list[subprocess.Popen[bytes]] = []
        ending = threading.Event()

        def end(*_: object) -> None:
            ending.set()
            for browser in started:
                browser.terminate()

        # Before the browser: a signal in between would leave one that nobody looks after.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        browser = subprocess.Popen([program, *FLAGS, f"--user-data-dir={profile}", url])
        started.append(browser)
        if ending.is_set():
            browser.terminate()
        sys.stdout.write(json.dumps({"ready": {"pid": browser.pid}}) + "\n")
        sys.stdout.flush()
        # A kiosk's browser never ends of its own accord: whatever its status, it is to come back.
        return browser.wait() or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
