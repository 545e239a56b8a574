"""Settings of the engine process."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from engine.bundle import DEFAULT_BUNDLE
from engine.decision import DecisionConfig
from engine.text.vocabulary import DEFAULT_CAPACITY, MAX_CAPACITY
from streams.config import Endpoints
from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class EngineConfig:
    """The engine: recognises what skeleton windows show."""

    bundle: Path = DEFAULT_BUNDLE
    """Folder of the model bundle."""
    endpoints: Endpoints = field(default_factory=Endpoints)
    """Where it listens."""
    backend: str = "auto"
    """What runs the encoder: auto (the fastest that is exact, measured at the first start), onnxruntime,
    openvino, openvino-bf16 (faster on some processors, less exact), torch-cuda or tensorrt."""
    bank: str = "anchored"
    """Rule of the prototypes: anchored joins texts and shown examples, text-only has the texts alone,
    all others are published rules to compare with."""
    adapt: bool = False
    """Let the bank learn by itself from the stream. It helps where texts are right more often than not, and
    hurts where they are not (docs/results/bank.md); guards take back what went wrong."""
    store: Path | None = None
    """File that holds actions, events and what the bank has learnt; engine.db in the data folder if
    not given."""
    capacity: int = DEFAULT_CAPACITY
    """Most actions, 1 to 10,000."""
    credit: int = 2
    """Windows a capture process may have on their way or waiting here, 1 to 64."""
    max_waiting: int = 64
    """Most windows of all captures waiting here, 1 to 1,024."""
    snapshot_every_s: float = 60.0
    """How often what the bank has learnt is written to the store, seconds."""
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    """When actions begin and end."""
    allow_remote: bool = False
    """Listen on addresses that other machines can reach. Nothing is encrypted and nobody is asked who
    they are: only on a network you trust."""

    def __post_init__(self) -> None:
        """Refuse settings the engine cannot work with.

        Raises:
            ConfigError: A setting out of its range, or an address others can reach.
        """
        if not (1 <= self.capacity <= MAX_CAPACITY and 1 <= self.credit <= 64):
            raise ConfigError(
                f"wanted 1 to {MAX_CAPACITY} actions and a credit of 1 to 64, "
                f"got {self.capacity} and {self.credit}; choose values in between"
            )
        if not (1 <= self.max_waiting <= 1024 and 1.0 <= self.snapshot_every_s <= 86_400.0):
            raise ConfigError(
                "wanted 1 to 1,024 waiting windows and a snapshot every 1 to 86,400 s, "
                f"got {self.max_waiting} and {self.snapshot_every_s}; choose values in between"
            )
        remote = [endpoint for endpoint in self.listening if not is_local(endpoint)]
        if remote and not self.allow_remote:
            raise ConfigError(
                f"wanted addresses only this machine can reach, got {', '.join(remote)}; use 127.0.0.1, or "
                "add --allow-remote on a network you trust: nothing is encrypted"
            )

    @property
    def listening(self) -> tuple[str, str, str]:
        """The addresses the engine itself listens on."""
        return self.endpoints.windows, self.endpoints.predictions, self.endpoints.control


def is_local(endpoint: str) -> bool:
    """Whether only this machine can reach a ZeroMQ address: ipc, inproc, or TCP on loopback."""
    if endpoint.startswith(("ipc://", "inproc://")):
        return True
    found = re.fullmatch(r"tcp://\[?([^\[\]]*?)\]?:[^:]*", endpoint)
    if not found:
        return False
    host = found.group(1)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
