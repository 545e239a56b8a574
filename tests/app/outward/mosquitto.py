"""A real broker on loopback, for tests: Debian's mosquitto, started and stopped at will."""

import getpass
import shutil
import socket
import subprocess
from pathlib import Path

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """A broker that keeps what it has for those who are away, across its restarts.

    Args:
        folder: Its own.
        users: File made by ``mosquitto_passwd``; anybody may come if None.
    """

    def __init__(self, folder: Path, *, users: Path | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"allow_anonymous {'true' if users is None else 'false'}\n"
            + (f"password_file {users}\n" if users else "")
            + f"persistence true\npersistence_location {folder}/\n"
            f"user {getpass.getuser()}\nlog_dest stderr\n"
        )
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return once it listens."""
        assert PROGRAM is not None
        command = [PROGRAM, "-c", str(self._settings)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.rstrip().endswith("running"):
                return
        raise AssertionError("mosquitto did not start")

    def stop(self) -> None:
        """Return once it has ended; what it holds is on the disk."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None
