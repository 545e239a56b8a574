"""What cameras, bodies and rooms do to a window, done on purpose to training windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ConfigError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import normalize, yaw_matrix

_MIRROR = list(NTU_25.mirrored())
_HANDS = (
    (Joint.WRIST_LEFT, (Joint.HAND_LEFT, Joint.HAND_TIP_LEFT, Joint.THUMB_LEFT)),
    (Joint.WRIST_RIGHT, (Joint.HAND_RIGHT, Joint.HAND_TIP_RIGHT, Joint.THUMB_RIGHT)),
)

_AROUND = np.deg2rad(60.0)
"""How far to the side of a person a camera stands at most."""


@dataclass(frozen=True)
class Augmentation:
    """Strength of every disturbance; 0 switches one off."""

    mirror: float = 0.5
    """Chance of a left/right swap, which swaps the words of the text too, [0, 1]."""
    yaw_deg: float = 15.0
    """Standard deviation of a turn after normalisation, degrees: its own error, or a glance aside."""
    tilt_deg: float = 4.0
    """Standard deviation of pitch and roll, degrees: a camera that is not level."""
    limb: float = 0.07
    """Standard deviation of the log length of each bone, left and right alike."""
    jitter_m: float = 0.008
    """Standard deviation of joint noise in every frame, metres."""
    depth_m: float = 0.04
    """Standard deviation of slow noise in each joint's depth, metres: a webcam's guess."""
    depth_scale: float = 0.0
    """Standard deviation of the log by which all depth is stretched, seen from anywhere in front: a
    webcam's guess of how far a limb reaches towards it."""
    hands_lost: float = 0.2
    """Chance that a hand's joints are lost, and held at the wrist, for a whole window, [0, 1]."""
    invented: float = 0.0
    """Chance that the joints along the trunk and in the hands are guessed from shoulders, hips, head,
    wrists and hands, as they are of sensors that do not see them, [0, 1]."""

    def __post_init__(self) -> None:
        """Refuse strengths below 0 and chances above 1."""
        values = (self.yaw_deg, self.tilt_deg, self.limb, self.jitter_m, self.depth_m, self.depth_scale)
        chances = (self.mirror, self.hands_lost, self.invented)
        if min(*values, *chances) < 0 or max(chances) > 1:
            raise ConfigError(f"wanted strengths of 0 or more and chances up to 1, got {self}")


def mirrored(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same window in a mirror, (T, 25, 3): x negated, left and right joints swapped."""
    return positions[:, _MIRROR] * np.array([-1, 1, 1], np.float32)


def augmented(
    positions: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    config: Augmentation,
    mirror: bool = True,
) -> tuple[NDArray[np.float32], bool]:
    """A disturbed window, normalised, (T, 25, 3) float32, and whether it was mirrored.

    Args:
        positions: (T, 25, 3) raw window, metres.
        rng: Source of chance.
        config: Strength of every disturbance.
        mirror: Whether it may be mirrored at all.
    """
    swap = mirror and bool(rng.random() < config.mirror)
    x = mirrored(positions) if swap else positions
    x = _proportions(rng, config.limb) @ x
    x = x @ _tilt(rng, config.tilt_deg).T
    x = x + rng.normal(0.0, config.jitter_m, x.shape)
    x[..., 2] += _slow_noise(rng, len(x), config.depth_m)
    if config.depth_scale > 0:
        x = x @ _stretched(rng, config.depth_scale).T
    if rng.random() < config.invented:
        x = _INVENTED @ x
    for wrist, hand in _HANDS:
        if rng.random() < config.hands_lost:
            x[:, hand] = x[:, [wrist]]
    turn = yaw_matrix(np.deg2rad(rng.normal(0.0, config.yaw_deg)))
    return normalize(x.astype(np.float32)) @ turn.T, swap


def _bone_chains() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(25, 25) positions -> bone vectors, and (25, 25) bone vectors -> positions."""
    size = len(NTU_25)
    to_bones = np.eye(size, dtype=np.float32)
    for child, parent in NTU_25.bones:
        to_bones[child, parent] = -1.0
    return to_bones, np.linalg.inv(to_bones).astype(np.float32)


_TO_BONES, _FROM_BONES = _bone_chains()


def _invention() -> NDArray[np.float32]:
    """(25, 25) map that replaces joints by what a sensor without them would make of the others."""
    to = np.eye(len(NTU_25), dtype=np.float32)
    shoulders, hips = (Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT), (Joint.HIP_LEFT, Joint.HIP_RIGHT)
    recipes: dict[Joint, dict[Joint, float]] = {
        Joint.SPINE_BASE: dict.fromkeys(hips, 0.5),
        Joint.SPINE_MID: dict.fromkeys((*hips, *shoulders), 0.25),
        Joint.SPINE_SHOULDER: dict.fromkeys(shoulders, 0.5),
        Joint.NECK: {**dict.fromkeys(shoulders, 0.325), Joint.HEAD: 0.35},
    }
    for side in ("LEFT", "RIGHT"):
        wrist, hand = Joint[f"WRIST_{side}"], Joint[f"HAND_{side}"]
        recipes[Joint[f"HAND_TIP_{side}"]] = {hand: 2.0, wrist: -1.0}
        recipes[Joint[f"THUMB_{side}"]] = {hand: 1.0}
    for joint, recipe in recipes.items():
        to[joint] = 0.0
        for source, weight in recipe.items():
            to[joint, source] = weight
    return to


_INVENTED = _invention()


def _proportions(rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """(25, 25) linear map to a body of other proportions, the root where it was."""
    scale = np.exp(rng.normal(0.0, strength, len(NTU_25))).astype(np.float32)
    scale = np.sqrt(scale * scale[_MIRROR])  # Both sides alike.
    scale[Joint.SPINE_BASE] = 1.0
    return (_FROM_BONES * scale) @ _TO_BONES


def _tilt(rng: np.random.Generator, degrees: float) -> NDArray[np.float32]:
    """(3, 3) small rotation about x, then z."""
    pitch, roll = np.deg2rad(rng.normal(0.0, degrees, 2))
    (cp, sp), (cr, sr) = (np.cos(pitch), np.sin(pitch)), (np.cos(roll), np.sin(roll))
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_z @ about_x).astype(np.float32)


def _stretched(rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """(3, 3) map that stretches along the line of sight of a camera somewhere in front."""
    turn = yaw_matrix(rng.uniform(-_AROUND, _AROUND))
    scale = np.diag([1.0, 1.0, np.exp(rng.normal(0.0, strength))])
    return (turn.T @ scale @ turn).astype(np.float32)


def _slow_noise(rng: np.random.Generator, frames: int, strength: float) -> NDArray[np.float64]:
    """(T, 25) noise that drifts: four random values per joint, joined by lines."""
    knots = rng.normal(0.0, strength, (4, len(NTU_25)))
    at = np.linspace(0.0, 3.0, frames)
    low = np.minimum(at.astype(np.int64), 2)
    share = (at - low)[:, None]
    return knots[low] * (1 - share) + knots[low + 1] * share
