"""A typed command line: settings from arguments, refusals in one line."""

import contextlib
import io
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import tyro

from streams.skeleton.errors import AnymoveError

T = TypeVar("T")


def parse(settings: type[T], argv: Sequence[str] | None, *, prog: str, **options: Any) -> T:
    """The settings these arguments ask for.

    Args:
        settings: A frozen dataclass, or a union of subcommands.
        argv: Arguments; those of the process if None.
        prog: What help calls the command.
        options: Further options of ``tyro.cli``.

    Raises:
        ConfigError: Settings out of their range, or that contradict each other.
        SystemExit: Help was asked for, or the arguments are none of ours.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(settings, prog=prog, args=argv, **options)
    except SystemExit as stopped:
        # tyro draws a box around a setting the configuration itself refuses; its words are enough.
        cause: BaseException | None = stopped
        while cause is not None and not isinstance(cause, AnymoveError):
            cause = cause.__context__
        if cause is not None:
            raise cause from None
        sys.stderr.write(said.getvalue())
        raise
