"""``anymove password``: sets the operator's password."""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.access import set_password
from streams.command_line import parse
from streams.config import home
from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class PasswordConfig:
    """Sets the operator's password: typed twice, or the first line of standard input."""

    home: Path | None = None
    """Folder for models, actions and logs; the user's data folder if not given."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0: the password is asked for from the next start on.

    Raises:
        ConfigError: Too short, too long, or not the same twice.
        StoreError: It could not be written.
    """
    config = parse(PasswordConfig, argv, prog="anymove password")
    folder = home() if config.home is None else config.home.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    set_password(folder, _typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))
    sys.stdout.write("anymove: the operator's password is set; it is asked for from the next start on\n")
    return 0


def _typed() -> str:
    password = getpass.getpass("Operator's password: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigError("wanted the same password twice, got two; start again")
    return password
