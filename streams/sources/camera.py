"""Pictures of a camera, always the newest: a thread reads, whoever iterates takes what is there."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.devices import DEV, NAMES, devices
from streams.skeleton.errors import SourceError
from streams.sources.base import Picture

_WIDTH, _HEIGHT = 640, 480
_ADVICE = "plug it in, name another with --source, or use --source synthetic"


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` a camera needs."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is a device."""
        ...

    def read(self) -> tuple[bool, Any]:
        """The next picture, (H, W, 3) uint8 BGR; blocks until it is there."""
        ...

    def release(self) -> None:
        """Give the device back."""
        ...


def open_device(device: int | str) -> Capture:
    """Camera number ``device`` at 640 x 480, its own queue as short as it allows."""
    capture = cv2.VideoCapture(int(device))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, _WIDTH)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, _HEIGHT)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


class CameraSource:
    """Pictures of a camera, stamped when they arrive; one not taken in time is dropped and counted.

    Args:
        device: Number of the camera, from 0; or what to call one that is opened by other means.
        opened_by: What opens it.
        advice: What to do when it is not there.
        silent_s: Time without a picture after which the camera counts as gone, seconds.
        first_s: The same for the first picture, which takes a camera longer.

    Raises:
        SourceError: There is no such camera.
    """

    def __init__(
        self,
        device: int | str = 0,
        *,
        opened_by: Callable[[int | str], Capture] = open_device,
        advice: str = _ADVICE,
        silent_s: float = 2.0,
        first_s: float = 10.0,
    ) -> None:
        self.name = device if isinstance(device, str) else f"camera:{device}"
        self.live = True
        self.dropped = 0
        """Pictures that nobody took before the next one came."""
        self._capture = opened_by(device)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(f"wanted camera {device}, got none{_seen(device)}; {advice}")
        self._device, self._advice = device, advice
        self._silent_s, self._first_s = silent_s, first_s
        self._changed = threading.Condition()
        self._newest: tuple[NDArray[np.uint8], int] | None = None
        self._closed = threading.Event()
        # A daemon: a device that has gone may never return from its read.
        self._reader = threading.Thread(target=self._read, name=self.name, daemon=True)
        self._reader.start()

    def __iter__(self) -> Iterator[Picture]:
        """The newest picture each time, until ``close``.

        Raises:
            SourceError: The camera gives no picture any more.
        """
        patience_s = self._first_s
        while (newest := self._take(patience_s)) is not None:
            patience_s = self._silent_s
            bgr, captured_ns = newest
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield Picture(rgb=rgb, captured_ns=captured_ns)

    def close(self) -> None:
        """End the iteration and give the device back; from any thread."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._reader.join(timeout=1.0)

    def _take(self, patience_s: float) -> tuple[NDArray[np.uint8], int] | None:
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._newest is not None or self._closed.is_set(), patience_s
            )
            if not came:
                raise SourceError(
                    f"wanted a picture from camera {self._device}, got none for {patience_s:g} s; "
                    f"{self._advice}"
                )
            newest, self._newest = self._newest, None
            return None if self._closed.is_set() else newest

    def _read(self) -> None:
        """The reader thread: the only user of the device from here on."""
        while not self._closed.is_set():
            done, bgr = self._capture.read()
            captured_ns = time.monotonic_ns()
            if not done:
                self._closed.wait(0.02)
                continue
            with self._changed:
                self.dropped += self._newest is not None
                self._newest = (bgr, captured_ns)
                self._changed.notify_all()
        self._capture.release()


def _seen(device: int | str) -> str:
    """What is known of a camera that does not open, in brackets."""
    if isinstance(device, str):
        return ""
    if Path(f"/dev/video{device}").exists():
        return " (it is there: another program may hold it, or you may not open it)"
    found = ", ".join(str(there.number) for there in devices(DEV, NAMES))
    return f" (here: {found or 'no video device'})"
