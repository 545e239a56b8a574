"""Everywhere events go to, as the options say: a webhook, a broker, both or neither."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.config import RunConfig
from app.outward.forwarder import Feed, Forwarder
from app.outward.mqtt import Broker, MqttLink, read_login
from app.outward.webhook import webhook


class Deliveries:
    """One forwarder for each receiver, by name.

    Args:
        config: Names the receivers.
        feed: Where events come from.
        folder: Holds the numbers of the last events delivered, and the broker's login.

    Raises:
        ConfigError: An address is none, or a login cannot be read.
    """

    def __init__(self, config: RunConfig, feed: Feed, *, folder: Path) -> None:
        self._closing = ExitStack()
        self._forwarders: dict[str, Forwarder] = {}

        def add(name: str, deliver: Callable[..., None]) -> None:
            self._forwarders[name] = Forwarder(feed, deliver, cursor=folder / f"{name}-cursor")

        if config.webhook:
            add("webhook", webhook(config.webhook))
        if config.mqtt:
            link = MqttLink(Broker.at(config.mqtt), read_login(os.environ, folder))
            self._closing.callback(link.close)
            add("mqtt", link)

    def start(self) -> None:
        """Begin to deliver."""
        for forwarder in self._forwarders.values():
            forwarder.start()
            # Closed before the link it uses.
            self._closing.callback(forwarder.close)

    def close(self) -> None:
        """Stop after the events in hand; the rest is delivered after the next start."""
        self._closing.close()

    def numbers(self) -> dict[str, float]:
        """What a monitoring system may want to record."""
        return {
            f"{name}_{what}": float(value)
            for name, forwarder in self._forwarders.items()
            for what, value in (
                ("delivered_events", forwarder.delivered),
                ("lost_events", forwarder.lost),
                ("failed_tries", forwarder.failed),
            )
        }

    def status(self) -> list[dict[str, Any]]:
        """By receiver, what people are told: its ``label``, ``state`` and ``detail``."""
        return [
            {
                "label": name,
                "state": "waiting" if forwarder.problem else "ready",
                "detail": forwarder.problem
                or f"{forwarder.delivered} events delivered, {forwarder.lost} lost",
            }
            for name, forwarder in self._forwarders.items()
        ]
