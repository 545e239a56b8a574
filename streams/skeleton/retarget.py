"""Any joint layout to NTU-25: every target joint is a weighted mean of source joints."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import LayoutError, ShapeError
from streams.skeleton.layouts import BLAZEPOSE_33, COCO_17, K4ABT_32, KINECT_V1_20, NTU_25

Recipe = dict[str, dict[str, float]]
"""NTU-25 joint name -> {source joint name: weight}; the weights of a joint sum to 1."""

BLAZEPOSE_FRAME = np.array([-1.0, -1.0, 1.0], np.float32)
"""MediaPipe world axes (x image right, y down, z away from the camera) to Kinect camera space."""

K4ABT_FRAME = np.array([-0.001, -0.001, 0.001], np.float32)
"""k4abt axes (millimetres, x right, y down, z forward) to Kinect camera space in metres."""


@dataclass(frozen=True)
class Retargeting:
    """A linear map from a source layout to NTU-25.

    Attributes:
        source_joints: J joint names in source order.
        weights: (25, J) float32; each row sums to 1.
        invented: NTU-25 joints that are not one measured source joint.
    """

    source_joints: tuple[str, ...]
    weights: NDArray[np.float32]
    invented: tuple[str, ...]

    def positions(self, source: NDArray[np.floating]) -> NDArray[np.float32]:
        """NTU-25 positions, (..., 25, 3) float32, in the unit and frame of ``source``.

        Args:
            source: (..., J, 3) positions of one person.

        Raises:
            ShapeError: The joint or coordinate axis has another length.
        """
        wanted = (len(self.source_joints), 3)
        if source.ndim < 2 or source.shape[-2:] != wanted:
            raise ShapeError(f"wanted positions (..., {wanted[0]}, 3), got {source.shape}")
        return np.matmul(self.weights, source.astype(np.float32, copy=False))

    def confidence(self, source: NDArray[np.floating]) -> NDArray[np.float32]:
        """Confidence of each NTU-25 joint, (..., 25) in [0, 1]: the least of the joints it uses.

        Args:
            source: (..., J) confidence in [0, 1] per source joint.

        Raises:
            ShapeError: The joint axis has another length.
        """
        if source.shape[-1:] != (len(self.source_joints),):
            raise ShapeError(f"wanted (..., {len(self.source_joints)}), got {source.shape}")
        used = self.weights != 0
        spread = np.where(used, source[..., None, :].astype(np.float32), np.float32(1.0))
        return spread.min(axis=-1)


def retargeting(source_joints: tuple[str, ...], recipe: Recipe) -> Retargeting:
    """The linear map that a recipe describes.

    Raises:
        LayoutError: The recipe misses an NTU-25 joint, names a joint the source has not,
            or a row of weights does not sum to 1.
    """
    column = {name: i for i, name in enumerate(source_joints)}
    weights = np.zeros((len(NTU_25), len(source_joints)), np.float32)
    for row, joint in enumerate(NTU_25.joints):
        for name, weight in recipe.get(joint, {}).items():
            if name not in column:
                raise LayoutError(f"recipe for {joint} names {name!r}, which the source has not")
            weights[row, column[name]] += weight
        if not np.isclose(weights[row].sum(), 1.0, atol=1e-4):
            raise LayoutError(f"weights of {joint} must sum to 1, got {weights[row].sum():.3f}")
    invented = tuple(
        joint for joint, row in zip(NTU_25.joints, weights, strict=True) if np.count_nonzero(row) != 1
    )
    return Retargeting(source_joints=source_joints, weights=weights, invented=invented)


def _mean(*names: str) -> dict[str, float]:
    return {name: 1.0 / len(names) for name in names}


def _limb_recipe() -> Recipe:
    """Arm and leg joints that BlazePose and Kinect v1 name as we do."""
    same = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    return {f"{part}_{side}": {f"{part}_{side}": 1.0} for part in same for side in ("left", "right")}


def _blazepose_recipe() -> Recipe:
    recipe = _limb_recipe()
    hips = {"hip_left": 0.5, "hip_right": 0.5}
    # Half way up the trunk, and 35 % of the way from the shoulder line to the ears: the mean
    # proportions of Kinect v2 skeletons. The nose sits 0.15 m in front of Kinect's head joint.
    recipe["spine_base"] = hips
    recipe["spine_mid"] = _mean("hip_left", "hip_right", "shoulder_left", "shoulder_right")
    recipe["spine_shoulder"] = _mean("shoulder_left", "shoulder_right")
    recipe["neck"] = {
        "shoulder_left": 0.325,
        "shoulder_right": 0.325,
        "ear_left": 0.175,
        "ear_right": 0.175,
    }
    recipe["head"] = _mean("ear_left", "ear_right")
    for side in ("left", "right"):
        recipe[f"hand_{side}"] = _mean(f"wrist_{side}", f"pinky_{side}", f"index_{side}")
        recipe[f"hand_tip_{side}"] = {f"index_{side}": 1.0}
        recipe[f"thumb_{side}"] = {f"thumb_{side}": 1.0}
        recipe[f"foot_{side}"] = {f"foot_index_{side}": 1.0}
    return recipe


def _kinect_v1_recipe() -> Recipe:
    """Kinect v1 as the body Kinect v2 shows: its hips sit a fifth of the trunk too high."""
    recipe = _limb_recipe()
    down_the_trunk = {"hip_center": 0.2, "shoulder_center": -0.2}
    shoulders = _mean("shoulder_left", "shoulder_right")
    recipe["spine_base"] = {"hip_left": 0.5, "hip_right": 0.5, **down_the_trunk}
    recipe["spine_mid"] = _mean("hip_left", "hip_right", "shoulder_left", "shoulder_right")
    recipe["spine_shoulder"] = shoulders
    recipe["neck"] = {"shoulder_left": 0.325, "shoulder_right": 0.325, "head": 0.35}
    recipe["head"] = {"head": 1.0}
    for side in ("left", "right"):
        hand, wrist = f"hand_{side}", f"wrist_{side}"
        recipe[f"hip_{side}"] = {f"hip_{side}": 1.0, **down_the_trunk}
        recipe[f"foot_{side}"] = {f"foot_{side}": 1.0}
        recipe[f"hand_{side}"] = recipe[f"thumb_{side}"] = {wrist: 0.2, hand: 0.8}
        # A hand's length beyond the wrist; Kinect v1 sees no fingers.
        recipe[f"hand_tip_{side}"] = {wrist: -0.8, hand: 1.8}
    return recipe


def _k4abt_recipe() -> Recipe:
    recipe = _limb_recipe()
    recipe["spine_base"] = {"pelvis": 1.0}
    recipe["spine_mid"] = {"spine_navel": 1.0}
    # k4abt's chest joint lies below Kinect v2's; the clavicles are level with it.
    recipe["spine_shoulder"] = _mean("clavicle_left", "clavicle_right")
    recipe["neck"] = {"neck": 1.0}
    recipe["head"] = {"head": 1.0}
    for side in ("left", "right"):
        recipe[f"hand_{side}"] = {f"hand_{side}": 1.0}
        recipe[f"hand_tip_{side}"] = {f"handtip_{side}": 1.0}
        recipe[f"thumb_{side}"] = {f"thumb_{side}": 1.0}
        recipe[f"foot_{side}"] = {f"foot_{side}": 1.0}
    return recipe


def _coco_recipe() -> Recipe:
    """COCO points as NTU-25 points of the picture: what is believed of a joint, where it is shown."""
    recipe = _limb_recipe()
    recipe["spine_base"] = _mean("hip_left", "hip_right")
    recipe["spine_mid"] = _mean("hip_left", "hip_right", "shoulder_left", "shoulder_right")
    recipe["spine_shoulder"] = recipe["neck"] = _mean("shoulder_left", "shoulder_right")
    recipe["head"] = {"nose": 1.0}
    for side in ("left", "right"):
        recipe[f"hand_{side}"] = recipe[f"hand_tip_{side}"] = recipe[f"thumb_{side}"] = {
            f"wrist_{side}": 1.0
        }
        recipe[f"foot_{side}"] = {f"ankle_{side}": 1.0}
    return recipe


BLAZEPOSE_TO_NTU = retargeting(BLAZEPOSE_33.joints, _blazepose_recipe())
KINECT_V1_TO_NTU = retargeting(KINECT_V1_20.joints, _kinect_v1_recipe())
K4ABT_TO_NTU = retargeting(K4ABT_32.joints, _k4abt_recipe())
COCO_TO_NTU = retargeting(COCO_17.joints, _coco_recipe())
"""Of points in a picture; ``streams.lifting`` gives the joints in space."""
COCO_INVENTED = tuple(joint for joint in NTU_25.joints if joint not in _limb_recipe())
"""NTU-25 joints that no COCO point is; all depth is invented besides."""
