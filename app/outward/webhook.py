"""Events by HTTP: a POST of JSON for every onset and offset.

    {"number": 17, "recorded": "2026-11-24T21:00:00.000+00:00",
     "event": {"id": "...", "phase": "onset", "name": "wave", "track": 0, "class_id": "...", ...}}

``event`` has the fields of ``engine.messages.ActionEvent``. ``number`` grows; one that comes again is the
same event. Any status from 200 to 299 means that the receiver has it.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from app.outward.forwarder import DeliveryError
from engine.messages import RecordedEvent, to_json
from streams.skeleton.errors import ConfigError

ANSWER_S = 5.0


def body_of(event: RecordedEvent) -> bytes:
    """The event as it goes outward: JSON in UTF-8, see above."""
    return json.dumps(to_json(event), ensure_ascii=False, allow_nan=False).encode()


def check_url(url: str) -> str:
    """The address, if it is one.

    Raises:
        ConfigError: It is not http or https with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"wanted http://HOST/PATH or https://... as the webhook, got {url!r:.80}")
    return url


def webhook(url: str) -> Callable[[RecordedEvent], None]:
    """What delivers an event to this address.

    Raises:
        ConfigError: It is no address.
    """
    # No redirects: an event goes where the operator said, and nowhere else.
    opener = urllib.request.build_opener(_NoRedirect)
    address = check_url(url)
    # What follows the host may be a secret.
    place = urlsplit(address).hostname

    def deliver(event: RecordedEvent) -> None:
        headers = {"content-type": "application/json", "user-agent": "anymove"}
        request = urllib.request.Request(address, body_of(event), headers, method="POST")
        try:
            with opener.open(request, timeout=ANSWER_S):
                return
        except (OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise DeliveryError(
                f"wanted to deliver event {event.number} to {place}, got {error}"
            ) from error

    return deliver


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None
