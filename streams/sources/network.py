"""Pictures of a network camera: RTSP, or MJPEG and video over HTTP, through OpenCV's FFmpeg."""

import os
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import cv2

from streams.skeleton.errors import SourceError
from streams.sources.camera import CameraSource, Capture

SCHEMES = ("rtsp", "rtsps", "http", "https")
_OPEN_MS, _READ_MS = 5000, 2000
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_ADVICE = "check the address in another player, and whether the camera is on"


def is_address(text: str) -> bool:
    """Whether the text is the address of a network camera."""
    return text.partition("://")[0].lower() in SCHEMES and "://" in text


def network_camera(address: str) -> CameraSource:
    """The camera at an address, read by a thread that keeps the newest picture only.

    Raises:
        SourceError: Nothing answers there, or what does is no video.
    """
    shown = without_password(address)
    return CameraSource(shown, opened_by=partial(_open, address), advice=_ADVICE, first_s=_OPEN_MS / 1000)


def without_password(address: str) -> str:
    """The address as it may be shown and logged.

    Raises:
        SourceError: It is none.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname:
        raise SourceError(f"wanted an address such as rtsp://host/path, got none in it; {_ADVICE}")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _open(address: str, device: int | str) -> Capture:
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_MS]
    given = os.environ.get(_OPTIONS)
    # UDP loses packets, and a lost packet smears the picture for seconds.
    os.environ[_OPTIONS] = given or "rtsp_transport;tcp|fflags;nobuffer"
    try:
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    finally:
        # OpenCV reads them whenever it opens anything: a file would lose its first pictures to them.
        if given is None:
            del os.environ[_OPTIONS]
