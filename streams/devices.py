"""``anymove devices``: the cameras of this machine, by the numbers under which they are opened."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from streams.command_line import parse

DEV = Path("/dev")
NAMES = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class DevicesConfig:
    """Lists the cameras of this machine; opens none of them."""

    json: bool = False
    """One line of JSON instead of a table."""


@dataclass(frozen=True)
class Device:
    """One video device."""

    number: int
    """What ``--source`` wants."""
    name: str
    """What the driver calls it; empty where it does not tell."""
    readable: bool
    """Whether this user may open it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of ``anymove devices``."""
    config = parse(DevicesConfig, argv, prog="anymove devices", description=DevicesConfig.__doc__)
    found = devices(DEV, NAMES)
    if config.json:
        sys.stdout.write(json.dumps([asdict(device) for device in found]) + "\n")
    elif not found:
        sys.stdout.write("no video device here; try --source synthetic, or the path of a video\n")
    for device in () if config.json else found:
        locked = "" if device.readable else "  (not readable: add yourself to the group video)"
        sys.stdout.write(f"--source {device.number}  {device.name or 'camera'}{locked}\n")
    return 0


def devices(dev: Path, names: Path) -> tuple[Device, ...]:
    """The video devices Linux lists; none elsewhere, where only opening them would tell.

    Args:
        dev: Where devices are.
        names: Where the kernel names them.
    """
    found: list[Device] = []
    for path in dev.glob("video*") if dev.is_dir() else ():
        number = path.name.removeprefix("video")
        if number.isascii() and number.isdecimal():
            told = names / path.name / "name"
            name = told.read_text("utf-8", errors="replace").strip() if told.is_file() else ""
            found.append(Device(int(number), name, os.access(path, os.R_OK | os.W_OK)))
    return tuple(sorted(found, key=lambda device: device.number))


if __name__ == "__main__":
    sys.exit(main())
