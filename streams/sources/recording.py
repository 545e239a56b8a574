"""Replays a file of skeletons, whatever its form, as a live stream."""

from collections.abc import Iterator
from pathlib import Path

from streams.formats.recording import Recording
from streams.sources.base import SkeletonFrame
from streams.sources.playback import Playback


class RecordingSource(Playback):
    """The frames of a file of skeletons.

    Args:
        path: The file, for the name.
        recording: What it holds.
        fast: Give every frame as soon as it is taken; else at the pace it was recorded.
        loop: Begin again at the end, time going on, after one second.
    """

    def __init__(self, path: Path, recording: Recording, *, fast: bool = False, loop: bool = False) -> None:
        super().__init__(path, duration_s=float(recording.offsets_ns[-1]) / 1e9, fast=fast, loop=loop)
        self._recording = recording

    def frames(self) -> Iterator[tuple[int, SkeletonFrame]]:
        """Every frame with its nanoseconds since the recording began, at once; as often as wanted."""
        recording = self._recording
        for offset_ns, persons in zip(recording.offsets_ns.tolist(), recording.persons, strict=True):
            yield offset_ns, SkeletonFrame(persons, captured_ns=offset_ns)
