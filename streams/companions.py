"""Who stands close to whom: for windows of two people, of what they do to each other."""

import numpy as np

from streams.sighting import sighting
from streams.sources.base import SkeletonFrame
from streams.tracking import Tracked

CLOSE_TRUNKS = 2.5
"""Distance of the hips at which two people begin to belong together, trunk lengths of some 0.5 m."""
APART_TRUNKS = 3.2
"""Distance beyond which they no longer do."""
_ALIKE = 1.6
"""In a picture, people of more different size stand behind each other, not beside."""


class Companions:
    """Pairs of people over the frames of one source. Not thread-safe."""

    def __init__(self) -> None:
        self._pairs: set[frozenset[int]] = set()

    def __call__(self, tracked: tuple[Tracked, ...], frame: SkeletonFrame) -> dict[int, int]:
        """Track -> track of the companion, both ways; who stands alone is not in it.

        The closest two belong together first. Distances are counted across and in depth where depth
        is known, else in the picture.

        Args:
            tracked: Everybody in the frame.
            frame: The frame.
        """
        places = {one.track: sighting(one.person, frame) for one in tracked}
        close: list[tuple[float, int, int]] = []
        for track, one in places.items():
            for other_track, other in places.items():
                if track >= other_track:
                    continue
                trunk = max(one.trunk, other.trunk)
                apart = float(np.linalg.norm(one.hips - other.hips)) / trunk
                alike = one.hips.shape == (3,) or trunk <= _ALIKE * min(one.trunk, other.trunk)
                limit = APART_TRUNKS if frozenset((track, other_track)) in self._pairs else CLOSE_TRUNKS
                if alike and apart <= limit:
                    close.append((apart, track, other_track))
        found: dict[int, int] = {}
        for _, track, other_track in sorted(close):
            if track not in found and other_track not in found:
                found |= {track: other_track, other_track: track}
        self._pairs = {frozenset(pair) for pair in found.items()}
        return found
