"""Pictures of a video file, through OpenCV and its FFmpeg."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import SourceError
from streams.sources.base import Picture
from streams.sources.pace import LOOP_PAUSE_NS, Pace

_USUAL_FPS = 30.0
_UNKNOWN_DURATION_S = 6 * 3600.0
_LEAST_COMPLETE = 0.9


@dataclass(frozen=True)
class VideoFacts:
    """What a video's container says about it."""

    frames: int
    """Pictures promised; 0 where it does not tell."""
    fps: float
    """Rate, 1/s; 30 where it does not tell."""
    fps_is_told: bool
    width: int
    """Pixels, upright."""
    height: int
    """The same."""


class VideoSource:
    """Pictures of a video, upright, with the container's times.

    A picture whose time the container does not tell is placed one frame period after the last.

    Args:
        path: The file; what it is, is decided by its content.
        fast: Give every picture as soon as it is taken; else play like a camera.
        loop: Begin again at the end, time going on, after one second.

    Raises:
        SourceError: There is no such file, or no picture in it can be decoded.
    """

    def __init__(self, path: Path, *, fast: bool = False, loop: bool = False) -> None:
        if not path.is_file():
            raise SourceError(f"wanted a video, got no file at {path}; check the path")
        self.name = str(path)
        self._path = path
        self._loop = loop
        self._capture = self._open()
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._fps = fps if math.isfinite(fps) and 0 < fps <= 1000 else _USUAL_FPS
        self._promised = max(0, round(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._pace = Pace(
            fast=fast, duration_s=self._promised / self._fps if self._promised else _UNKNOWN_DURATION_S
        )
        self.live = self._pace.live
        self.facts = VideoFacts(
            frames=self._promised,
            fps=self._fps,
            fps_is_told=self._fps == fps,
            width=round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        """What the container says."""

    @property
    def dropped(self) -> int:
        """Pictures left out because they were taken too late."""
        return self._pace.dropped

    def __iter__(self) -> Iterator[Picture]:
        """Pictures in order of time.

        Raises:
            SourceError: The file ends long before the end it promises; what could be read has been given.
        """
        begin_ns = 0
        while True:
            last_ns = 0
            for last_ns in self._offsets():
                captured_ns = self._pace.instant(begin_ns + last_ns)
                if self._pace.closed:
                    return
                if captured_ns is not None:
                    yield Picture(rgb=self._picture(), captured_ns=captured_ns)
            if not self._loop:
                return
            begin_ns += last_ns + LOOP_PAUSE_NS
            self._capture.release()
            self._capture = self._open()

    def close(self) -> None:
        """End the iteration; from any thread."""
        self._pace.close()

    def _open(self) -> cv2.VideoCapture:
        """The file with its first picture grabbed."""
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened() or not capture.grab():
            raise SourceError(
                f"wanted a video, got {self._path} ({self._path.stat().st_size} bytes), in which no "
                "picture can be decoded; play it in another program or convert it to H.264 in mp4"
            )
        return capture

    def _offsets(self) -> Iterator[int]:
        """Time of each picture since the first, nanoseconds; the picture stays grabbed meanwhile."""
        first_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        count, offset_ms = 1, 0.0
        yield 0
        while self._capture.grab():
            told_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC) - first_ms
            offset_ms = told_ms if told_ms > offset_ms else offset_ms + 1000.0 / self._fps
            count += 1
            yield round(offset_ms * 1e6)
        if count < _LEAST_COMPLETE * self._promised:
            raise SourceError(
                f"wanted the {self._promised} pictures that {self._path} promises, got {count}; "
                "the file is cut off or damaged, copy it again"
            )

    def _picture(self) -> NDArray[np.uint8]:
        done, bgr = self._capture.retrieve()
        if not done:
            raise SourceError(f"wanted a picture from {self._path}, got none; the file is damaged")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
