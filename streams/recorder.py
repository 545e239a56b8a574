"""Records what a source saw as skeletons: no picture ever reaches the file."""

import errno
import logging
import os
import threading
from pathlib import Path

from streams.session_file import MAX_PERSONS, SessionHeader, encode_frame, encode_header, summarize
from streams.skeleton.errors import StoreError
from streams.sources.base import SkeletonFrame

_log = logging.getLogger(__name__)
_SYNC_S = 1.0
_PAUSE_NS = 1_000_000_000


class SessionRecorder:
    """Appends frames to a session file.

    Each frame is handed to the system at once, so that a killed process loses none, and once a
    second to the disk, so that a power cut loses that second. A file that is there already is
    continued, one second later, behind its last whole frame. Not thread-safe.

    Args:
        path: The file; its folder must exist.
        source: Name of the source, for the header of a new file.

    Raises:
        StoreError: The file cannot be written.
        SourceError: The file is there and is not a session.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self.frames = 0
        """Frames written."""
        self.persons_left_out = 0
        """Persons beyond the format's 16 a frame."""
        self._path = path
        self._begin_ns: int | None = None
        self._offset_ns = 0
        end = 0
        if path.exists() and path.stat().st_size > 0:
            summary = summarize(path)
            end, self._offset_ns = summary.end, round(summary.duration_s * 1e9) + _PAUSE_NS
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            os.ftruncate(self._file, end)
            os.lseek(self._file, end, os.SEEK_SET)
            if end == 0:
                self._write(encode_header(SessionHeader(source=source)))
        except OSError as error:
            raise StoreError(
                f"wanted to record to {path}, got {error.strerror}; name another file with --record"
            ) from None
        self._closing = threading.Event()
        # A disk may take its time; the frames do not wait for it.
        self._syncing = threading.Thread(target=self._sync, name="session-sync", daemon=True)
        self._syncing.start()

    def write(self, frame: SkeletonFrame) -> None:
        """Append a frame; its picture and image points are left out.

        Raises:
            StoreError: The disk refuses it.
        """
        if self._begin_ns is None:
            self._begin_ns = frame.captured_ns - self._offset_ns
        try:
            self._write(encode_frame(frame, frame.captured_ns - self._begin_ns))
        except OSError as error:
            raise StoreError(
                f"wanted to record to {self._path}, got {error.strerror} after {self.frames} frames; "
                "make room or record elsewhere"
            ) from None
        self.frames += 1
        self.persons_left_out += max(0, len(frame.persons) - MAX_PERSONS)

    def close(self) -> None:
        """Hand everything to the disk and close the file."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._syncing.join()
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        # A record is written whole or cut off again: a full disk must not tear the file's middle.
        at = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            written = os.write(self._file, data)
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._file, at)
            os.lseek(self._file, at, os.SEEK_SET)
            raise

    def _sync(self) -> None:
        while True:
            closing = self._closing.wait(_SYNC_S)
            try:
                os.fsync(self._file)
            except OSError as error:
                _log.warning(
                    "wanted %s on the disk, got %s; a power cut may lose frames", self._path, error
                )
                return
            if closing:
                return
