"""The source a text names."""

from functools import partial
from pathlib import Path

from streams.formats.known import FORMATS, HEAD_BYTES, beginning_as_text, format_of
from streams.session_file import MAGIC
from streams.skeleton.errors import ConfigError, SourceError
from streams.sources import browser
from streams.sources.base import PictureSource, SkeletonSource
from streams.sources.browser import BrowserSource
from streams.sources.camera import CameraSource
from streams.sources.network import is_address, network_camera
from streams.sources.presence import Presence
from streams.sources.recording import RecordingSource
from streams.sources.remote import SCHEME, RemoteSource
from streams.sources.returning import ReturningSource
from streams.sources.session import SessionSource
from streams.sources.synthetic import SyntheticSource
from streams.sources.synthetic_pair import TWO, SyntheticPairSource
from streams.sources.video import VideoSource

Source = PictureSource | SkeletonSource

_KNOWN = (
    'a camera ("0", "camera:0", "rtsp://..."), a sensor ("kinect:tcp://127.0.0.1:5590"), the synthetic '
    'person ("synthetic", "synthetic:two"), "auto", or a video, recorded session or file of skeletons '
    "by its path"
)


def open_source(text: str, *, fast: bool = False, loop: bool = False) -> Source:
    """The source that ``text`` names, opened; a file's kind is decided by its content.

    Args:
        text: "0" or "camera:0"; an rtsp or http address; "kinect:tcp://127.0.0.1:5590" for what another
            program sends, "browser:tcp://127.0.0.1:5585" for what a page sends; "synthetic",
            "synthetic:<action>" or "synthetic:two"; "auto" for camera 0 or, without one, the synthetic
            person; or a path.
        fast: Play a file as fast as its frames are taken.
        loop: Play a file again and again.

    Raises:
        SourceError: Nothing of that name, or it cannot be read.
        ConfigError: ``fast`` for a source that never ends.
    """
    kind, _, rest = text.partition(":")
    if text.isdecimal() or (kind == "camera" and rest.isdecimal()):
        _refuse_fast(text, fast=fast)
        return ReturningSource(partial(CameraSource, int(rest or text)))
    if is_address(text):
        _refuse_fast(text, fast=fast)
        return ReturningSource(partial(network_camera, text))
    if text.startswith(SCHEME):
        _refuse_fast(text, fast=fast)
        return RemoteSource(text)
    if text.startswith(browser.SCHEME):
        _refuse_fast(text, fast=fast)
        return BrowserSource(text)
    if kind == "synthetic":
        _refuse_fast(text, fast=fast)
        return SyntheticPairSource(text) if rest.partition(":")[0] == TWO else SyntheticSource(text)
    if text == "auto":
        _refuse_fast(text, fast=fast)
        return _camera_or_synthetic()
    if loop:
        _refuse_fast("a loop", fast=fast)
    return _open_file(Path(text), fast=fast, loop=loop)


def gives_pictures(source: Source) -> bool:
    """Whether a pose estimator is needed to make skeletons of what the source gives."""
    return isinstance(source, ReturningSource | BrowserSource | VideoSource)


def presence_of(source: Source) -> Presence | None:
    """Whether the source is there, and who to ask to be told; None for one that cannot go away."""
    return source.presence if isinstance(source, ReturningSource | RemoteSource | BrowserSource) else None


def _refuse_fast(what: str, *, fast: bool) -> None:
    if fast:
        raise ConfigError(f"wanted a file for --fast, got {what}, which never ends; leave out --fast")


def _camera_or_synthetic() -> Source:
    try:
        return ReturningSource(partial(CameraSource, 0))
    except SourceError:
        return SyntheticSource("synthetic")


def _open_file(path: Path, *, fast: bool, loop: bool) -> Source:
    if not path.is_file():
        raise SourceError(f"wanted {_KNOWN}; got {str(path)!r}, which is none of them; check the spelling")
    beginning = beginning_of(path)
    if beginning.startswith(MAGIC):
        return SessionSource(path, fast=fast, loop=loop)
    form = format_of(beginning)
    if form is not None:
        return RecordingSource(path, form.read(path), fast=fast, loop=loop)
    refuse_text(path, beginning)
    return VideoSource(path, fast=fast, loop=loop)


def beginning_of(path: Path) -> bytes:
    """The first ``HEAD_BYTES`` of a file, by which its kind is known.

    Raises:
        SourceError: It cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(HEAD_BYTES)
    except OSError as error:
        raise SourceError(f"wanted to read {path}, got {error.strerror}; check its permissions") from None
    if not beginning:
        raise SourceError(f"wanted a video or a recording, got {path}, which is empty; copy it again")
    return beginning


def refuse_text(path: Path, beginning: bytes) -> None:
    """Refuse a file that is text of no form we know: it is no video either.

    Raises:
        SourceError: It is.
    """
    text = beginning_as_text(beginning)
    if text is not None:
        kinds = ", ".join(form.kind for form in FORMATS)
        raise SourceError(
            f"wanted a video, a recorded session or a file of skeletons ({kinds}), got text that begins "
            f"{text[:40]!r} in line 1 of {path}; check the path"
        )
