"""Settings of ``anymove run``."""

from dataclasses import dataclass
from pathlib import Path

from streams.config import LIVE_KINDS, MAX_POSES
from streams.skeleton.errors import ConfigError

MAX_ACTIONS = 500
BROWSER_SOURCE = "browser"
"""What the source is called that is the camera of whoever has the page open."""


@dataclass(frozen=True)
class RunConfig:
    """Starts everything: watch, type an action, do it, see it recognised."""

    source: str = "auto"
    """"0" for a camera, "rtsp://..." for one on the network; "kinect:tcp://127.0.0.1:5590" for skeletons
    that another program sends; "browser" for the camera of whoever has the page open; "synthetic" for the
    synthetic person; a video, recorded session or file of skeletons by its path; "auto" is camera 0 or,
    without one, the synthetic person."""
    actions: str = ""
    """Names of actions, separated by commas. With the page, those missing are added; headless,
    the set is exactly these."""
    headless: bool = False
    """No page: events, and in the end a summary, as lines of JSON."""
    predictions: bool = False
    """Headless: every prediction, too, as a line of JSON."""
    fast: bool = False
    """Headless: play a file as fast as it can be recognised, and lose no window."""
    poses: int = 2
    """Most persons looked for in a picture, 1 to 6; each who is there takes as much time as the first."""
    pairs: bool = False
    """Also show the engine two people who stand close together as one window of two."""
    joints_only: bool = False
    """No picture leaves the capture process."""
    host: str = "127.0.0.1"
    """Address of the page. Others than this machine can reach it only if you change this; nobody is
    asked who they are then."""
    port: int = 7860
    """Port of the page; 0 takes any free one."""
    kiosk: bool = False
    """Visitors take turns at /kiosk; needs an operator's password (`anymove password`)."""
    browser: str = ""
    """Kiosk: program that shows /kiosk in full screen and is started again whenever it ends; "auto" finds
    Chromium, Chrome or Edge; none if not given."""
    turn_s: float = 8.0
    """Kiosk: time a visitor has to do an action, 2 to 60 seconds."""
    webhook: str = ""
    """Address that gets a POST of JSON for every onset and offset; see app/outward/webhook.py."""
    mqtt: str = ""
    """Broker that gets the same events: "mqtt://HOST[:PORT][/PREFIX]", "mqtts://" with TLS; see
    app/outward/mqtt.py for the topics, and where the password comes from."""
    pose_model: Path | None = None
    """A pose_landmarker .task file of your own."""
    bundle: Path | None = None
    """Folder of a model bundle; the one that comes with this program if not given."""
    home: Path | None = None
    """Folder for models, actions and logs; the user's data folder if not given."""

    def __post_init__(self) -> None:
        """Refuse settings nobody can run with.

        Raises:
            ConfigError: A setting out of its range, or one that needs another.
        """
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"wanted a port from 0 to 65535, got {self.port}; change --port")
        if (self.predictions or self.fast) and not self.headless:
            option = "--predictions" if self.predictions else "--fast"
            raise ConfigError(f"wanted {option} together with --headless, got it alone; add --headless")
        if self.headless and self.source == BROWSER_SOURCE:
            raise ConfigError(
                "wanted a source without the page, got a browser's camera; leave out --headless"
            )
        if self.headless and self.kiosk:
            raise ConfigError("wanted --kiosk with its page, got --headless; leave one of them out")
        if self.headless and (self.webhook or self.mqtt):
            raise ConfigError(
                "wanted --webhook and --mqtt with the page, got --headless; read the events it prints"
            )
        if not 1 <= self.poses <= MAX_POSES:
            raise ConfigError(f"wanted 1 to {MAX_POSES} persons, got {self.poses}; change --poses")
        if not 2.0 <= self.turn_s <= 60.0:
            raise ConfigError(f"wanted a turn of 2 to 60 s, got {self.turn_s:g}; change --turn-s")
        if self.headless and not self.action_names:
            raise ConfigError("wanted --actions with --headless, got none; name what to recognise")
        if len(self.action_names) > MAX_ACTIONS:
            raise ConfigError(
                f"wanted up to {MAX_ACTIONS} actions, got {len(self.action_names)}; name fewer"
            )

    @property
    def action_names(self) -> tuple[str, ...]:
        """The names in ``actions``, without repetitions."""
        names = (name.strip() for name in self.actions.split(","))
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def source_is_file(self) -> bool:
        """Whether the source is neither a camera nor the synthetic person, and so has an end."""
        kind, _, number = self.source.partition(":")
        camera = self.source.isdecimal() or (kind == "camera" and number.isdecimal())
        return not camera and kind.lower() not in LIVE_KINDS
