"""A client's wish, as it came over the wire."""

from dataclasses import dataclass
from typing import Any, TypeVar

from streams.skeleton.errors import AnymoveError, InputError, WireError
from streams.wire import Message, field

LONGEST_ID = 64
LONGEST_TEXT = 60_000
LONGEST_DEADLINE_MS = 600_000

D = TypeVar("D", int, None)


@dataclass(frozen=True)
class Request:
    """One wish of a client."""

    client: bytes
    """Routing id, to be answered once."""
    id: str
    """The client's own."""
    op: str
    args: dict[str, Any]
    received_ns: int
    """``time.monotonic_ns`` when it arrived."""
    deadline_ns: int
    """``time.monotonic_ns`` from which on nobody waits for the answer."""


def id_of(message: Message) -> str:
    """The client's own id of a request.

    Raises:
        WireError: Not a request, or without an id of 1 to 64 characters.
    """
    if message.type != "request":
        raise WireError(f"wanted a request, got {message.type!r:.40}; see engine/network.py")
    found = field(message, "id", str)
    if not 1 <= len(found) <= LONGEST_ID:
        raise WireError(
            f"wanted a request id of 1 to {LONGEST_ID} characters, got {len(found)}; shorten it"
        )
    return found


def request_from(message: Message, *, client: bytes, received_ns: int) -> Request:
    """The request a message carries.

    Args:
        message: As decoded.
        client: Routing id.
        received_ns: ``time.monotonic_ns`` when it arrived.

    Raises:
        WireError: A field is missing, of another type or out of its range.
    """
    deadline_ms = field(message, "deadline_ms", (int, float))
    if not 0 < deadline_ms <= LONGEST_DEADLINE_MS:
        raise WireError(
            f"wanted a deadline of up to {LONGEST_DEADLINE_MS} ms, got {deadline_ms!r:.40}; shorten it"
        )
    # What the request has spent on the way is gone.
    left_ns = round(deadline_ms * 1e6) - (message.transit_ns or 0)
    return Request(
        client=client,
        id=id_of(message),
        op=field(message, "op", str),
        args=field(message, "args", dict),
        received_ns=received_ns,
        deadline_ns=received_ns + left_ns,
    )


class Arguments:
    """The arguments of one operation, each asked for by name and type.

    Args:
        op: Name of the operation, for the words of an error.
        given: What the client gave.
    """

    def __init__(self, op: str, given: dict[str, Any]) -> None:
        self._op = op
        self._left = dict(given)

    def text(self, name: str, *, default: str | None = None, longest: int = LONGEST_TEXT) -> str:
        """A text; ``default`` where it is missing or null.

        Raises:
            InputError: It is no text, too long, or missing where there is no default.
        """
        value = self._left.pop(name, None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise InputError(f"wanted {name} as text for {self._op}, got {value!r:.60}; give one")
        if len(value) > longest:
            raise InputError(
                f"wanted {name} of up to {longest} characters for {self._op}, got {len(value)}; shorten it"
            )
        return value

    def integer(self, name: str, *, low: int, high: int, default: D) -> int | D:
        """A whole number from ``low`` to ``high``; ``default`` where it is missing or null.

        Raises:
            InputError: It is something else.
        """
        value = self._left.pop(name, None)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InputError(
                f"wanted {name} as a whole number from {low} to {high} for {self._op}, got {value!r:.60}"
            )
        return value

    def number(self, name: str, *, low: float, high: float, default: float) -> float:
        """A number from ``low`` to ``high``; ``default`` where it is missing or null.

        Raises:
            InputError: It is something else.
        """
        value = self._left.pop(name, None)
        if value is None:
            return default
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
            raise InputError(
                f"wanted {name} as a number from {low:g} to {high:g} for {self._op}, got {value!r:.60}"
            )
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false.

        Raises:
            InputError: It is something else, or missing.
        """
        value = self._left.pop(name, None)
        if not isinstance(value, bool):
            raise InputError(f"wanted {name} as true or false for {self._op}, got {value!r:.60}; give one")
        return value

    def end(self) -> None:
        """Refuse arguments nobody asked for.

        Raises:
            InputError: There are some.
        """
        if self._left:
            unknown = ", ".join(sorted(self._left))
            raise InputError(f"wanted other arguments for {self._op}, got {unknown:.100}; leave them out")


def described(error: AnymoveError) -> dict[str, str]:
    """Code and words of an error, for the wire."""
    return {"code": error.code, "message": str(error)[:2000]}
