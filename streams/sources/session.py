"""Replays a recorded session."""

from collections.abc import Iterator
from pathlib import Path

from streams.session_file import read_frames, read_header, summarize
from streams.skeleton.errors import SourceError
from streams.sources.base import SkeletonFrame
from streams.sources.playback import Playback


class SessionSource(Playback):
    """The frames of a session file: the same joints, bit by bit, in every replay.

    Args:
        path: The file. One that was torn off is played up to its last whole record.
        fast: Give every frame as soon as it is taken; else at the pace it was recorded.
        loop: Begin again at the end, time going on, after one second.

    Raises:
        SourceError: Not a session file, or one without frames.
    """

    def __init__(self, path: Path, *, fast: bool = False, loop: bool = False) -> None:
        self.summary = summarize(path)
        """What the file holds, and whether its end is torn."""
        if self.summary.frames == 0:
            raise SourceError(f"wanted frames in {path}, got none; record the session again")
        super().__init__(path, duration_s=self.summary.duration_s, fast=fast, loop=loop)
        self._path = path

    def frames(self) -> Iterator[tuple[int, SkeletonFrame]]:
        """Every frame with its nanoseconds since the recording began, at once; as often as wanted."""
        with self._path.open("rb") as file:
            header = read_header(file, self._path)
            yield from read_frames(file, header)
