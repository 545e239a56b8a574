"""One performance of a primitive: nobody does the same thing twice in the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.body import LEFT, RIGHT, Body, Pose
from streams.skeleton.motions import Step, duration_of, perform
from training.grammar.primitive import Move, Primitive, with_both

FPS = 30.0
"""Frames a second of every grammar motion."""

Rng = np.random.Generator
Array = NDArray[np.float64]

_HANDS = frozenset({"hand", "off", "hands"})
_SCALED = frozenset(
    {"trunk", "hips", "head", "pelvis", "foot", "off_foot", "feet", "air", "shrug", "shrugs", "travel"}
)
"""Controls whose size is a matter of taste: how deep a squat, how far a bow."""
_FLOOR_DEPTH = -0.55
"""A pelvis lower than this sits or lies: its height is no matter of taste."""
_FLOOR_BEND = 1.3
"""A trunk bent further, radians, rests on the hands or reaches the feet: little is left to taste."""


@dataclass(frozen=True, eq=False)
class Performance:
    """A pose over time and the stretch of it in which the action happens.

    Attributes:
        pose: T frames at ``FPS``.
        first: Frame of the action's beginning.
        last: One past the frame of its end.
    """

    pose: Pose
    first: int
    last: int


def sample_body(rng: Rng) -> Body:
    """Anybody, from a child of four to a tall adult, each limb a little longer or shorter."""
    child = rng.random() < 0.2
    height = float(np.clip(rng.normal(1.3, 0.15) if child else rng.normal(1.71, 0.1), 1.0, 2.05))
    default = Body()
    sizes = {f.name: getattr(default, f.name) * float(np.exp(rng.normal(0.0, 0.06))) for f in fields(Body)}
    sizes["height_m"] = height
    # Sensors disagree about where shoulders and hips are more than people differ.
    sizes["shoulder"] *= float(rng.uniform(0.88, 1.12))
    sizes["hip"] *= float(rng.uniform(0.8, 1.5))
    sizes["shoulder_drop"] = float(rng.uniform(0.12, 0.55))
    sizes["lower_trunk"] *= float(rng.uniform(0.85, 1.1))
    if child:
        sizes["head"] *= 1.12
        for limb in ("upper_arm", "forearm", "thigh", "shin"):
            sizes[limb] *= 0.95
    return Body(**sizes)


def sample_rest(rng: Rng) -> Pose:
    """One frame of how somebody stands whose arms have nothing to do: hanging, bent, at the hips."""
    rest = Pose.standing(1)
    kind = rng.random()
    hang = np.array([0.15, -0.95, 0.08]) + rng.normal(0.0, (0.06, 0.02, 0.07), (2, 3))
    if kind > 0.97:
        hang[:] = np.array([0.1, -0.68, 0.05])
        rest.elbows[:] = (2.0, 0.0, -0.5)
    elif kind > 0.93:
        hang[:] = np.array([-0.2, -0.72, 0.3]) + rng.normal(0.0, 0.04, 3)
    elif kind > 0.82:
        side = rng.integers(2)
        hang[side] = np.array([0.08, rng.uniform(-0.85, -0.45), rng.uniform(0.25, 0.5)])
    rest.hands[0] = hang
    rest.elbows += rng.normal(0.0, 0.15, (1, 2, 3))
    rest.upright[:] = rng.uniform(0.5, 1.0)
    return rest


def play(
    primitive: Primitive, side: str, rng: Rng, *, rest: Pose, at_least_s: float = 0.0, brief: bool = False
) -> Performance:
    """The primitive done once, at its own speed, size, number of repetitions and timing.

    Args:
        primitive: What is done.
        side: One of ``primitive.sides``.
        rng: Source of chance.
        rest: One frame of how the person stands before and after.
        at_least_s: Repeat until the action lasts this long, seconds, where it can be repeated.
        brief: Repeat as little as the primitive allows and always return to rest.
    """
    acting = {"left": LEFT, "right": RIGHT}.get(side, int(rng.integers(2)))
    suited = [m for m in primitive.moves if m.hand in ("", side)]
    how = suited[int(rng.integers(len(suited)))]
    if side == "both":
        how = with_both(how)
    steps = _varied(how, rng, at_least_s=at_least_s, brief=brief)
    stays = rng.random() < how.stay and not brief
    settle_s = 0.0 if stays else float(rng.uniform(0.5, 1.0)) + 0.5 * _is_low(steps)
    pose = perform(steps, fps=FPS, side=acting, rest=rest, settle_s=settle_s)
    before = 0 if steps[0].seconds == 0 else int(rng.integers(0, 14))
    after = int(rng.integers(3, 30)) if stays else int(rng.integers(0, 14))
    acted = pose.frames
    return Performance(_padded(pose, before, after), before, before + acted + (after if stays else 0))


def settle_in(pose: Pose, rng: Rng) -> None:
    """Give the pose its owner's carriage, in place: stance, posture, a trunk that follows the arms."""
    reach = pose.hands[:, LEFT] - pose.hands[:, RIGHT]
    pose.trunk[:, 2] -= rng.uniform(0.0, 0.1) * reach[:, 2]
    pose.trunk[:, 1] -= rng.uniform(-0.02, 0.05) * reach[:, 1]
    pose.trunk += rng.normal((0.03, 0.0, 0.0), (0.05, 0.025, 0.04))
    pose.head += rng.normal(0.0, (0.1, 0.04, 0.1))
    pose.shrugs += rng.normal(0.0, 0.04)
    pose.feet[:, :, 0] += rng.uniform(-0.02, 0.1)
    pose.feet[:, :, 2] += rng.normal(0.0, 0.025, 2)
    pose.pelvis[:, 1] -= abs(rng.normal(0.0, 0.008))
    pose.heading += np.linspace(0.0, rng.normal(0.0, 0.04), pose.frames)


def _varied(how: Move, rng: Rng, *, at_least_s: float, brief: bool) -> list[Step]:
    tempo = float(np.clip(np.exp(rng.normal(0.0, 0.22)), 0.6, 1.7))
    size = float(np.clip(np.exp(rng.normal(0.0, 0.13)), 0.72, 1.25))
    spread = 0.08
    if _is_bound(how):
        size, spread = 1.0 + 0.25 * (size - 1.0), 0.02
    start = [_personal(s, rng, size, spread) for s in how.start]
    loop = [_personal(s, rng, size, spread) for s in _widened(how.loop, float(rng.uniform(0.75, 1.2)))]
    end = [_personal(s, rng, size, spread) for s in how.end]
    reps = how.reps[0] if brief else int(rng.integers(how.reps[0], how.reps[1] + 1))
    if loop:
        reps = max(reps, int(np.ceil(at_least_s / (tempo * duration_of(loop)))))
    again = [_moved_on(_jittered(s, rng), rep, loop) for rep in range(reps) for s in loop]
    return [
        replace(
            s, seconds=s.seconds * tempo * _chance(rng, 0.1), hold_s=s.hold_s * tempo * _chance(rng, 0.25)
        )
        for s in (*start, *again, *end)
    ]


def _is_bound(how: Move) -> bool:
    """Whether the floor, more than the person, says how far the body bends."""
    return any(s.aims.get("trunk", (0.0,))[0] > _FLOOR_BEND for s in (*how.start, *how.loop, *how.end))


def _chance(rng: Rng, spread: float) -> float:
    return float(np.exp(rng.normal(0.0, spread)))


def _widened(loop: tuple[Step, ...], scale: float) -> tuple[Step, ...]:
    """The loop with hands that travel further, or less far, about the middle of their path."""
    middles = {
        name: np.mean([s.aims[name] for s in loop if name in s.aims], axis=0)
        for name in _HANDS
        if any(name in s.aims for s in loop)
    }
    return tuple(
        replace(
            s,
            aims={
                **s.aims,
                **{
                    n: _row(m + scale * (np.array(s.aims[n]) - m))
                    for n, m in middles.items()
                    if n in s.aims
                },
            },
        )
        for s in loop
    )


def _personal(step: Step, rng: Rng, size: float, spread: float) -> Step:
    """The step as this person does it every time."""
    aims: dict[str, tuple[float, ...]] = {}
    for name, value in step.aims.items():
        if name in _HANDS:
            aims[name] = _row(np.array(value) + rng.normal(0.0, 0.035, 3))
        elif name in _SCALED:
            scale = 1.0 if name == "pelvis" and value[1] < _FLOOR_DEPTH else size
            aims[name] = _row(np.array(value) * scale * (1.0 + rng.normal(0.0, spread, len(value))))
        else:
            aims[name] = value
    return replace(step, aims=aims)


def _jittered(step: Step, rng: Rng) -> Step:
    """The step as it comes out this once."""
    aims: Mapping[str, tuple[float, ...]] = {
        name: _row(np.array(value) + rng.normal(0.0, 0.015, 3)) if name in _HANDS else value
        for name, value in step.aims.items()
    }
    return replace(step, aims=aims)


def _moved_on(step: Step, rep: int, loop: list[Step]) -> Step:
    """The step of a later repetition: who walks goes on from where the one before ended."""
    if "travel" not in step.aims:
        return step
    stride = next(s.aims["travel"] for s in reversed(loop) if "travel" in s.aims)
    travel = np.array(step.aims["travel"]) + rep * np.array(stride)
    return replace(step, aims={**step.aims, "travel": _row(travel)})


def _row(values: Array) -> tuple[float, ...]:
    return tuple(values.tolist())


def _is_low(steps: list[Step]) -> bool:
    return any("tilt" in s.aims or s.aims.get("pelvis", (0.0, 0.0))[1] < -0.3 for s in steps)


def _padded(pose: Pose, before: int, after: int) -> Pose:
    index = np.clip(np.arange(-before, pose.frames + after), 0, pose.frames - 1)
    return Pose(**{name: values[index] for name, values in vars(pose).items()})
