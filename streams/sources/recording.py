"""Replays a file of skeletons, whatever its form, as a live stream."""

from collections.abc import Iterator
from pathlib import Path

from streams.formats.recording import Recording
from streams.sources.base import SkeletonFrame
from streams.sources.pace import Pace, replay


class RecordingSource:
    """The frames of a file of skeletons.

    Args:
        path: The file, for the name.
        recording: What it holds.
        fast: Give every frame as soon as it is taken; else at the pace it was recorded.
        loop: Begin again at the end, time going on, after one second.
    """

    def __init__(self, path: Path, recording: Recording, *, fast: bool = False, loop: bool = False) -> None:
        self.name = str(path)
        self._recording = recording
        self._loop = loop
        self._pace = Pace(fast=fast, duration_s=float(recording.offsets_ns[-1]) / 1e9)
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
        recording = self._recording
        for offset_ns, persons in zip(recording.offsets_ns.tolist(), recording.persons, strict=True):
            yield offset_ns, SkeletonFrame(persons, captured_ns=offset_ns)
