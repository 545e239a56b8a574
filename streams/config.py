"""Where processes meet, and where files live."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Endpoints:
    """ZeroMQ addresses of one installation; loopback or ipc unless someone decides otherwise."""

    windows: str = "tcp://127.0.0.1:5581"
    """ROUTER of the engine: skeleton windows come in."""
    predictions: str = "tcp://127.0.0.1:5582"
    """PUB of the engine: predictions and events go out."""
    control: str = "tcp://127.0.0.1:5583"
    """ROUTER of the engine: actions are added, renamed, removed; health is asked."""
    preview: str = "tcp://127.0.0.1:5584"
    """PUB of a capture process: joints, and pictures unless it runs joints-only."""

    @classmethod
    def in_folder(cls, folder: Path) -> "Endpoints":
        """Addresses of ipc sockets in a private folder (POSIX only; at most some 90 characters long)."""
        return cls(*(f"ipc://{folder}/{name}" for name in ("windows", "predictions", "control", "preview")))


def home() -> Path:
    """Folder for models and state, created: ``$ANYMOVE_HOME`` or the user's data folder."""
    configured = os.environ.get("ANYMOVE_HOME")
    folder = Path(configured) if configured else platformdirs.user_data_path("anymove", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def models_folder() -> Path:
    """Folder of downloaded or exported model files, created: ``home()/models``."""
    folder = home() / "models"
    folder.mkdir(exist_ok=True)
    return folder
