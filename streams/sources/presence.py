"""Whether a live source gives anything: told when it falls silent, and when it is back."""

import logging
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Presence:
    """Losses and returns of one source. Belongs to whoever iterates it.

    Args:
        name: Of the source.
        absent: Why nothing comes yet; None where the source is there to begin with.
    """

    def __init__(self, name: str, *, absent: str | None = None) -> None:
        self.losses = 0
        """How often it went away."""
        self.returns = 0
        """How often it came back."""
        self._name = name
        self._absent = absent
        self._since_ns = time.monotonic_ns()
        self._tell: Callable[[str | None], None] = lambda reason: None

    @property
    def absent(self) -> str | None:
        """Why nothing comes, a sentence of what to do in it; None while all is well."""
        return self._absent

    def on_change(self, tell: Callable[[str | None], None]) -> None:
        """Have ``tell`` called with ``absent`` now if it is not there, and whenever that changes."""
        self._tell = tell
        if self._absent is not None:
            tell(self._absent)

    def lose(self, reason: str) -> None:
        """Nothing comes any more; the same reason said again is no other loss."""
        if reason == self._absent:
            return
        if self._absent is None:
            self.losses += 1
            self._since_ns = time.monotonic_ns()
        self._absent = reason
        _log.warning("%s is gone and will be looked for: %s", self._name, reason)
        self._tell(reason)

    def find(self) -> None:
        """It is there, as mostly."""
        if self._absent is None:
            return
        self._absent = None
        # Somebody waited for was not away.
        self.returns += self.losses > self.returns
        _log.warning("%s is there after %.1f s", self._name, (time.monotonic_ns() - self._since_ns) / 1e9)
        self._tell(None)
