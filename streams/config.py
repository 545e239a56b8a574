"""Where processes meet, and where files live."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

import platformdirs

from streams.skeleton.errors import ConfigError

LIVE_KINDS = frozenset({"auto", "synthetic", "kinect", "browser", "rtsp", "rtsps", "http", "https"})
"""What a source begins with, up to the colon, that has no end; so has a camera's number."""


MAX_POSES = 6
"""Most persons looked for in a picture."""


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
    browser: str = "tcp://127.0.0.1:5585"
    """PULL of a capture process that watches through a browser's camera: pictures come in."""

    @classmethod
    def in_folder(cls, folder: Path) -> "Endpoints":
        """Addresses of ipc sockets in a private folder (POSIX only; at most some 90 characters long)."""
        return cls(**{plane.name: f"ipc://{folder}/{plane.name}" for plane in fields(cls)})


@dataclass(frozen=True)
class CaptureConfig:
    """One capture process: where poses come from and where they go."""

    source: str = "auto"
    """"0" or "camera:0"; "rtsp://..." or "http://..."; "kinect:tcp://127.0.0.1:5590" for skeletons that
    another program sends (docs/sensors.md), "browser:tcp://127.0.0.1:5585" for pictures that a page sends
    (`anymove run` does that by itself); "synthetic", "synthetic:two" or "synthetic:standing"; a
    video, recorded session or file of skeletons by its path; "auto" is camera 0 or, without one, the
    synthetic person."""
    stream: str = "main"
    """Name of this stream, as the engine and the page will call it."""
    endpoints: Endpoints = field(default_factory=Endpoints)
    """Where the engine and the page are."""
    hop_s: float = 0.2
    """Time between two windows of a person, seconds."""
    joints_only: bool = False
    """No picture leaves this process; joints do."""
    poses: int = 2
    """Most persons looked for in a picture, 1 to 6; each one that is there takes as much time as the
    first, looking for one who is not a twentieth of that."""
    pairs: bool = False
    """Also show the engine two people who stand close together as one window of two, for bundles that
    know what people do to each other; the one that comes with this program does not."""
    pose_model: Path | None = None
    """A pose_landmarker .task file of your own."""
    record: Path | None = None
    """Record what is seen, joints only, to this session file; one that exists is continued."""
    fast: bool = False
    """Play a file as fast as the engine takes its windows, and lose none."""
    loop: bool = False
    """Play a file again and again."""
    preview_fps: float = 20.0
    """Most previews a second."""
    engine_wait_s: float = 60.0
    """Time to wait for the engine at the start, and for it to take a window when fast, seconds."""
    native_log: Path | None = None
    """Where the chatter of OpenCV, FFmpeg and MediaPipe goes; nowhere by default."""

    def __post_init__(self) -> None:
        """Refuse settings nobody can run with."""
        if not (1 <= len(self.stream) <= 64 and self.stream.isprintable()):
            raise ConfigError(
                f"wanted a stream name of 1 to 64 printable characters, got {self.stream!r:.80}; "
                "change --stream"
            )
        if not 0.02 <= self.hop_s <= 10.0:
            raise ConfigError(f"wanted a hop of 0.02 to 10 s, got {self.hop_s:g}; change --hop-s")
        if not 0.1 <= self.preview_fps <= 60.0:
            raise ConfigError(
                f"wanted 0.1 to 60 previews a second, got {self.preview_fps:g}; change --preview-fps"
            )
        if not self.engine_wait_s > 0:
            raise ConfigError(
                f"wanted a wait above 0 s, got {self.engine_wait_s:g}; change --engine-wait-s"
            )


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
