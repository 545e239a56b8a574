"""A recording as a live stream, whatever its file is."""

from collections.abc import Iterator
from pathlib import Path

from streams.sources.base import SkeletonFrame
from streams.sources.pace import Pace, replay


class Playback:
    """The frames of a recording; a kind of file says what they are by ``frames``.

    Args:
        path: The file, for the name.
        duration_s: Time of its last frame, seconds.
        fast: Give every frame as soon as it is taken; else at the pace it was recorded.
        loop: Begin again at the end, time going on, after one second.
    """

    def __init__(self, path: Path, *, duration_s: float, fast: bool, loop: bool) -> None:
        self.name = str(path)
        self._loop = loop
        self._pace = Pace(fast=fast, duration_s=duration_s)
        self.live = self._pace.live

    @property
    def dropped(self) -> int:
        """Frames left out because they were taken too late."""
        return self._pace.dropped

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames in order of time."""
        return replay(self.frames, self._pace, loop=self._loop)

    def close(self) -> None:
        """End the iteration; from any thread."""
        self._pace.close()

    def frames(self) -> Iterator[tuple[int, SkeletonFrame]]:
        """Every frame with its nanoseconds since the recording began, at once; as often as wanted."""
        raise NotImplementedError
