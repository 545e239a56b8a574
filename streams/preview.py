"""What a capture process sees, as those who watch it receive it; ``preview_publisher`` sends it.

One PREVIEW message on a PUB socket:

    {stream, sequence, age_ns, width, height, tracks, fps, frames_dropped, joints_only}
    joints        (M, 25, 3) float32, metres, Kinect camera space; M may be 0
    confidence    (M, 25) float32 in [0, 1]
    image_points  (M, 25, 2) float32, shares of width and height; only where there is a picture
    jpeg          (n,) uint8; never in joints-only mode

``tracks`` lists ``{track, quality}`` in the order of M, the quality being the mean confidence of
the joints. ``width`` and ``height`` are those of the camera's picture in pixels, which the JPEG
may show smaller; 0 where there is none. ``age_ns`` counts from exposure to sending. ``fps`` is the
rate of frames the capture process sees, not that of the preview; ``frames_dropped`` counts those
the source could not hand to it in time.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import zmq
from numpy.typing import NDArray

from streams.skeleton.errors import WireError
from streams.skeleton.layouts import NTU_25
from streams.wire import MAX_BUFFER_BYTES, Message, field, unpack

_log = logging.getLogger(__name__)
_POLL_MS = 100
_JOINTS = len(NTU_25)


@dataclass(frozen=True)
class SeenTrack:
    """One person in a preview."""

    track: int
    quality: float
    """How much of the person can be believed, [0, 1]: seen, inside the picture, large enough."""


@dataclass(frozen=True, eq=False)
class Preview:
    """One preview as received.

    Attributes:
        stream: Name of the stream.
        sequence: Grows by one with each preview sent; a gap means previews were missed.
        captured_ns: ``time.monotonic_ns`` of this machine at exposure.
        width: Of the camera's picture, pixels; 0 without a picture.
        height: The same.
        tracks: M persons.
        joints: (M, 25, 3) float32, metres, Kinect camera space.
        confidence: (M, 25) float32 in [0, 1].
        image_points: (M, 25, 2) float32, shares of width and height; None without a picture.
        fps: Frames a second the capture process sees.
        joints_only: Whether pictures are withheld.
        jpeg: The picture; None without one or where it is withheld.
        frames_dropped: Frames so far that came too late for the capture process.
        warnings: What is wrong with the view, a sentence of advice each.
    """

    stream: str
    sequence: int
    captured_ns: int
    width: int
    height: int
    tracks: tuple[SeenTrack, ...]
    joints: NDArray[np.float32]
    confidence: NDArray[np.float32]
    image_points: NDArray[np.float32] | None
    fps: float
    joints_only: bool
    jpeg: bytes | None
    frames_dropped: int = 0
    warnings: tuple[str, ...] = ()


class PreviewReader:
    """Keeps the latest preview of one capture process, which may come and go. Thread-safe.

    Args:
        endpoint: Where it publishes.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._changed = threading.Condition()
        self._latest: Preview | None = None
        self._closing = False
        self.received = 0
        """Previews received."""
        self.missed = 0
        """Previews sent that did not arrive here in time, by the gaps in their sequence."""
        self.garbled = 0
        """Messages that are no preview."""
        self._thread = threading.Thread(target=self._run, name="preview-reader", daemon=True)
        self._thread.start()

    def latest(self) -> Preview | None:
        """The preview received last; None before the first."""
        with self._changed:
            return self._latest

    def newer_than(self, seen: Preview | None, timeout_s: float) -> Preview | None:
        """The latest preview once it is another than ``seen``; None if none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest is not seen or self._closing, timeout_s)
            return None if self._latest is seen else self._latest

    def close(self) -> None:
        """End the thread and close its socket."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        """The thread: sole owner of the socket."""
        context = zmq.Context[zmq.Socket[bytes]]()
        subscriber = context.socket(zmq.SUB)
        subscriber.linger = 0
        subscriber.rcvhwm = 4
        subscriber.maxmsgsize = MAX_BUFFER_BYTES
        subscriber.rcvtimeo = _POLL_MS
        subscriber.subscribe(b"")
        subscriber.connect(self._endpoint)
        while not self._closing:
            try:
                frames = subscriber.recv_multipart()
                self._keep(preview_from(unpack(frames), received_ns=time.monotonic_ns()))
            except zmq.Again:
                continue
            except WireError as error:
                self.garbled += 1
                if self.garbled == 1:
                    _log.warning("what %s publishes is no preview: %s", self._endpoint, error)
        subscriber.close()
        context.term()

    def _keep(self, preview: Preview) -> None:
        with self._changed:
            before = self._latest
            # A sequence that begins again is another capture process.
            if before is not None and preview.sequence > before.sequence:
                self.missed += preview.sequence - before.sequence - 1
            self._latest = preview
            self.received += 1
            self._changed.notify_all()


def preview_from(message: Message, *, received_ns: int) -> Preview:
    """The preview a message carries, its capture instant on this machine's clock.

    Raises:
        WireError: Not a preview.
    """
    if message.type != "preview":
        raise WireError(f"wanted a preview, got {message.type!r:.40}")
    tracks = _tracks(field(message, "tracks", list))
    jpeg = message.arrays.get("jpeg")
    return Preview(
        stream=field(message, "stream", str),
        sequence=field(message, "sequence", int),
        captured_ns=received_ns - field(message, "age_ns", int) - (message.transit_ns or 0),
        width=field(message, "width", int),
        height=field(message, "height", int),
        tracks=tracks,
        joints=_shaped(message, "joints", (len(tracks), _JOINTS, 3)),
        confidence=_shaped(message, "confidence", (len(tracks), _JOINTS)),
        image_points=_shaped(message, "image_points", (len(tracks), _JOINTS, 2))
        if "image_points" in message.arrays
        else None,
        fps=float(field(message, "fps", (int, float))),
        joints_only=message.header.get("joints_only") is True,
        jpeg=None if jpeg is None else jpeg.tobytes(),
        frames_dropped=field(message, "frames_dropped", int),
        warnings=_warnings(message.header.get("warnings")),
    )


def _shaped(message: Message, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = message.arrays.get(name)
    if array is None or array.shape != shape or array.dtype != np.float32:
        found = "none" if array is None else f"{array.shape} {array.dtype}"
        raise WireError(f"wanted {name} {shape} float32 in a preview, got {found}")
    return array


def _warnings(listed: Any) -> tuple[str, ...]:
    # An older publisher has none; people read them, so their length is bounded.
    return tuple(str(said)[:200] for said in listed[:8]) if isinstance(listed, list) else ()


def _tracks(listed: list[Any]) -> tuple[SeenTrack, ...]:
    try:
        return tuple(SeenTrack(int(entry["track"]), float(entry["quality"])) for entry in listed)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"wanted tracks of a number and a quality each, got {error!r}") from None
