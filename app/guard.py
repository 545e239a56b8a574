"""The page's border: who may call it, how much a call may carry, what the browser may load.

A page on loopback is reachable by every web site the user opens. Two checks keep them out: the
``Host`` header must be one of ours (a name that an attacker points at 127.0.0.1 is not), and a
request made by another site's page, WebSockets included, is refused by its ``Origin``.
"""

import ipaddress
import socket
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
MAX_FILE_BYTES = 1024 * 1024
"""For the one route that takes a file of actions."""
FILE_PATH = "/api/v1/vocabulary"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Gradio evaluates templates and writes inline styles; nothing may come from another host.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True)
class AllowedHosts:
    """The names under which this page may be called.

    Attributes:
        bound: Address the server listens on.
        names: Names allowed besides loopback's.
    """

    bound: str = "127.0.0.1"
    names: frozenset[str] = field(default_factory=frozenset[str])

    def __contains__(self, host: str) -> bool:
        """Whether a ``Host`` header, or an origin's host and port, is one of ours."""
        name = _name_of(host)
        if name in _LOOPBACK or name in self.names or name == self.bound:
            return True
        # Nobody can point an address literal elsewhere; names of the network could be anybody's.
        return self.bound not in _LOOPBACK and (_is_address(name) or name == socket.gethostname().lower())


def _name_of(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware around every route, Gradio's and the WebSocket included."""

    def __init__(self, app: ASGIApp, *, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with the reason why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        limit = MAX_FILE_BYTES if scope["path"] == FILE_PATH else MAX_BODY_BYTES
        refused = self._refusal(scope["type"], Headers(scope=scope), limit=limit)
        if refused is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refused[1]})
        else:
            await PlainTextResponse(refused[1], refused[0])(scope, receive, send)

    def _refusal(self, kind: str, headers: Headers, *, limit: int) -> tuple[int, str] | None:
        """Status and reason, or None for a request of ours."""
        host = headers.get("host", "")
        if host not in self._hosts:
            return 403, f"wanted this page's own address, got Host {host[:80]!r}; open it by its address"
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return 403, f"wanted a request of this page's own, got one from {origin[:80]!r}"
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return 403, "wanted a request of this page's own, got one from another site"
        if kind == "http" and "transfer-encoding" in headers:
            return 411, "wanted a body of known length, got a chunked one"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return 413, f"wanted a body of at most {limit} bytes, got {length[:20]}"
        return None


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return guarded
