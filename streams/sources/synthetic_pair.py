"""Two synthetic people who do different things and cross each other's way, for ever.

synthetic:two                      one waves the right hand, one does jumping jacks
synthetic:two:<action>,<action>    two of ``synthetic.ACTIONS``, or "standing"

They change sides every six seconds, one passing behind the other, who hides them for a moment. In
every frame they come in another order and without identities, as from a pose estimator.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25, Joint
from streams.sources.base import Person, SkeletonFrame
from streams.sources.beat import Beat
from streams.sources.synthetic import ACTIONS, STANDING, performance

TWO = "two"
CROSSING_S = 6.0
"""Time between two crossings, seconds."""

_DEFAULT = ("wave the right hand", "jumping jacks")
_ASIDE_M = 0.9
_BEHIND_M = 0.7
_HIDDEN_M = 0.2
"""Distance of the two from each other, across, at which the one behind is hidden."""
_FOCAL = 1.0
"""Focal length of the pretended camera, widths of its square picture."""
_SURE = np.ones(len(NTU_25), np.float32)


class SyntheticPairSource:
    """Two people before a sensor. Ends only when closed.

    Deterministic: the same script, rate and seed give the same frames in every run.

    Args:
        script: "synthetic:two" or "synthetic:two:<action>,<action>", see the module.
        fps: Frames a second.
        seed: Of everything random.
        realtime: Pace the frames by the clock; False delivers them as fast as they are taken.
        camera: Give what a single camera gives: image points, and joints centred on the hips.

    Raises:
        SourceError: No such script.
    """

    def __init__(
        self,
        script: str = "synthetic:two",
        *,
        fps: float = 30.0,
        seed: int = 0,
        realtime: bool = True,
        camera: bool = False,
    ) -> None:
        self.name = script
        self.live = realtime
        self.actions = _actions_of(script)
        """What each of the two does."""
        self.order: tuple[int, ...] = ()
        """Who is who in the frame given last: for each person, 0 or 1; the truth for tests."""
        self._beat = Beat(fps, realtime=realtime)
        self._seed = seed
        self._camera = camera

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames at the source's rate until ``close``; the truth is in ``order``."""
        rng = np.random.default_rng(self._seed)
        performers = [
            performance((action,), fps=self._beat.fps, rng=np.random.default_rng(self._seed + 1 + i))
            for i, action in enumerate(self.actions)
        ]
        moments = zip(self._beat.due_ns(), *performers, strict=False)
        for count, (due_ns, *moment) in enumerate(moments):
            if due_ns is None:
                continue
            bodies = _placed([positions for _, positions in moment], count / self._beat.fps)
            self.order = tuple(int(i) for i in rng.permutation(list(bodies)))
            persons = tuple(self._person(bodies[i]) for i in self.order)
            yield SkeletonFrame(persons, captured_ns=due_ns)

    def close(self) -> None:
        """End the iteration, also while it waits for the next frame; from any thread."""
        self._beat.close()

    @property
    def dropped(self) -> int:
        """Frames that nobody took in time; only in real time."""
        return self._beat.dropped

    def _person(self, positions: NDArray[np.float32]) -> Person:
        if not self._camera:
            return Person(positions, _SURE)
        flat = positions[:, :2] / positions[:, 2:] * np.float32(_FOCAL)
        return Person(positions - positions[Joint.SPINE_BASE], _SURE, image_points=np.float32(0.5) - flat)


def _placed(bodies: list[NDArray[np.float32]], time_s: float) -> dict[int, NDArray[np.float32]]:
    """Who is seen at this time, where they are then."""
    aside = _ASIDE_M * np.cos(np.pi * time_s / CROSSING_S)
    seen = {0: bodies[0] + np.array([aside, 0, 0], np.float32)}
    if abs(2 * aside) >= _HIDDEN_M:
        seen[1] = bodies[1] + np.array([-aside, 0, _BEHIND_M], np.float32)
    return seen


def _actions_of(script: str) -> tuple[str, str]:
    kind, _, rest = script.partition(":")
    two, _, listed = rest.partition(":")
    actions = tuple(name.strip() for name in listed.split(",")) if listed else _DEFAULT
    if (kind, two) != ("synthetic", TWO) or len(actions) != 2 or {*actions} - {STANDING, *ACTIONS}:
        known = ", ".join((STANDING, *ACTIONS))
        raise SourceError(
            f"wanted synthetic:two or synthetic:two:<action>,<action> of {known}, got {script!r:.80}"
        )
    return actions[0], actions[1]
