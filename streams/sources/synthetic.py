"""A synthetic person: known actions, performed for ever, where there is no camera.

synthetic             the show: every action of ``ACTIONS`` in turn, standing in between
synthetic:standing    stands, with natural sway
synthetic:<action>    one action again and again, for example "synthetic:squat"

``synthetic_pair`` has two people.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.body import RIGHT, Body, Pose, at_sensor, positions_of
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.motions import Step, add_sway, perform, step
from streams.sources.base import Person, SkeletonFrame
from streams.sources.beat import Beat

STANDING = "standing"

_ENDS = [
    *(Joint.HAND_LEFT, Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT, Joint.FOOT_LEFT),
    *(Joint.HAND_RIGHT, Joint.HAND_TIP_RIGHT, Joint.THUMB_RIGHT, Joint.FOOT_RIGHT),
]

_SURE = np.ones(len(NTU_25), np.float32)


def _times(reps: int, *steps: Step) -> tuple[Step, ...]:
    return steps * reps


_WAVE = (
    step(0.5, hand=(0.35, 0.42, 0.35), elbow=(0.8, -0.6, 0.0)),
    *_times(
        4,
        step(0.25, hand=(0.62, 0.38, 0.3), trunk=(0.0, 0.03, 0.0)),
        step(0.25, hand=(0.12, 0.46, 0.34)),
    ),
)
_SQUAT = _times(
    3,
    step(0.9, pelvis=(0.0, -0.42, -0.2), trunk=(0.55, 0, 0), hands=(0.05, 0.1, 0.95)),
    step(0.8, pelvis=(0.0, 0.0, 0.0), trunk=(0.0, 0, 0), hands=(0.15, -0.9, 0.25)),
)
_JACKS = _times(
    5,
    step(0.26, air=0.1, hands=(0.97, 0.1, 0.1), feet=(0.16, 0, 0), pelvis=(0, 0.0, 0), toes=0.5),
    step(0.24, air=0.0, hands=(0.25, 0.95, 0.1), feet=(0.4, 0, 0), pelvis=(0, -0.08, 0), toes=0.0),
    step(0.26, air=0.1, hands=(0.97, 0.1, 0.1), feet=(0.2, 0, 0), pelvis=(0, 0.0, 0), toes=0.5),
    step(0.24, air=0.0, hands=(0.15, -0.95, 0.1), feet=(0.0, 0, 0), pelvis=(0, -0.06, 0), toes=0.0),
)
_BOW = _times(
    2,
    step(0.9, trunk=(1.05, 0, 0), head=(0.3, 0, 0), pelvis=(0, -0.01, -0.14), hold_s=0.5),
    step(0.8, trunk=(0.0, 0, 0), head=(0.0, 0, 0), pelvis=(0, 0, 0), hold_s=0.2),
)
_PUNCH = (
    step(0.4, hand=(0.0, -0.1, 0.4), off=(0.0, -0.08, 0.42), elbows=(0.0, -1.0, 0.0)),
    *_times(
        3,
        step(0.16, hand=(-0.2, 0.04, 0.98), trunk=(0.1, 0, -0.45), hold_s=0.04),
        step(0.3, hand=(0.0, -0.1, 0.4), trunk=(0.0, 0, 0.05), hold_s=0.2),
    ),
)
_WALK = _times(
    4,
    step(0.24, foot=(0, 0.26, 0.16), off_foot=(0, 0, 0), hand=(0.14, -0.92, -0.3), off=(0.1, -0.85, 0.4)),
    step(0.24, feet=(0, 0, 0), hands=(0.14, -0.95, 0.08), pelvis=(0, -0.015, 0)),
    step(0.24, off_foot=(0, 0.26, 0.16), foot=(0, 0, 0), off=(0.14, -0.92, -0.3), hand=(0.1, -0.85, 0.4)),
    step(0.24, feet=(0, 0, 0), hands=(0.14, -0.95, 0.08), pelvis=(0, -0.015, 0)),
)
_RAISE_BOTH = _times(
    2,
    step(0.5, hands=(0.3, 0.0, 0.95)),
    step(0.5, hands=(0.12, 0.98, 0.1), hold_s=0.6),
    step(0.5, hands=(0.3, 0.0, 0.95)),
    step(0.5, hands=(0.14, -0.97, 0.08), hold_s=0.2),
)
_CLAP = (
    step(0.4, hands=(-0.05, -0.15, 0.65), elbows=(0.6, -0.5, 0.0)),
    *_times(
        6,
        step(0.16, hands=(-0.3, -0.15, 0.66)),
        step(0.18, hands=(0.05, -0.17, 0.62)),
    ),
)
_KICK = _times(
    2,
    step(0.35, foot=(0, 0.12, -0.25), pelvis=(-0.09, -0.02, 0), off=(0.4, -0.85, 0.3)),
    step(0.22, foot=(0, 0.55, 0.85), pelvis=(-0.09, -0.02, 0.04), trunk=(-0.2, 0, 0.1)),
    step(0.35, foot=(0, 0.14, 0.1), trunk=(0.0, 0, 0)),
    step(0.3, foot=(0, 0, 0), pelvis=(0, 0, 0), off=(0.15, -0.95, 0.1), hold_s=0.4),
)

ACTIONS: dict[str, tuple[Step, ...]] = {
    "wave the right hand": _WAVE,
    "squat": _SQUAT,
    "jumping jacks": _JACKS,
    "bow": _BOW,
    "punch": _PUNCH,
    "walk in place": _WALK,
    "raise both arms": _RAISE_BOTH,
    "clap": _CLAP,
    "kick": _KICK,
}
"""What the synthetic person can do, in the order of the show; one-sided actions use the right."""


class SyntheticSource:
    """One person, 2.6 m before a sensor, with the jitter of a depth camera. Ends only when closed.

    Deterministic: the same script, rate and seed give the same joints in every run.

    Args:
        script: "synthetic", "synthetic:standing" or "synthetic:<action>", see the module.
        fps: Frames a second.
        seed: Of everything random.
        realtime: Pace the frames by the clock; False delivers them as fast as they are taken.

    Raises:
        SourceError: No such script.
    """

    def __init__(
        self, script: str = "synthetic", *, fps: float = 30.0, seed: int = 0, realtime: bool = True
    ) -> None:
        self.name = script
        self.live = realtime
        self._script = _script_named(script)
        self._beat = Beat(fps, realtime=realtime)
        self._rng = np.random.default_rng(seed)
        self._recent: deque[tuple[int, str]] = deque([(0, STANDING)], maxlen=64)

    @property
    def current_action(self) -> str:
        """What the person does in the frame given last: a key of ``ACTIONS``, or "standing"."""
        return self._recent[-1][1]

    def action_at(self, captured_ns: int) -> str:
        """What the person did at an instant: the truth for tests and labels.

        Only the latest 64 changes are remembered; an earlier instant gives the oldest of them.
        """
        for began_ns, action in reversed(tuple(self._recent)):
            if began_ns <= captured_ns:
                return action
        return self._recent[0][1]

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames at the source's rate until ``close``; the truth is in ``current_action``."""
        moments = performance(self._script, fps=self._beat.fps, rng=self._rng)
        for due_ns, (name, positions) in zip(self._beat.due_ns(), moments, strict=False):
            if due_ns is None:
                continue
            if name != self.current_action:
                self._recent.append((due_ns, name))
            yield SkeletonFrame((Person(positions, _SURE, track=0),), captured_ns=due_ns)

    def close(self) -> None:
        """End the iteration, also while it waits for the next frame; from any thread."""
        self._beat.close()

    @property
    def dropped(self) -> int:
        """Frames that nobody took in time; only in real time."""
        return self._beat.dropped


def performance(
    script: Iterable[str], *, fps: float, rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """What somebody does, frame by frame and for ever: name, and (25, 3) joints a depth camera would give.

    Args:
        script: Keys of ``ACTIONS`` or "standing", performed in turn.
        fps: Frames a second.
        rng: Of the body's height, its sway and the sensor's jitter.
    """
    body = Body(height_m=float(rng.uniform(1.6, 1.85)))
    for name in cycle(script):
        if name == STANDING:
            pose = perform([step(2.0)], fps=fps, settle_s=0.0)
        else:
            pose = perform(ACTIONS[name], fps=fps, side=RIGHT)
        for positions in _sensed(pose, body, fps=fps, rng=rng):
            yield name, positions


def _sensed(pose: Pose, body: Body, *, fps: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """(T, 25, 3) as a depth camera gives it: millimetres of jitter, more at hands and feet."""
    add_sway(pose, fps=fps, rng=rng)
    positions = at_sensor(positions_of(pose, body=body))
    spread = np.full((len(NTU_25), 1), 0.003)
    spread[_ENDS] = 0.006
    return positions + (rng.standard_normal(positions.shape) * spread).astype(np.float32)


def _script_named(script: str) -> tuple[str, ...]:
    kind, _, action = script.partition(":")
    if kind == "synthetic":
        if not action:
            return tuple(name for pair in ((STANDING, a) for a in ACTIONS) for name in pair)
        if action == STANDING:
            return (STANDING,)
        if action in ACTIONS:
            return (STANDING, action)
    known = ", ".join(f"synthetic:{name}" for name in (STANDING, "two", *ACTIONS))
    raise SourceError(f"wanted synthetic or one of {known}, got {script!r}")
