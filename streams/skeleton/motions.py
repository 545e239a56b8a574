"""Movements as a few steps: where hands, feet and trunk shall be, and when.

A movement is a list of ``Step``. Each names only the controls it cares about, relative to the
acting side, so that one list serves both hands. ``perform`` glides through them.

Controls (units as in ``Pose``; "active" is the acting side, angles are positive towards it):

    hand, off, hands        wrist target of the active side, of the other, of both
    elbow, off_elbow, elbows; palm, off_palm, palms; shrug, off_shrug, shrugs
    foot, off_foot, feet; knee, off_knee, knees; toe, off_toe, toes
    upright, off_upright, uprights
    trunk, hips, head       (forward, towards the active side, twist towards it)
    pelvis                  (towards the active side, up, forward)
    air, tilt, heading, travel
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.body import LEFT, Pose
from streams.skeleton.errors import ConfigError

Array = NDArray[np.float64]
Value = tuple[float, ...]

_PAIRS = {
    "hand": "hands",
    "elbow": "elbows",
    "palm": "palms",
    "shrug": "shrugs",
    "upright": "upright",
    "foot": "feet",
    "knee": "knees",
    "toe": "toes",
}
_BOTH = {"hands", "elbows", "palms", "shrugs", "uprights", "feet", "knees", "toes"}
_SIDED = MappingProxyType(
    {
        "trunk": (1.0, -1.0, -1.0),
        "hips": (1.0, -1.0, -1.0),
        "head": (1.0, -1.0, -1.0),
        "pelvis": (-1.0, 1.0, 1.0),
        "tilt": (1.0, -1.0),
        "heading": (-1.0,),
        "travel": (-1.0, 1.0),
        "air": (1.0,),
    }
)
"""What turns "towards the active side" into "to the left" when the right side acts."""


@dataclass(frozen=True)
class Step:
    """A posture to reach.

    Attributes:
        seconds: Time from the step before, seconds.
        aims: Control name -> value; what is not named goes on as it was meant to.
        hold_s: How long it is held, seconds.
    """

    seconds: float
    aims: Mapping[str, Value]
    hold_s: float = 0.0


def step(seconds: float, *, hold_s: float = 0.0, **aims: float | Value) -> Step:
    """A step, its controls given as keywords; a number stands for a one-number control."""
    values = {k: v if isinstance(v, tuple) else (float(v),) for k, v in aims.items()}
    return Step(seconds=seconds, aims=values, hold_s=hold_s)


def duration_of(steps: Sequence[Step]) -> float:
    """Seconds the steps take in all."""
    return sum(s.seconds + s.hold_s for s in steps)


def perform(
    steps: Sequence[Step],
    *,
    fps: float,
    side: int = LEFT,
    rest: Pose | None = None,
    settle_s: float = 0.8,
) -> Pose:
    """The pose over the time of the steps, from rest and back to rest.

    Args:
        steps: At least one.
        fps: Frames a second.
        side: The active side, ``LEFT`` or ``RIGHT``.
        rest: One frame of how the person stands before and after; neutral if None.
        settle_s: Time of the way back after the last step, seconds; 0 stays in the last posture.

    Raises:
        ConfigError: No steps, or a control nobody knows.
    """
    if not steps:
        raise ConfigError("wanted at least one step, got none")
    rest = Pose.standing(1) if rest is None else rest
    total_s = duration_of(steps) + settle_s
    frames = max(2, round(total_s * fps) + 1)
    pose = _held(rest, frames)
    times = np.minimum(np.arange(frames) / fps, total_s)
    for (name, at), keys in _channels(steps, side).items():
        _apply(pose, name, at, _with_rest(keys, pose, (name, at), total_s, settle_s), times)
    return pose


def glide(key_times: Array, values: Array, times: Array) -> Array:
    """(T, C) values that pass smoothly through (K, C) keys, never beyond them.

    Cubic pieces with the Fritsch-Carlson slopes: at rest at both ends and wherever a coordinate
    turns back, flowing on where it does not. Held outside the keys.
    """
    gaps = np.diff(key_times)[:, None]
    rates = np.diff(values, axis=0) / gaps
    slopes = np.zeros_like(values)
    before, after = rates[:-1], rates[1:]
    same = before * after > 0
    w1, w2 = 2 * gaps[1:] + gaps[:-1], gaps[1:] + 2 * gaps[:-1]
    # The weighted harmonic mean, with its products first: a slope may be as good as nothing.
    below = np.where(same, w1 * after + w2 * before, 1.0)
    slopes[1:-1] = np.where(same, (w1 + w2) * before * after / below, 0.0)
    piece = np.clip(np.searchsorted(key_times, times, side="right") - 1, 0, len(gaps) - 1)
    gap = gaps[piece]
    u = np.clip((times[:, None] - key_times[piece, None]) / gap, 0.0, 1.0)
    u2, u3 = u * u, u * u * u
    rise = 3 * u2 - 2 * u3
    return (
        values[piece] * (1 - rise)
        + values[piece + 1] * rise
        + slopes[piece] * (gap * (u3 - 2 * u2 + u))
        + slopes[piece + 1] * (gap * (u3 - u2))
    )


def sway(
    frames: int, channels: int, *, fps: float, rng: np.random.Generator, slowest_s: float = 4.0
) -> Array:
    """(T, C) smooth noise of about unit size: three slow waves of random phase a channel."""
    t = np.arange(frames)[:, None, None] / fps
    periods = slowest_s * rng.uniform(0.2, 1.0, (1, channels, 3))
    phases = rng.uniform(0.0, 2 * np.pi, (1, channels, 3))
    return np.sin(2 * np.pi * t / periods + phases).sum(axis=-1) * 0.8


def add_sway(pose: Pose, *, fps: float, rng: np.random.Generator, amount: float = 1.0) -> None:
    """Let the pose breathe and waver, in place; at amount 1 as someone who tries to stand still."""
    noise = sway(pose.frames, 21, fps=fps, rng=rng) * amount
    pose.trunk += noise[:, 0:3] * (0.012, 0.009, 0.012)
    pose.head += noise[:, 3:6] * (0.025, 0.012, 0.035)
    pose.hands += noise[:, 6:12].reshape(-1, 2, 3) * 0.009
    pose.pelvis += noise[:, 12:15] * (0.008, 0.0, 0.008)
    pose.elbows += noise[:, 15:21].reshape(-1, 2, 3) * 0.04
    pose.pelvis[:, 1] -= 0.002 * amount * (1.0 + noise[:, 14])


_Key = tuple[float, Value]


def _channels(steps: Sequence[Step], side: int) -> dict[tuple[str, int | None], list[_Key]]:
    """(pose field, side or None) -> (time, value) keys in order of time."""
    channels: dict[tuple[str, int | None], list[_Key]] = {}
    now = 0.0
    for s in steps:
        now += s.seconds
        for control, value in s.aims.items():
            for field, at in _fields(control, side):
                signed = value
                if field in _SIDED and side != LEFT:
                    signed = tuple(a * b for a, b in zip(value, _SIDED[field], strict=True))
                keys = channels.setdefault((field, at), [])
                keys.append((now, signed))
                if s.hold_s > 0:
                    keys.append((now + s.hold_s, signed))
        now += s.hold_s
    for at in (0, 1):
        # A hand that acts follows the trunk from the moment it gets there.
        if ("hands", at) in channels and ("upright", at) not in channels:
            channels["upright", at] = [(channels["hands", at][0][0], (0.0,))]
    return channels


def _fields(control: str, side: int) -> tuple[tuple[str, int | None], ...]:
    if control in _SIDED:
        return ((control, None),)
    if control in _BOTH:
        field = "upright" if control == "uprights" else control
        return ((field, 0), (field, 1))
    name = control.removeprefix("off_") if control != "off" else "hand"
    if name not in _PAIRS:
        known = ", ".join(sorted({*_SIDED, *_BOTH, *_PAIRS, "off", *(f"off_{p}" for p in _PAIRS)}))
        raise ConfigError(f"wanted a control ({known}), got {control!r}")
    return ((_PAIRS[name], 1 - side if control.startswith("off") else side),)


def _held(rest: Pose, frames: int) -> Pose:
    return Pose(**{name: np.repeat(values, frames, axis=0) for name, values in vars(rest).items()})


def _with_rest(
    keys: list[_Key], pose: Pose, where: tuple[str, int | None], total_s: float, settle_s: float
) -> list[_Key]:
    """The keys, begun at rest and, unless the movement stays, ended there."""
    field, at = where
    values = getattr(pose, field)[0] if at is None else getattr(pose, field)[0, at]
    rest = tuple(np.atleast_1d(values))
    full = keys if keys[0][0] <= 0 else [(0.0, rest), *keys]
    if settle_s > 0:
        stays = field in ("heading", "travel")
        # The way home starts when the last step ends, whenever this control was last named.
        last = total_s - settle_s
        if full[-1][0] < last:
            full = [*full, (last, full[-1][1])]
        full = [*full, (total_s, full[-1][1] if stays else rest)]
    return full


def _apply(pose: Pose, field: str, at: int | None, keys: list[_Key], times: Array) -> None:
    key_times = np.array([t for t, _ in keys])
    if len(keys) == 1:
        values = np.repeat(np.array([keys[0][1]]), len(times), axis=0)
    elif field == "hands":
        values = _swing(key_times, np.array([v for _, v in keys]), times)
    else:
        values = glide(key_times, np.array([v for _, v in keys]), times)
    track = getattr(pose, field)
    target = track if at is None else track[:, at]
    target[:] = values.reshape(target.shape)


def _swing(key_times: Array, targets: Array, times: Array) -> Array:
    """Hand targets that travel on arcs about the shoulder, as arms do."""
    reach = np.maximum(np.linalg.norm(targets, axis=-1, keepdims=True), 1e-6)
    keys = np.concatenate([targets / reach, reach], axis=1)
    wide = np.flatnonzero((keys[1:, :3] * keys[:-1, :3]).sum(axis=1) < -0.1)
    if len(wide):
        # Half way between opposite directions an arm passes in front and outside of the shoulder.
        middle = (keys[wide] + keys[wide + 1]) / 2
        middle[:, :3] += (0.35, 0.0, 0.6)
        middle[:, :3] /= np.linalg.norm(middle[:, :3], axis=1, keepdims=True)
        keys = np.insert(keys, wide + 1, middle, axis=0)
        key_times = np.insert(key_times, wide + 1, (key_times[wide] + key_times[wide + 1]) / 2)
    path = glide(key_times, keys, times)
    length = np.linalg.norm(path[:, :3], axis=-1, keepdims=True)
    return path[:, :3] / np.maximum(length, 1e-6) * path[:, 3:]
