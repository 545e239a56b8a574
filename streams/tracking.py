"""Who is who: one identity for a person from frame to frame.

Each frame's persons are assigned to the tracks by where the hips are expected, how the boxes
overlap and how the body is held (``sighting``), all at once and at the least total cost. A track
that is not seen goes on for a while where it was heading, so that who comes back from behind
somebody is the same, and so are their windows.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from streams.assignment import assign
from streams.quality import person_quality
from streams.sighting import Array, Sighting, overlap, sighting
from streams.skeleton.errors import ConfigError
from streams.sources.base import Person, SkeletonFrame

MAX_PERSONS = 8

_PLACE, _OVERLAP, _POSTURE = 0.4, 0.3, 0.3
"""Weights of the three parts of a cost; they sum to 1."""
_POSTURE_M, _POSTURE_M_PER_S = 0.15, 1.0
"""Mean distance of joints at which a posture is another: at once, and for each second between."""
_OTHER_ID = 0.5
"""Least cost of a person whose number the source has changed."""
_STEADY_S = 0.25
"""Time constant of the velocity, seconds."""
_COASTED_S = 0.5
"""Time for which a person out of sight is taken to keep going, seconds."""


@dataclass(frozen=True)
class TrackingConfig:
    """How far apart two sightings of one person may be. A trunk is some 0.5 m."""

    max_persons: int = 6
    """Most persons followed at once, 1 to 8; in a fuller frame those known already count first, then
    the most confident."""
    lost_s: float = 1.0
    """Time unseen after which an identity is given up, seconds."""
    reach_trunks: float = 1.0
    """Distance allowed from where a person is expected, whatever the rate, trunk lengths."""
    speed_trunks_per_s: float = 6.0
    """Further distance allowed for each second between the frames, trunk lengths."""
    farthest_trunks: float = 3.0
    """Most distance allowed, however long a person was out of sight, trunk lengths."""

    def __post_init__(self) -> None:
        """Refuse more persons than the exact assignment can take."""
        if not 1 <= self.max_persons <= MAX_PERSONS:
            raise ConfigError(f"wanted 1 to {MAX_PERSONS} persons to follow, got {self.max_persons}")
        if min(self.lost_s, self.reach_trunks, self.speed_trunks_per_s, self.farthest_trunks) <= 0:
            raise ConfigError(f"wanted times and distances above 0, got {self}")


@dataclass(frozen=True, eq=False)
class Tracked:
    """A person with an identity.

    Attributes:
        track: The same number as long as the person stays in sight; never used again.
        person: The person in this frame.
        quality: How much of the person can be believed, [0, 1].
    """

    track: int
    person: Person
    quality: float = 1.0


@dataclass(frozen=True, eq=False)
class _Track:
    number: int
    last: Sighting
    velocity: Array
    """Of the hips, in the sighting's unit a second."""
    trunk: float
    seen_ns: int


class Tracker:
    """Identities over the frames of one source. Not thread-safe.

    A source that knows its persons is believed as long as nobody would have to jump: its numbers
    are made unique over time, a person whose number changes in place stays the same, and two
    whose numbers are exchanged stay who they are.

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
        if frame.identified:
            return tuple(
                Tracked(
                    p.track, p, person_quality(p, sighting(p, frame)) if p.quality is None else p.quality
                )
                for p in frame.persons
                if p.track is not None
            )
        now_ns = frame.captured_ns
        oldest_ns = now_ns - int(self._config.lost_s * 1e9)
        alive = [track for track in self._tracks if track.seen_ns >= oldest_ns]
        ranked = sorted(frame.persons, key=lambda p: -float(p.confidence.mean()))
        sightings = [sighting(person, frame) for person in ranked]
        costs = self._costs(alive, sightings, now_ns)
        chosen = self._chosen(costs, len(ranked))
        self.ignored += len(ranked) - len(chosen)
        matched = assign([[line[column] for column in chosen] for line in costs])
        seen = [
            self._seen(alive[matched[place]] if place in matched else None, sightings[column], now_ns)
            for place, column in enumerate(chosen)
        ]
        lost = [track for i, track in enumerate(alive) if i not in matched.values()]
        lost.sort(key=lambda track: -track.seen_ns)
        self._tracks = [*seen, *lost[: self._config.max_persons]]
        return tuple(
            Tracked(track.number, ranked[column], person_quality(ranked[column], sightings[column]))
            for track, column in zip(seen, chosen, strict=True)
        )

    def _chosen(self, costs: list[list[float]], persons: int) -> list[int]:
        """Who is followed of too many: who may be known already before who cannot be."""
        columns = list(range(persons))
        if persons > self._config.max_persons:
            best = [min((line[column] for line in costs), default=1.0) for column in columns]
            columns.sort(key=lambda column: best[column] >= 1.0)
        return sorted(columns[: self._config.max_persons])

    def _costs(self, alive: list[_Track], sightings: list[Sighting], now_ns: int) -> list[list[float]]:
        """For each track, the cost of each sighting, [0, 1]; 1 is none of its own."""
        plain = [[self._cost(track, one, now_ns) for one in sightings] for track in alive]
        ours = {track.last.source_id for track in alive} - {None}
        theirs = {one.source_id for one in sightings} - {None}
        if not ours or not theirs:
            return plain
        stayed = {
            track.last.source_id
            for track, line in zip(alive, plain, strict=True)
            for one, cost in zip(sightings, line, strict=True)
            if cost < 1.0 and one.source_id == track.last.source_id
        }
        return [
            [
                _with_ids(cost, track.last.source_id, one.source_id, stayed=stayed)
                for one, cost in zip(sightings, line, strict=True)
            ]
            for track, line in zip(alive, plain, strict=True)
        ]

    def _cost(self, track: _Track, one: Sighting, now_ns: int) -> float:
        """How unlike the track this sighting is, [0, 1]; 1 is too far away."""
        gap_s = (now_ns - track.seen_ns) / 1e9
        config = self._config
        allowed = min(config.reach_trunks + config.speed_trunks_per_s * gap_s, config.farthest_trunks)
        moved = track.velocity * min(gap_s, _COASTED_S)
        trunk = max(track.trunk, one.trunk)
        expected = float(np.linalg.norm(track.last.hips + moved - one.hips)) / trunk / allowed
        # Who has stopped out of sight is still within reach, but less likely than who went on.
        stopped = float(np.linalg.norm(track.last.hips - one.hips)) / trunk / allowed
        if not min(expected, stopped) < 1.0:
            return 1.0
        boxes = overlap(track.last.box + moved[:2], one.box)
        held = float(np.linalg.norm(track.last.posture - one.posture, axis=1).mean())
        other = min(1.0, held / (_POSTURE_M + _POSTURE_M_PER_S * gap_s))
        return min(0.999, _PLACE * min(1.0, expected**2) + _OVERLAP * (1.0 - boxes) + _POSTURE * other)

    def _seen(self, before: _Track | None, one: Sighting, now_ns: int) -> _Track:
        if before is None or before.last.hips.shape != one.hips.shape:
            number = next(self._numbers) if before is None else before.number
            return _Track(number, one, np.zeros_like(one.hips), one.trunk, now_ns)
        gap_s = max(1e-6, (now_ns - before.seen_ns) / 1e9)
        fresh = gap_s / (gap_s + _STEADY_S)
        velocity = (1.0 - fresh) * before.velocity + fresh * (one.hips - before.last.hips) / gap_s
        # Somebody who bends towards the camera keeps the size they had when upright.
        return _Track(before.number, one, velocity, max(one.trunk, 0.98 * before.trunk), now_ns)


def _with_ids(cost: float, ours: int | None, theirs: int | None, *, stayed: set[int | None]) -> float:
    """The cost where the source has numbers: ``stayed`` are those seen again within reach."""
    if cost >= 1.0 or ours is None or theirs is None:
        return cost
    if ours == theirs:
        return cost * _OTHER_ID
    # A number that is still with its owner is not somebody else's.
    return 1.0 if ours in stayed or theirs in stayed else _OTHER_ID + (1.0 - _OTHER_ID) * cost
