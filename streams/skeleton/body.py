"""A kinematic body: from what a person does (hand targets, trunk angles) to NTU-25 joints.

Limbs are rigid: whatever the pose asks, every bone keeps its length. Targets out of reach are
approached as far as the limb goes. The lowest joint stands on the floor unless the pose jumps.

Sides are symmetric: a hand or foot at (out, up, forward) reads the same for left and right, and
angles named "to the left" are positive towards the person's own left.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import NTU_25, Joint

LEFT, RIGHT = 0, 1
"""Index of a side in every array with a side axis."""

Array = NDArray[np.float64]

_OUT = np.array([[-1.0, 1.0, -1.0], [1.0, 1.0, -1.0]])
"""(out, up, forward) of each side to camera axes of a person who faces the sensor."""

_HANG = (0.14, -0.97, 0.08)
"""Where a wrist hangs, in arm lengths from the shoulder."""


@dataclass(frozen=True)
class Body:
    """Sizes of a person; the default is an adult as a Kinect v2 sees one.

    Every length but the height is a share of the height.
    """

    height_m: float = 1.74
    """Standing height, metres."""
    lower_trunk: float = 0.177
    """SpineBase to SpineMid."""
    upper_trunk: float = 0.130
    """SpineMid to SpineShoulder."""
    neck: float = 0.042
    """SpineShoulder to Neck."""
    head: float = 0.088
    """Neck to Head."""
    shoulder: float = 0.100
    """SpineShoulder to a shoulder."""
    shoulder_drop: float = 0.35
    """How far shoulders hang below their spine joint, radians."""
    hip: float = 0.050
    """SpineBase to a hip."""
    upper_arm: float = 0.152
    """Shoulder to elbow."""
    forearm: float = 0.140
    """Elbow to wrist."""
    hand: float = 0.042
    """Wrist to hand; the hand tip lies as far again."""
    thigh: float = 0.222
    """Hip to knee."""
    shin: float = 0.220
    """Knee to ankle."""
    foot: float = 0.070
    """Ankle to foot."""
    ankle: float = 0.045
    """Height of the ankle above the sole."""

    def __post_init__(self) -> None:
        """Refuse sizes no person has."""
        if not 0.5 <= self.height_m <= 2.5:
            raise ConfigError(f"wanted a height of 0.5 to 2.5 m, got {self.height_m}; give metres")
        for name in (f.name for f in fields(self) if f.name != "height_m"):
            if not 0.0 < getattr(self, name) < 0.6:
                raise ConfigError(f"wanted {name} in (0, 0.6) of the height, got {getattr(self, name)}")

    @property
    def arm_m(self) -> float:
        """Shoulder to wrist, metres: the unit of hand targets."""
        return (self.upper_arm + self.forearm) * self.height_m

    @property
    def leg_m(self) -> float:
        """Hip to ankle, metres: the unit of feet and pelvis."""
        return (self.thigh + self.shin) * self.height_m


@dataclass(eq=False)
class Pose:
    """What a person does over T frames; every field starts neutral in ``Pose.standing``.

    Attributes:
        trunk: (T, 3) forward bend, lean to the left, twist to the left, radians.
        hips: (T, 3) the same angles of the pelvis alone, added to its share of the trunk's.
        head: (T, 3) nod forward, tilt to the left, turn to the left, radians, on the trunk's.
        hands: (T, 2, 3) wrist from its shoulder as (out, up, forward), arm lengths, trunk axes.
        upright: (T, 2) share in [0, 1] by which a hand target ignores how the trunk bends.
        elbows: (T, 2, 3) pull on the elbow, (out, up, forward), added to a natural one of size 1.
        palms: (T, 2, 3) bend of the hand off the forearm's line, (out, up, forward), forearm 1.
        shrugs: (T, 2) rise of the shoulder, radians.
        pelvis: (T, 3) shift to the left, up and forward, leg lengths.
        feet: (T, 2, 3) ankle from where it stands, (out, up, forward), leg lengths.
        knees: (T, 2, 3) pull on the knee, (out, up, forward), added to a forward one of size 1.
        toes: (T, 2) toes pressed down, radians.
        air: (T,) height of the lowest joint above the floor, leg lengths.
        tilt: (T, 2) the whole body pitched forward and rolled to the left, radians (lying down).
        heading: (T,) turn of the whole body to the left, radians.
        travel: (T, 2) metres walked to the left and forward, of a person at heading 0.
    """

    trunk: Array
    hips: Array
    head: Array
    hands: Array
    upright: Array
    elbows: Array
    palms: Array
    shrugs: Array
    pelvis: Array
    feet: Array
    knees: Array
    toes: Array
    air: Array
    tilt: Array
    heading: Array
    travel: Array

    @classmethod
    def standing(cls, frames: int) -> "Pose":
        """``frames`` frames of standing with the arms down."""
        shapes = {
            **dict.fromkeys(("trunk", "hips", "head", "pelvis"), (frames, 3)),
            **dict.fromkeys(("elbows", "palms", "feet", "knees"), (frames, 2, 3)),
            **dict.fromkeys(("shrugs", "toes", "tilt", "travel"), (frames, 2)),
            **dict.fromkeys(("air", "heading"), (frames,)),
        }
        arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
        return cls(**arrays, hands=np.tile(np.array(_HANG), (frames, 2, 1)), upright=np.ones((frames, 2)))

    @property
    def frames(self) -> int:
        """T."""
        return len(self.air)


def positions_of(pose: Pose, *, body: Body = Body()) -> NDArray[np.float32]:
    """(T, 25, 3) float32, metres: the person faces the sensor's side (-z), floor at y = 0.

    The pelvis starts above x = z = 0. ``at_sensor`` moves it before a sensor.

    Args:
        pose: What the person does.
        body: The person's sizes.
    """
    turns = _rotations(pose)
    joints = np.zeros((pose.frames, len(NTU_25), 3))
    _place_trunk(joints, pose, body, turns)
    for side in (LEFT, RIGHT):
        _place_arm(joints, pose, body, turns, side)
        _place_leg(joints, pose, body, turns, side)
    joints = np.einsum("tij,tvj->tvi", turns[6], joints)
    _stand_on_floor(joints, pose, body)
    joints = np.einsum("tij,tvj->tvi", turns[7], joints)
    joints[:, :, 0] -= pose.travel[:, None, 0]
    joints[:, :, 2] -= pose.travel[:, None, 1]
    return joints.astype(np.float32)


def at_sensor(
    positions: NDArray[np.floating],
    *,
    distance_m: float = 2.6,
    sensor_height_m: float = 1.0,
    aside_m: float = 0.0,
    yaw: float = 0.0,
) -> NDArray[np.float32]:
    """(T, 25, 3) float32 in Kinect camera space: the same person before a level sensor.

    Args:
        positions: (T, 25, 3) from ``positions_of``.
        distance_m: From the sensor, metres.
        sensor_height_m: Of the sensor above the floor, metres.
        aside_m: Of the person towards the sensor's left, metres.
        yaw: Turn of the person to the person's own left, radians.
    """
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return (positions @ turn.T + (aside_m, -sensor_height_m, distance_m)).astype(np.float32)


def _rotations(pose: Pose) -> Array:
    """(8, T, 3, 3): pelvis, lower trunk, chest, head, left arm, right arm, whole body, heading."""
    angles = np.zeros((8, pose.frames, 3))
    angles[0] = 0.3 * pose.trunk + pose.hips
    angles[1] = 0.7 * pose.trunk + 0.5 * pose.hips
    angles[2] = pose.trunk
    angles[3] = pose.trunk + pose.head
    for side in (LEFT, RIGHT):
        angles[4 + side] = pose.trunk
        angles[4 + side, :, :2] *= 1.0 - pose.upright[:, side, None]
    angles[6, :, :2] = pose.tilt
    angles[7, :, 2] = pose.heading
    return _euler(angles)


def _euler(angles: Array) -> Array:
    """(..., 3, 3) rotations: lean, then bend forward, then twist, of a person facing -z."""
    c, s = np.cos(angles), np.sin(angles)
    cx, cz, cy = c[..., 0], c[..., 1], c[..., 2]
    sx, sz, sy = -s[..., 0], s[..., 1], s[..., 2]
    out = np.empty((*angles.shape[:-1], 3, 3))
    out[..., 0, 0] = cy * cz + sy * sx * sz
    out[..., 0, 1] = sy * sx * cz - cy * sz
    out[..., 0, 2] = sy * cx
    out[..., 1, 0] = cx * sz
    out[..., 1, 1] = cx * cz
    out[..., 1, 2] = -sx
    out[..., 2, 0] = cy * sx * sz - sy * cz
    out[..., 2, 1] = sy * sz + cy * sx * cz
    out[..., 2, 2] = cy * cx
    return out


def _place_trunk(joints: Array, pose: Pose, body: Body, turns: Array) -> None:
    h = body.height_m
    base = np.empty((pose.frames, 3))
    standing = body.ankle * h + 0.99 * body.leg_m + _hip_drop(body)
    base[:, 0] = -pose.pelvis[:, 0] * body.leg_m
    base[:, 1] = standing + pose.pelvis[:, 1] * body.leg_m
    base[:, 2] = -pose.pelvis[:, 2] * body.leg_m
    mid = base + turns[1][:, :, 1] * (body.lower_trunk * h)
    shoulders = mid + turns[2][:, :, 1] * (body.upper_trunk * h)
    neck = shoulders + turns[2][:, :, 1] * (body.neck * h)
    joints[:, Joint.SPINE_BASE] = base
    joints[:, Joint.SPINE_MID] = mid
    joints[:, Joint.SPINE_SHOULDER] = shoulders
    joints[:, Joint.NECK] = neck
    joints[:, Joint.HEAD] = neck + turns[3][:, :, 1] * (body.head * h)


def _place_arm(joints: Array, pose: Pose, body: Body, turns: Array, side: int) -> None:
    h, chest, frame = body.height_m, turns[2], turns[4 + side]
    aim = pose.hands[:, side]
    # The shoulder girdle rises with an arm that is lifted above it.
    rise = pose.shrugs[:, side] - body.shoulder_drop + 0.45 * np.clip(aim[:, 1], 0.0, 1.0)
    clavicle = np.stack([_OUT[side, 0] * np.cos(rise), np.sin(rise), np.zeros_like(rise)], axis=-1)
    shoulder = joints[:, Joint.SPINE_SHOULDER] + _turned(chest, clavicle) * (body.shoulder * h)
    wanted = _turned(frame, aim * _OUT[side]) * body.arm_m
    # An elbow points back when the arm hangs, down when it reaches forward, out overhead.
    pull = pose.elbows[:, side] + (0.5, -0.6, -0.3)
    pull[:, 2] += 0.45 * aim[:, 1]
    elbow, wrist, bent = _two_bones(
        shoulder, wanted, _turned(frame, pull * _OUT[side]), (body.upper_arm * h, body.forearm * h)
    )
    along = (wrist - elbow) / (body.forearm * h)
    fingers = _unit(along + _turned(frame, pose.palms[:, side] * _OUT[side]))
    hand = wrist + fingers * (body.hand * h)
    first = Joint.SHOULDER_LEFT if side == LEFT else Joint.SHOULDER_RIGHT
    for offset, place in enumerate((shoulder, elbow, wrist, hand)):
        joints[:, first + offset] = place
    tip, thumb = (
        (Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT)
        if side == LEFT
        else (Joint.HAND_TIP_RIGHT, Joint.THUMB_RIGHT)
    )
    joints[:, tip] = hand + fingers * (body.hand * h)
    joints[:, thumb] = hand + _unit(0.3 * fingers - bent) * (0.9 * body.hand * h)


def _place_leg(joints: Array, pose: Pose, body: Body, turns: Array, side: int) -> None:
    h = body.height_m
    across = np.sqrt((body.hip * h) ** 2 - _hip_drop(body) ** 2)
    hip = joints[:, Joint.SPINE_BASE] + turns[0] @ np.array([_OUT[side, 0] * across, -_hip_drop(body), 0.0])
    stance = np.array([_OUT[side, 0] * 1.15 * across, body.ankle * h, 0.0])
    target = stance + pose.feet[:, side] * _OUT[side] * body.leg_m
    pull = (pose.knees[:, side] + (0.15, 0.15, 1.0)) * _OUT[side]
    knee, ankle, bent = _two_bones(hip, target - hip, pull, (body.thigh * h, body.shin * h))
    foot = ankle + _foot_direction(pose, body, side, knee, ankle, bent) * (body.foot * h)
    first = Joint.HIP_LEFT if side == LEFT else Joint.HIP_RIGHT
    for offset, place in enumerate((hip, knee, ankle, foot)):
        joints[:, first + offset] = place


def _foot_direction(pose: Pose, body: Body, side: int, knee: Array, ankle: Array, bent: Array) -> Array:
    """(T, 3) unit: flat on the floor, at a right angle to the shin once the ankle is lifted."""
    shin = (ankle - knee) / (body.shin * body.height_m)
    lifted = np.clip((ankle[:, 1] / (body.ankle * body.height_m) - 1.0) / 2.0, 0.0, 1.0)
    forward = _unit(bent - (bent * shin).sum(-1, keepdims=True) * shin)
    free = 0.94 * forward + 0.34 * shin
    flat = np.array([0.2 * _OUT[side, 0], -0.43, -0.88])
    resting = _unit(flat + lifted[:, None] * (free - flat))
    down = pose.toes[:, side, None]
    return _unit(resting * np.cos(down) + shin * np.sin(down))


def _two_bones(
    root: Array, wanted: Array, pull: Array, lengths: tuple[float, float]
) -> tuple[Array, Array, Array]:
    """Middle joint, end joint and the unit direction the middle joint bends to, each (T, 3).

    Law of cosines; the middle joint lies on the side that ``pull`` points to.
    """
    a, b = lengths
    wanted = np.where(np.abs(wanted).sum(-1, keepdims=True) > 1e-6, wanted, (0.0, -1e-3, 0.0))
    far = np.linalg.norm(wanted, axis=-1, keepdims=True)
    straight = wanted / far
    reach = np.clip(far, abs(a - b) + 0.15 * (a + b), 0.998 * (a + b))
    bent = _unit(pull - (pull * straight).sum(-1, keepdims=True) * straight)
    cosine = (a * a + reach * reach - b * b) / (2.0 * a * reach)
    sine = np.sqrt(np.maximum(0.0, 1.0 - cosine * cosine))
    return root + a * (cosine * straight + sine * bent), root + reach * straight, bent


def _stand_on_floor(joints: Array, pose: Pose, body: Body) -> None:
    """Shift each frame so that the lowest joint, less its flesh, lies at the pose's air."""
    flesh = np.full(len(NTU_25), 0.045)
    flesh[[Joint.FOOT_LEFT, Joint.FOOT_RIGHT]] = 0.012
    flesh[[Joint.HAND_TIP_LEFT, Joint.HAND_TIP_RIGHT, Joint.THUMB_LEFT, Joint.THUMB_RIGHT]] = 0.012
    lowest = (joints[:, :, 1] - flesh * body.height_m).min(axis=1)
    joints[:, :, 1] += (pose.air * body.leg_m - lowest)[:, None]


def _hip_drop(body: Body) -> float:
    return 0.4 * body.hip * body.height_m


def _turned(turns: Array, vectors: Array) -> Array:
    return np.einsum("tij,tj->ti", turns, vectors)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
