"""Events by MQTT 3.1.1, quality of service 1.

    PREFIX/events   the JSON of ``app.outward.webhook``, one message for every onset and offset
    PREFIX/status   "online", retained; "offline" once this program ends, is killed or loses the broker

``number`` grows; a message that comes again (QoS 1 may do that) has the number of the first. The user and
the password come from ``ANYMOVE_MQTT_USER`` and ``ANYMOVE_MQTT_PASSWORD`` or from the two lines of the file
``mqtt-login`` in the data folder, never from an option that other users of the machine can read.
"""

import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from app.outward.forwarder import DeliveryError
from app.outward.webhook import body_of
from engine.messages import RecordedEvent
from streams.skeleton.errors import ConfigError

logger = logging.getLogger(__name__)

ANSWER_S = 5.0
KEEPALIVE_S = 20
LONGEST_RETRY_S = 30
LONGEST_PREFIX = 200
PORTS = {"mqtt": 1883, "mqtts": 8883}
LOGIN_FILE = "mqtt-login"
USER, PASSWORD = "ANYMOVE_MQTT_USER", "ANYMOVE_MQTT_PASSWORD"


@dataclass(frozen=True)
class Broker:
    """Where events go, and under which topics."""

    host: str
    port: int
    encrypted: bool
    prefix: str

    @classmethod
    def at(cls, address: str) -> "Broker":
        """The broker of ``mqtt://HOST[:PORT][/PREFIX]``, or ``mqtts://`` for TLS.

        Raises:
            ConfigError: It is no such address, or has a password in it.
        """
        wanted = "wanted mqtt://HOST[:PORT][/PREFIX] or mqtts://..."
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"{wanted}, got {error}; change --mqtt") from None
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                f"{wanted}, got one with a user in it, which others can read; use {USER} and {PASSWORD}"
            )
        prefix = parts.path.strip("/") or "anymove"
        sound = parts.scheme in PORTS and bool(parts.hostname) and not set(address) & set("+#?\0")
        if not sound or len(prefix) > LONGEST_PREFIX:
            raise ConfigError(f"{wanted} without wildcards, got {address!r:.80}; change --mqtt")
        return cls(parts.hostname or "", port or PORTS[parts.scheme], parts.scheme == "mqtts", prefix)


@dataclass(frozen=True)
class Login:
    """What the broker knows this program by."""

    user: str
    password: str = field(repr=False)


def read_login(environment: Mapping[str, str], folder: Path) -> Login | None:
    """The user and password of the environment, else of the folder's file; None where there are none.

    Raises:
        ConfigError: The file cannot be read, or is not two lines.
    """
    if environment.get(USER):
        return Login(environment[USER], environment.get(PASSWORD, ""))
    path = folder / LOGIN_FILE
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"wanted to read {path}, got {type(error).__name__}; make it readable") from None
    if len(lines) != 2 or not lines[0]:
        raise ConfigError(f"wanted a user and a password in {path}, got {len(lines)} lines; write two")
    return Login(*lines)


class MqttLink:
    """Delivers events to a broker; call it as ``Forwarder`` does, from one thread. Reconnects by itself.

    Args:
        broker: Where to.
        login: None where the broker asks nobody.
        longest_retry_s: Longest pause between two tries to connect, seconds.
    """

    def __init__(
        self, broker: Broker, login: Login | None = None, *, longest_retry_s: int = LONGEST_RETRY_S
    ) -> None:
        self._broker = broker
        self._status = f"{broker.prefix}/status"
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=f"anymove-{secrets.token_hex(6)}"
        )
        if login is not None:
            client.username_pw_set(login.user, login.password)
        if broker.encrypted:
            client.tls_set()
        client.will_set(self._status, "offline", qos=1, retain=True)
        client.reconnect_delay_set(1, longest_retry_s)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        self._refused = "no connection"
        self._online = threading.Event()
        # Of the one event on its way: its number, and the message the client goes on sending by itself.
        self._pending: tuple[int, int] | None = None
        self._acknowledged: set[int] = set()
        self._news = threading.Event()
        client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE_S)
        client.loop_start()

    def __call__(self, event: RecordedEvent) -> None:
        """Return once the broker has the event.

        An event that was handed to the client is not handed to it again: the client itself sends it
        once more after a reconnection.

        Raises:
            DeliveryError: It has not, yet.
        """
        if self._pending is None or self._pending[0] != event.number:
            if not self._online.is_set():
                raise self._missed(event, self._refused)
            self._acknowledged.clear()
            info = self._client.publish(f"{self._broker.prefix}/events", body_of(event), qos=1)
            self._pending = event.number, info.mid
        if not self._has_come(self._pending[1]):
            raise self._missed(event, "no answer" if self._online.is_set() else self._refused)
        self._pending = None

    def wait_until_connected(self, timeout_s: float) -> bool:
        """Whether the broker has let this program in by then."""
        return self._online.wait(timeout_s)

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        if self._online.is_set():
            self._acknowledged.clear()
            self._has_come(self._client.publish(self._status, "offline", qos=1, retain=True).mid)
        self._client.disconnect()
        self._client.loop_stop()

    def _has_come(self, message: int) -> bool:
        """Whether the broker acknowledges the message before patience ends or the line is cut."""
        deadline_ns = time.monotonic_ns() + round(ANSWER_S * 1e9)
        while message not in self._acknowledged:
            left_s = (deadline_ns - time.monotonic_ns()) / 1e9
            if left_s <= 0 or not self._online.is_set():
                return False
            self._news.wait(left_s)
            self._news.clear()
        return True

    def _missed(self, event: RecordedEvent, reason: str) -> DeliveryError:
        place = f"{self._broker.host}:{self._broker.port}"
        return DeliveryError(f"wanted to deliver event {event.number} to {place}, got {reason}")

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        if reason.is_failure:
            self._refused = str(reason).lower()
            return
        client.publish(self._status, "online", qos=1, retain=True)
        self._online.set()

    def _on_disconnect(self, *_: Any) -> None:
        if self._online.is_set():
            self._refused = "no connection"
        self._online.clear()
        self._news.set()

    def _on_publish(self, _client: Client, _data: Any, message: int, *_: Any) -> None:
        self._acknowledged.add(message)
        self._news.set()
