"""Motions with their sentences: one primitive, two at once, or one after the other."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.body import Pose, at_sensor, positions_of
from streams.skeleton.errors import InputError
from streams.skeleton.layouts import NTU_25
from streams.skeleton.motions import add_sway
from training.grammar.drawing import drawings
from training.grammar.playing import FPS, Performance, Rng, play, sample_body, sample_rest, settle_in
from training.grammar.primitive import Primitive
from training.grammar.score import read_scores
from training.grammar.sentences import opposites, sentence, sentences, swap_sides

PRIMITIVES: dict[str, Primitive] = {p.key: p for p in (*read_scores(), *drawings())}
"""Every primitive by its key."""

CARRIERS = (
    *(
        "walk in place",
        "walk",
        "walk",
        "march",
        "squat hold",
        "sit still",
        "sit still",
        "balance",
        "side step",
    ),
    *(
        "kneel",
        "step forward",
        "step back",
        "turn around",
        "calf raise",
        "crouch",
        "run in place",
        "walk backward",
    ),
)
"""What legs and pelvis may do while the arms do something else."""

_ARM_FIELDS = ("hands", "elbows", "palms", "upright", "shrugs")
_PAIR, _SEQUENCE = 0.14, 0.08


@dataclass(frozen=True, eq=False)
class GrammarMotion:
    """A synthetic motion and what is true, and not true, of it.

    Attributes:
        positions: (T, 25, 3) float32, metres, Kinect camera space, 30 frames a second.
        texts: Sentences that are true of it, the bare name first.
        negatives: Sentences that are close and false.
        key: Its meaning, for class-balanced sampling: "wave/left", "bow", "walk+wave/left" (at
            once), "wave/left>bow" (in turn). Without sides, motions of one key share their name.
        active: First and one past the last frame of the action; before and after the person stands.
        mirrors: Whether the mirrored motion, its sides swapped, means the same.
    """

    positions: NDArray[np.float32]
    texts: tuple[str, ...]
    negatives: tuple[str, ...]
    key: str
    active: tuple[int, int]
    mirrors: bool = True


@dataclass(frozen=True)
class _Deed:
    """A primitive with its side."""

    primitive: Primitive
    side: str

    @property
    def key(self) -> str:
        return f"{self.primitive.key}/{self.side}" if self.side else self.primitive.key


def sample_motion(rng: Rng) -> GrammarMotion:
    """Any motion of the grammar; the same generator state gives the same motion."""
    kind = rng.random()
    if kind < _PAIR:
        return _two_at_once(rng)
    if kind < _PAIR + _SEQUENCE:
        return _in_turn(rng)
    deed = _any_deed(rng)
    return motion_of(deed.primitive.key, deed.side, rng)


def motion_of(key: str, side: str, rng: Rng) -> GrammarMotion:
    """One performance of one primitive.

    Args:
        key: Of ``PRIMITIVES``.
        side: One of the primitive's ``sides``.
        rng: Source of chance.

    Raises:
        InputError: No such primitive, or not with this side.
    """
    if key not in PRIMITIVES or side not in PRIMITIVES[key].sides:
        known = PRIMITIVES[key].sides if key in PRIMITIVES else f"one of {len(PRIMITIVES)} keys"
        raise InputError(
            f"wanted a primitive and its side ({known}), got {key!r}, {side!r}; see PRIMITIVES"
        )
    deed = _Deed(PRIMITIVES[key], side)
    texts = sentences(deed.primitive, side, rng)
    done = play(deed.primitive, side, rng, rest=sample_rest(rng))
    return _finished(
        done, deed.key, texts, _negatives(deed, texts, rng), rng, mirrors=deed.primitive.mirrors
    )


def mirrored(motion: GrammarMotion) -> GrammarMotion:
    """The motion seen in a mirror, left and right swapped in joints, sentences and key.

    Raises:
        InputError: The mirrored motion means something else: a letter drawn in the air.
    """
    if not motion.mirrors:
        raise InputError(f"wanted a motion that may be mirrored, got {motion.key!r}; check .mirrors first")
    return replace(
        motion,
        positions=motion.positions[:, NTU_25.mirrored()] * np.array([-1, 1, 1], np.float32),
        texts=tuple(map(swap_sides, motion.texts)),
        negatives=tuple(map(swap_sides, motion.negatives)),
        key=swap_sides(motion.key),
    )


def _any_deed(rng: Rng, keys: tuple[str, ...] | None = None) -> _Deed:
    primitive = PRIMITIVES[_pick(keys or _KEYS, rng)]
    return _Deed(primitive, _pick(primitive.sides, rng))


def _two_at_once(rng: Rng) -> GrammarMotion:
    above, below = _any_deed(rng, _ARM_KEYS), _any_deed(rng, CARRIERS)
    rest = sample_rest(rng)
    arms = play(above.primitive, above.side, rng, rest=rest)
    legs = play(below.primitive, below.side, rng, rest=rest, at_least_s=arms.pose.frames / FPS)
    texts = _while(above, below, rng)
    other = _any_deed(rng, _ARM_KEYS)
    false = [_while(other, below, rng)[0]] if other.primitive.key != above.primitive.key else []
    carrier = _any_deed(rng, CARRIERS)
    if carrier.primitive.key != below.primitive.key:
        false.append(_while(above, carrier, rng)[0])
    false += _sides_swapped(above, below, texts)
    return _finished(
        _overlaid(arms, legs),
        f"{below.key}+{above.key}",
        texts,
        tuple(dict.fromkeys(false)),
        rng,
        mirrors=above.primitive.mirrors,
    )


def _while(above: _Deed, below: _Deed, rng: Rng) -> tuple[str, ...]:
    """Sentences about the arms' deed done during the legs' deed."""
    do = [sentence(d.primitive, d.side, rng, form="command") for d in (above, below) for _ in range(2)]
    doing = [sentence(d.primitive, d.side, rng, form="gerund") for d in (above, below) for _ in range(2)]
    return tuple(
        dict.fromkeys(
            (
                f"{do[0]} while {doing[2]}",
                f"{do[2]} and {do[1]}",
                f"{doing[0]} while {doing[3]}",
                f"{do[3]} while {doing[1]}",
                f"{do[1]} and {do[3]} at the same time",
            )
        )
    )


def _in_turn(rng: Rng) -> GrammarMotion:
    first, second = _any_deed(rng, _BRIEF_KEYS), _any_deed(rng, _BRIEF_KEYS)
    rest = sample_rest(rng)
    one, two = (play(d.primitive, d.side, rng, rest=rest, brief=True) for d in (first, second))
    texts = _then(first, second, rng)
    false = _sides_swapped(first, second, texts)
    if first.primitive.key != second.primitive.key:
        false = [*_then(second, first, rng)[:2], *false]
    return _finished(
        Performance(_joined(one.pose, two.pose), one.first, one.pose.frames + two.last),
        f"{first.key}>{second.key}",
        texts,
        tuple(dict.fromkeys(false)),
        rng,
        mirrors=first.primitive.mirrors and second.primitive.mirrors,
    )


def _then(first: _Deed, second: _Deed, rng: Rng) -> tuple[str, ...]:
    """Sentences about one deed followed by another."""
    a = [sentence(first.primitive, first.side, rng, form="command") for _ in range(4)]
    b = [sentence(second.primitive, second.side, rng, form="command") for _ in range(4)]
    doing = [sentence(d.primitive, d.side, rng, form="gerund") for d in (first, second)]
    return tuple(
        dict.fromkeys(
            (
                f"{a[0]} then {b[0]}",
                f"first {a[1]}, then {b[1]}",
                f"{a[2]} and then {b[2]}",
                f"{b[3]} after {doing[0]}",
                f"{doing[0]} followed by {doing[1]}",
            )
        )
    )


def _joined(first: Pose, second: Pose) -> Pose:
    """One pose after the other, the second begun where and as the first ends."""
    turned = float(first.heading[-1])
    c, s = np.cos(turned), np.sin(turned)
    onward = Pose(**vars(second))
    onward.heading = second.heading + turned
    onward.travel = second.travel @ np.array([[c, -s], [s, c]]) + first.travel[-1]
    return Pose(
        **{name: np.concatenate([values, vars(onward)[name]]) for name, values in vars(first).items()}
    )


def _overlaid(arms: Performance, legs: Performance) -> Performance:
    """The arms of one performance on the body of another."""
    frames = max(arms.pose.frames, legs.pose.frames)
    above, below = _lengthened(arms.pose, frames), _lengthened(legs.pose, frames)
    for side in range(2):
        if np.ptp(above.hands[:, side], axis=0).max() < 0.05:
            continue
        for name in _ARM_FIELDS:
            getattr(below, name)[:, side] = getattr(above, name)[:, side]
    below.trunk += above.trunk
    below.head += above.head
    return Performance(below, min(arms.first, legs.first), max(arms.last, legs.last))


def _lengthened(pose: Pose, frames: int) -> Pose:
    index = np.minimum(np.arange(frames), pose.frames - 1)
    return Pose(**{name: values[index] for name, values in vars(pose).items()})


def _negatives(deed: _Deed, texts: tuple[str, ...], rng: Rng) -> tuple[str, ...]:
    """Close but false: the other side, the opposite word, easily confused primitives."""
    primitive, side = deed.primitive, deed.side
    swapped = _sides_swapped(deed, deed, texts)
    false = [_pick(tuple(swapped), rng)] if swapped else []
    false += opposites(primitive.swaps, texts, rng)
    if primitive.both and primitive.sided:
        other = _pick(("left", "right"), rng) if side == "both" else "both"
        false.append(sentence(primitive, other, rng, told=True, narrow=True))
    for key in primitive.unlike:
        other = PRIMITIVES[key]
        acting = side if side in other.sides else _pick(other.sides, rng)
        false.append(sentence(other, acting, rng, narrow=True))
    return tuple(text for text in dict.fromkeys(false) if text not in texts)


def _sides_swapped(first: _Deed, second: _Deed, texts: tuple[str, ...]) -> list[str]:
    if not {first.side, second.side} & {"left", "right"}:
        return []
    return [swapped for text in texts if (swapped := swap_sides(text)) != text]


def _finished(
    done: Performance,
    key: str,
    texts: tuple[str, ...],
    negatives: tuple[str, ...],
    rng: Rng,
    *,
    mirrors: bool,
) -> GrammarMotion:
    """The performance by somebody's body, somewhere before a sensor."""
    settle_in(done.pose, rng)
    # Who walks, walks past the spot where others stand.
    done.pose.travel -= done.pose.travel.mean(axis=0)
    add_sway(done.pose, fps=FPS, rng=rng, amount=float(rng.uniform(0.4, 2.0)))
    positions = at_sensor(
        positions_of(done.pose, body=sample_body(rng)),
        distance_m=float(rng.uniform(1.8, 3.8)),
        sensor_height_m=float(rng.uniform(0.6, 1.6)),
        aside_m=float(rng.normal(0.0, 0.3)),
        yaw=float(np.clip(rng.normal(0.0, 0.3), -0.8, 0.8)),
    )
    return GrammarMotion(positions, texts, negatives, key, (done.first, done.last), mirrors)


def _pick(options: tuple[str, ...], rng: Rng) -> str:
    return options[int(rng.integers(len(options)))]


_DRAWN = tuple(p.key for p in drawings())
# Letters are many and alike: each is drawn a third as often as any other primitive.
_KEYS = tuple(key for key in PRIMITIVES for _ in range(1 if key in _DRAWN else 3))
_ARM_KEYS = tuple(
    key for key in _KEYS if PRIMITIVES[key].part == "arms" and not key.startswith(("look", "tilt"))
)
_BRIEF_KEYS = tuple(
    key
    for key, p in PRIMITIVES.items()
    # Only what begins and ends at rest can be followed by something else.
    if all(m.stay < 0.8 and (not m.start or m.start[0].seconds > 0) for m in p.moves)
)
