"""Who may do what: everybody may watch; once there is an operator's password, only operators change things.

An operator is who has logged in with the password (a cookie that no script can read), or a program
with the token of this installation. Without a password everybody who reaches the page is one; the
page then listens on this machine alone.
"""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.shelf import write_atomically
from streams.skeleton.errors import AccessError, ConfigError, StoreError

Role = Literal["operator", "visitor"]

COOKIE = "anymove_session"
SESSION_S = 30 * 60
"""An operator who does nothing for this long is logged out, seconds."""
MOST_SESSIONS = 64
FREE_TRIES = 5
WAIT_S = 30.0
"""After five wrong passwords in a row nobody may try for this long, seconds."""
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
_COST: dict[str, Any] = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


@dataclass(frozen=True)
class Secrets:
    """What this installation knows operators and programs by."""

    password: "PasswordHash | None"
    """None: no password was ever set."""
    token: str
    """Of programs, for ``Authorization: Bearer``."""


@dataclass(frozen=True)
class PasswordHash:
    """A password as it is kept: scrypt with a salt of its own."""

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        """The hash of a new password.

        Raises:
            ConfigError: Shorter than 8 or longer than 256 characters.
        """
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise ConfigError(
                f"wanted a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, "
                f"got {len(password)}; choose another"
            )
        salt = secrets.token_bytes(16)
        return cls(salt, hashlib.scrypt(password.encode(), salt=salt, **_COST))

    def is_of(self, password: str) -> bool:
        """Whether this is the password; takes some 50 ms either way."""
        digest = hashlib.scrypt(password[:LONGEST_PASSWORD].encode(), salt=self.salt, **_COST)
        return hmac.compare_digest(digest, self.digest)


def read_secrets(folder: Path) -> Secrets:
    """The installation's secrets; a token is made where there is none.

    Raises:
        StoreError: They cannot be read or written, or are damaged.
    """
    try:
        token_path = folder / "api-token"
        if not token_path.exists():
            write_atomically(token_path, secrets.token_urlsafe(32).encode())
        path = folder / "operator.json"
        password = None
        if path.exists():
            raw = json.loads(path.read_text("utf-8"))
            password = PasswordHash(bytes.fromhex(raw["salt"]), bytes.fromhex(raw["digest"]))
        return Secrets(password, token_path.read_text("utf-8").strip())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"wanted the operator's password and the token in {folder}, got {error!r:.80}; "
            "set the password again with `anymove password`"
        ) from error


def set_password(folder: Path, password: str) -> None:
    """Have operators known by this password from the next start on.

    Raises:
        ConfigError: Too short or too long.
        StoreError: It could not be written.
    """
    made = PasswordHash.of(password)
    content = json.dumps({"salt": made.salt.hex(), "digest": made.digest.hex()})
    try:
        write_atomically(folder / "operator.json", content.encode())
    except OSError as error:
        raise StoreError(f"wanted to write in {folder}, got {error.strerror}; make room") from error


class Access:
    """Knows operators from visitors. Thread-safe.

    Args:
        secrets: Of this installation.
        clock: ``time.monotonic_ns`` or a test's own.
    """

    def __init__(self, secrets: Secrets, *, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._secrets = secrets
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, int] = {}
        self._wrong = 0
        self._locked_until_ns = 0

    @property
    def protected(self) -> bool:
        """Whether there is a password."""
        return self._secrets.password is not None

    def role(self, *, session: str | None, authorization: str | None) -> Role:
        """Who this is, from the cookie and the ``Authorization`` header of a request."""
        if not self.protected:
            return "operator"
        kind, _, token = (authorization or "").partition(" ")
        ours = self._secrets.token.encode()
        if kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), ours):
            return "operator"
        return "operator" if session and self._is_open(session) else "visitor"

    def log_in(self, password: str) -> str:
        """A new session's id.

        Raises:
            AccessError: The password is wrong, or was wrong too often.
        """
        with self._lock:
            now = self._clock()
            if now < self._locked_until_ns:
                left = (self._locked_until_ns - now) / 1e9
                raise AccessError(
                    f"wanted the operator's password, got {FREE_TRIES} wrong ones; wait {left:.0f} s"
                )
        known = self._secrets.password
        if known is None or not known.is_of(password):
            self._count_wrong()
            raise AccessError("wanted the operator's password, got another one; try again")
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._wrong = 0
            self._sessions[session] = self._clock()
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
        return session

    def log_out(self, session: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(session, None)

    def _count_wrong(self) -> None:
        with self._lock:
            self._wrong += 1
            if self._wrong >= FREE_TRIES:
                self._wrong = 0
                self._locked_until_ns = self._clock() + round(WAIT_S * 1e9)

    def _is_open(self, session: str) -> bool:
        with self._lock:
            used_ns = self._sessions.pop(session, None)
            now = self._clock()
            if used_ns is None or now - used_ns > SESSION_S * 1e9:
                return False
            # The session used last comes last.
            self._sessions[session] = now
            return True
