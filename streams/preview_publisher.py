"""Publishes what a capture process sees, for people to watch; ``preview`` describes the message."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zmq
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import NTU_25
from streams.sources.base import SkeletonFrame
from streams.tracking import Tracked
from streams.wire import pack

_JOINTS = len(NTU_25)

Encode = Callable[[NDArray[np.uint8]], bytes]
"""(H, W, 3) uint8 RGB to JPEG."""


@dataclass(frozen=True, eq=False)
class _Shown:
    tracked: Sequence[Tracked]
    captured_ns: int
    fps: float
    dropped: int
    size: tuple[int, int]
    """Width and height of the picture; 0 without one."""
    warnings: tuple[str, ...]
    rgb: NDArray[np.uint8] | None
    """None without a picture or where it is withheld."""


class PreviewPublisher:
    """Publishes the latest frame shown, from a thread that owns the socket. Thread-safe.

    Args:
        endpoint: Where to bind.
        stream: Name of the stream.
        encode: Makes a JPEG of a picture; None is joints-only mode: there is nothing then that
            could put a picture on the wire.
        max_fps: Most previews a second.

    Raises:
        ConfigError: The address is taken or none.
    """

    def __init__(self, endpoint: str, stream: str, *, encode: Encode | None, max_fps: float = 20.0) -> None:
        self._stream = stream
        self._encode = encode
        self._period_s = 1.0 / max_fps
        self._changed = threading.Condition()
        self._next: _Shown | None = None
        self._closing = threading.Event()
        self.sent = 0
        """Previews published."""
        self.passed_over = 0
        """Frames shown that a later one replaced before they were published."""
        self._context = zmq.Context[zmq.Socket[bytes]]()
        socket = self._context.socket(zmq.PUB)
        socket.linger = 0
        socket.sndhwm = 2
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            socket.close()
            self._context.term()
            raise ConfigError(
                f"wanted to publish previews at {endpoint}, got {error.strerror}; end the other process "
                "or choose another address"
            ) from None
        self._thread = threading.Thread(target=self._run, args=(socket,), name="preview", daemon=True)
        self._thread.start()

    def show(
        self,
        frame: SkeletonFrame,
        tracked: Sequence[Tracked],
        *,
        fps: float,
        dropped: int = 0,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Publish this frame next, unless a later one comes first.

        Args:
            frame: Where its picture and time are taken from.
            tracked: Where its persons are taken from.
            fps: Frames a second seen of late.
            dropped: Frames so far that were not seen, because they came too late.
            warnings: What is wrong with the view, a sentence each.
        """
        rgb = frame.picture.rgb if frame.picture else None
        size = (rgb.shape[1], rgb.shape[0]) if rgb is not None else (0, 0)
        withheld = self._encode is None
        with self._changed:
            self.passed_over += self._next is not None
            self._next = _Shown(
                tracked, frame.captured_ns, fps, dropped, size, warnings, None if withheld else rgb
            )
            self._changed.notify()

    def close(self) -> None:
        """End the thread and free the address."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._thread.join()
        self._context.term()

    def _run(self, publisher: "zmq.Socket[bytes]") -> None:
        """The thread: sole user of the socket."""
        while not self._closing.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closing.is_set())
                shown, self._next = self._next, None
            if shown is not None:
                began_ns = time.monotonic_ns()
                publisher.send_multipart(self._message(shown))
                self.sent += 1
                spent_s = (time.monotonic_ns() - began_ns) / 1e9
                self._closing.wait(max(0.0, self._period_s - spent_s))
        publisher.close()

    def _message(self, shown: _Shown) -> list[bytes]:
        persons = [tracked.person for tracked in shown.tracked]
        arrays: dict[str, NDArray[Any]] = {
            "joints": _stacked([p.positions for p in persons], (_JOINTS, 3)),
            "confidence": _stacked([p.confidence for p in persons], (_JOINTS,)),
        }
        points = [p.image_points for p in persons if p.image_points is not None]
        if shown.size != (0, 0) and len(points) == len(persons):
            arrays["image_points"] = _stacked(points, (_JOINTS, 2))
        if self._encode is not None and shown.rgb is not None:
            arrays["jpeg"] = np.frombuffer(self._encode(shown.rgb), np.uint8)
        header = {
            "stream": self._stream,
            "sequence": self.sent,
            "width": shown.size[0],
            "height": shown.size[1],
            "tracks": [{"track": t.track, "quality": round(t.quality, 3)} for t in shown.tracked],
            "warnings": list(shown.warnings),
            "fps": round(shown.fps, 2),
            "frames_dropped": shown.dropped,
            "joints_only": self._encode is None,
            "age_ns": max(0, time.monotonic_ns() - shown.captured_ns),
        }
        return pack("preview", header, **arrays)


def _stacked(arrays: list[NDArray[np.float32]], shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.stack(arrays).astype(np.float32) if arrays else np.zeros((0, *shape), np.float32)
