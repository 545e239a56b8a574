"""Who is who: one identity for a person from frame to frame.

Persons are matched by the place of their hips. Where there is a picture the place is that in
the picture, because a single camera's joints all have their origin between the hips; else it is
the place before the sensor. Distances are counted in trunk lengths of the person, so that one
rule serves pixels and metres, near and far.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import Joint
from streams.sources.base import Person, SkeletonFrame


@dataclass(frozen=True)
class TrackingConfig:
    """How far apart two sightings of one person may be. A trunk is some 0.5 m."""

    max_persons: int = 6
    """Most persons followed at once, 1 to 8; in a fuller frame the most confident count."""
    lost_s: float = 0.5
    """Time unseen after which an identity is given up, seconds."""
    reach_trunks: float = 1.0
    """Distance allowed between two frames, whatever the rate, trunk lengths."""
    speed_trunks_per_s: float = 6.0
    """Further distance allowed for each second between the frames, trunk lengths."""

    def __post_init__(self) -> None:
        """Refuse more persons than the exact assignment can take."""
        if not 1 <= self.max_persons <= 8:
            raise ConfigError(f"wanted 1 to 8 persons to follow, got {self.max_persons}")
        if min(self.lost_s, self.reach_trunks, self.speed_trunks_per_s) <= 0:
            raise ConfigError(f"wanted times and distances above 0, got {self}")


@dataclass(frozen=True, eq=False)
class Tracked:
    """A person with an identity.

    Attributes:
        track: The same number as long as the person stays in sight; never used again.
        person: The person in this frame.
    """

    track: int
    person: Person


@dataclass(frozen=True, eq=False)
class _Track:
    number: int
    place: NDArray[np.float64]
    trunk: float
    seen_ns: int
    source_id: int | None


class Tracker:
    """Identities over the frames of one source. Not thread-safe.

    A source that knows its persons is believed; its numbers are only made unique over time.

    Args:
        config: How far apart two sightings of one person may be.
    """

    def __init__(self, config: TrackingConfig = TrackingConfig()) -> None:
        self._config = config
        self._tracks: list[_Track] = []
        self._numbers = itertools.count()
        self.ignored = 0
        """Persons not followed because the frame had too many."""

    def __call__(self, frame: SkeletonFrame) -> tuple[Tracked, ...]:
        """The frame's persons with their identities, by falling confidence.

        Args:
            frame: Later than the frame before.
        """
        oldest_ns = frame.captured_ns - int(self._config.lost_s * 1e9)
        alive = [track for track in self._tracks if track.seen_ns >= oldest_ns]
        ranked = sorted(frame.persons, key=lambda p: -float(p.confidence.mean()))
        persons = ranked[: self._config.max_persons]
        self.ignored += len(ranked) - len(persons)
        sightings = [_sighting(person, frame) for person in persons]
        costs = [[self._cost(track, sighting) for sighting in sightings] for track in alive]
        matched = _assign(costs)
        seen: list[_Track] = []
        for index, sighting in enumerate(sightings):
            before = alive[matched[index]] if index in matched else None
            seen.append(self._continued(before, sighting))
        lost = [track for i, track in enumerate(alive) if i not in matched.values()]
        lost.sort(key=lambda track: -track.seen_ns)
        self._tracks = [*seen, *lost[: self._config.max_persons]]
        return tuple(Tracked(t.number, person) for t, person in zip(seen, persons, strict=True))

    def _cost(self, track: _Track, sighting: _Track) -> float:
        """Squared share of the distance allowed; 1 or more is too far."""
        if track.source_id is not None or sighting.source_id is not None:
            return 0.0 if track.source_id == sighting.source_id else 1.0
        gap_s = (sighting.seen_ns - track.seen_ns) / 1e9
        allowed = self._config.reach_trunks + self._config.speed_trunks_per_s * gap_s
        apart = np.linalg.norm(track.place - sighting.place) / max(track.trunk, sighting.trunk)
        return float(apart / allowed) ** 2

    def _continued(self, before: _Track | None, sighting: _Track) -> _Track:
        number = next(self._numbers) if before is None else before.number
        # Somebody who bends towards the camera keeps the size they had when upright.
        trunk = sighting.trunk if before is None else max(sighting.trunk, 0.98 * before.trunk)
        return _Track(number, sighting.place, trunk, sighting.seen_ns, sighting.source_id)


def _sighting(person: Person, frame: SkeletonFrame) -> _Track:
    """A track without a number: where the person is, and how large."""
    if person.image_points is None:
        points, least = person.positions.astype(np.float64), 0.1
    else:
        height, width = frame.picture.rgb.shape[:2] if frame.picture else (1, 1)
        points, least = person.image_points * np.array([width / height, 1.0]), 0.01
    hips = points[Joint.SPINE_BASE]
    trunk = max(least, float(np.linalg.norm(points[Joint.SPINE_SHOULDER] - hips)))
    return _Track(-1, hips, trunk, frame.captured_ns, person.track)


def _assign(costs: list[list[float]]) -> dict[int, int]:
    """Column -> row of the assignment with the least total cost; a cost of 1 or more is no match.

    Exact: rows are taken one by one, and for each set of columns used only the best way to use
    them is kept, so that at most 2^columns ways are alive.
    """
    best: dict[int, tuple[float, dict[int, int]]] = {0: (0.0, {})}
    for row, line in enumerate(costs):
        grown = dict(best)
        for used, (total, pairs) in best.items():
            for column, cost in enumerate(line):
                key = used | 1 << column
                # An unmatched pair costs 1, so a match is worth what it stays below that.
                better = total + cost - 1.0
                if cost < 1.0 and key != used and (key not in grown or better < grown[key][0]):
                    grown[key] = (better, {**pairs, column: row})
        best = grown
    return min(best.values(), key=lambda way: way[0])[1]
