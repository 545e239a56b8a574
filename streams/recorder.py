"""Records what a source saw as skeletons: no picture ever reaches the file."""

import errno
import logging
import os
import threading
from dataclasses import replace
from pathlib import Path

from streams.session_block import MAX_FRAMES, MAX_PERSONS, as_stored
from streams.session_file import VERSION, SessionHeader, encode_header, encode_record, summarize
from streams.skeleton.errors import SourceError, StoreError
from streams.sources.base import SkeletonFrame

_log = logging.getLogger(__name__)
_SYNC_S = 1.0
_PAUSE_NS = 1_000_000_000
_LONGEST_US = 3_600_000_000
"""Time between two frames of a record, at most."""


class SessionRecorder:
    """Appends frames to a session file.

    Frames are packed once a second and handed to the system and the disk then, so that a killed
    process or a power cut loses that second. A file that is there already is continued, one second
    later, behind its last whole record. Not thread-safe.

    Args:
        path: The file; its folder must exist.
        source: Name of the source, for the header of a new file.

    Raises:
        StoreError: The file cannot be written.
        SourceError: The file is there and is not a session, or one of an earlier version.
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
            if summary.header.version != VERSION:
                raise SourceError(
                    f"wanted a session of version {VERSION} to continue, got one of version "
                    f"{summary.header.version} in {path}; it plays, but record to another file"
                )
            end, self._offset_ns = summary.end, round(summary.duration_s * 1e6) * 1000 + _PAUSE_NS
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
        self._held: list[tuple[int, SkeletonFrame]] = []
        self._held_lock = threading.Lock()
        self._failure: OSError | None = None
        # A disk may take its time; the frames do not wait for it.
        self._syncing = threading.Thread(target=self._sync, name="session-sync", daemon=True)
        self._syncing.start()

    def as_stored(self, frame: SkeletonFrame) -> SkeletonFrame:
        """The frame as it will come back from the file: use this one, and a replay sees what you saw."""
        if self._begin_ns is None:
            self._begin_ns = frame.captured_ns - self._offset_ns
        return as_stored(frame, begin_ns=self._begin_ns)

    def write(self, frame: SkeletonFrame) -> None:
        """Append a frame; its picture and image points are left out.

        Raises:
            StoreError: The disk refuses it, or refused the second before.
        """
        stored = self.as_stored(frame)
        assert self._begin_ns is not None, "set by as_stored"
        offset_us = (stored.captured_ns - self._begin_ns) // 1000
        with self._held_lock:
            if self._held and offset_us - self._held[-1][0] >= _LONGEST_US:
                self._flush()
            if self._failure is None:
                self._held.append((offset_us, replace(stored, picture=None)))
                if len(self._held) == MAX_FRAMES:
                    self._flush()
            failure = self._failure
        if failure is not None:
            raise StoreError(
                f"wanted to record to {self._path}, got {failure.strerror} after {self.frames} frames; "
                "make room or record elsewhere"
            )
        self.frames += 1
        self.persons_left_out += max(0, len(frame.persons) - MAX_PERSONS)

    def flush(self) -> None:
        """Hand what is held to the system now; what goes wrong is told by the next ``write``."""
        with self._held_lock:
            self._flush()

    def close(self) -> None:
        """Hand everything to the disk and close the file."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._syncing.join()
        os.close(self._file)

    def _flush(self) -> None:
        """Write what is held, by whoever holds the lock."""
        held, self._held = self._held, []
        if not held or self._failure is not None:
            return
        try:
            self._write(encode_record(held))
        except OSError as error:
            self._failure = error

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
            # A source that has fallen silent must not keep what it gave last from the disk.
            self.flush()
            try:
                os.fsync(self._file)
            except OSError as error:
                _log.warning(
                    "wanted %s on the disk, got %s; a power cut may lose frames", self._path, error
                )
                return
            if closing:
                return
