"""Recipes from the joint lists of motion capture rigs to NTU-25.

Rigs disagree on where a trunk begins and a hand ends. Every recipe here follows the same body,
the one MediaPipe and Kinect v2 show: the spine's base lies between the hip joints, its shoulder
joint between the shoulders, the neck 35 % of the way from there to the head, the head at the
skull's middle, and a hand 6 cm and its tip 14 cm beyond the wrist of an adult. Joints a rig does
not have are extrapolated along the bone before them; thumbs lie on the hand.
"""

from streams.skeleton.errors import LayoutError
from streams.skeleton.layouts import BLAZEPOSE_33, K4ABT_32, KINECT_V1_20, NTU_25
from streams.skeleton.retarget import (
    BLAZEPOSE_TO_NTU,
    K4ABT_TO_NTU,
    KINECT_V1_TO_NTU,
    Recipe,
    Retargeting,
    retargeting,
)

_SIDES = ("left", "right")


def _beyond(start: str, end: str, share: float) -> dict[str, float]:
    """The point ``share`` of the way from start to end; beyond the end when above 1."""
    return {start: 1.0 - share, end: share}


def _mean(*names: str) -> dict[str, float]:
    return {name: 1.0 / len(names) for name in names}


def _body(
    limbs: dict[str, str], *, sides: tuple[str, str], middle: dict[str, float], head: dict[str, float]
) -> Recipe:
    """Everything but hands: limbs by name, and a trunk made from hips, shoulders and head.

    Args:
        limbs: NTU-25 joint without its side -> source name with ``{}`` for the side.
        sides: What ``{}`` reads for left and right.
        middle: Weights of spine_mid.
        head: Weights of head.
    """
    recipe: Recipe = {"spine_mid": middle, "head": head}
    for side, word in zip(_SIDES, sides, strict=True):
        for joint, name in limbs.items():
            recipe[f"{joint}_{side}"] = {name.format(word): 1.0}
    recipe["spine_base"] = _mean(*(limbs["hip"].format(word) for word in sides))
    shoulders = _mean(*(limbs["shoulder"].format(word) for word in sides))
    recipe["spine_shoulder"] = shoulders
    recipe["neck"] = _weighted((shoulders, 0.65), (head, 0.35))
    return recipe


def _weighted(*parts: tuple[dict[str, float], float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for weights, share in parts:
        for name, weight in weights.items():
            total[name] = total.get(name, 0.0) + weight * share
    return total


def _add_hands(recipe: Recipe, sides: tuple[str, str], hand: tuple[str, str, float, float]) -> Recipe:
    """The recipe with hands on the line through two source joints, at two shares of their distance."""
    start, end, palm, tip = hand
    for side, word in zip(_SIDES, sides, strict=True):
        line = (start.format(word), end.format(word))
        recipe[f"hand_{side}"] = _beyond(*line, palm)
        recipe[f"thumb_{side}"] = _beyond(*line, palm)
        recipe[f"hand_tip_{side}"] = _beyond(*line, tip)
    return recipe


def _ui_prmd() -> Recipe:
    """UI-PRMD: Kinect v2 under other names; its ``chest`` is Kinect's SpineShoulder."""
    sides = ("left", "right")
    limbs = {
        "shoulder": "{}_upper_arm",
        "elbow": "{}_forearm",
        "wrist": "{}_hand",
        "hip": "{}_upper_leg",
        "knee": "{}_lower_leg",
        "ankle": "{}_foot",
        "foot": "{}_toes",
    }
    recipe = _body(limbs, sides=sides, middle={"spine": 1.0}, head={"head_tip": 1.0})
    recipe["spine_base"] = {"waist": 1.0}
    recipe["spine_shoulder"] = {"chest": 1.0}
    recipe["neck"] = {"head": 1.0}
    return _add_hands(recipe, sides, ("{}_forearm", "{}_hand", 1.27, 1.6))


_BIPED = {
    "shoulder": "{}Arm",
    "elbow": "{}ForeArm",
    "wrist": "{}Hand",
    "hip": "{}UpLeg",
    "knee": "{}Leg",
    "ankle": "{}Foot",
    "foot": "{}ToeBase",
}


def _berkeley() -> Recipe:
    sides = ("Left", "Right")
    recipe = _body(_BIPED, sides=sides, middle=_mean("spine1", "spine2"), head=_mean("Head", "Head_end"))
    return _add_hands(recipe, sides, ("{}ForeArm", "{}Hand", 1.27, 1.6))


def _accad() -> Recipe:
    sides = ("Left", "Right")
    recipe = _body(_BIPED, sides=sides, middle=_mean("Spine", "Spine1"), head=_mean("Head", "Head_end"))
    # Hand_end is the finger tip, 18 cm from the wrist; Kinect's tip is the knuckles'.
    return _add_hands(recipe, sides, ("{}Hand", "{}Hand_end", 0.35, 0.8))


def _cmu_bvh() -> Recipe:
    """CMU as 31-joint BVH: its forearm bone ends above the wrist, its head joint under the skull."""
    sides = ("Left", "Right")
    limbs = {**_BIPED, "wrist": "{}HandIndex1"}
    recipe = _body(limbs, sides=sides, middle={"Spine": 1.0}, head=_beyond("Neck1", "Head", 2.0))
    return _add_hands(recipe, sides, ("{}ForeArm", "{}HandIndex1", 1.27, 1.6))


def _iclone() -> Recipe:
    sides = ("L", "R")
    limbs = {
        "shoulder": "CC_Base_{}_Upperarm",
        "elbow": "CC_Base_{}_Forearm",
        "wrist": "CC_Base_{}_Hand",
        "hip": "CC_Base_{}_Thigh",
        "knee": "CC_Base_{}_Calf",
        "ankle": "CC_Base_{}_Foot",
        "foot": "CC_Base_{}_ToeBase",
    }
    head = _beyond("CC_Base_NeckTwist01", "CC_Base_Head", 2.0)
    recipe = _body(limbs, sides=sides, middle={"CC_Base_Spine02": 1.0}, head=head)
    return _add_hands(recipe, sides, ("CC_Base_{}_Hand", "CC_Base_{}_Mid1", 0.55, 1.25))


def _poser() -> Recipe:
    """The Poser figure of the CMU dance set."""
    sides = ("l", "r")
    limbs = {
        "shoulder": "{}Shldr",
        "elbow": "{}ForeArm",
        "wrist": "{}Hand",
        "hip": "{}Thigh",
        "knee": "{}Shin",
        "ankle": "{}Foot",
        "foot": "{}Foot_end",
    }
    head = _beyond("neck", "head", 2.5)
    recipe = _body(limbs, sides=sides, middle=_mean("abdomen", "chest"), head=head)
    return _add_hands(recipe, sides, ("{}ForeArm", "{}Hand", 1.27, 1.6))


def _hdm05() -> Recipe:
    """HDM05's ASF rig names a joint after the bone that ends there: ``lclavicle`` is the shoulder."""
    sides = ("l", "r")
    limbs = {
        "shoulder": "{}clavicle",
        "elbow": "{}humerus",
        "wrist": "{}wrist",
        "hip": "{}hipjoint",
        "knee": "{}femur",
        "ankle": "{}tibia",
        "foot": "{}foot",
    }
    recipe = _body(limbs, sides=sides, middle=_mean("lowerback", "upperback"), head={"head": 1.0})
    for side, word in zip(_SIDES, sides, strict=True):
        recipe[f"hand_{side}"] = {f"{word}hand": 1.0}
        recipe[f"hand_tip_{side}"] = {f"{word}fingers": 1.0}
        recipe[f"thumb_{side}"] = {f"{word}thumb": 1.0}
    return recipe


_RECIPES = {
    "UI-PRMD": _ui_prmd(),
    "Berkeley MHAD": _berkeley(),
    "ACCAD": _accad(),
    "CMU (BVH)": _cmu_bvh(),
    "CMU (iClone)": _iclone(),
    "CMU (Poser)": _poser(),
    "HDM05": _hdm05(),
}
"""Rig name -> recipe, the most particular first: a rig is known by the joints its recipe needs."""

_LAYOUTS = {
    NTU_25.joints: retargeting(NTU_25.joints, {joint: {joint: 1.0} for joint in NTU_25.joints}),
    KINECT_V1_20.joints: KINECT_V1_TO_NTU,
    BLAZEPOSE_33.joints: BLAZEPOSE_TO_NTU,
    K4ABT_32.joints: K4ABT_TO_NTU,
}


def retargeting_for(joints: tuple[str, ...]) -> Retargeting:
    """The map to NTU-25 for a source with these joint names, told by the names alone.

    Sensor layouts must match joint by joint; a rig may order its joints as it likes and may have
    more of them than its recipe uses.

    Args:
        joints: J joint names in source order.

    Raises:
        LayoutError: No known layout or rig has these joints.
    """
    if joints in _LAYOUTS:
        return _LAYOUTS[joints]
    held = set(joints)
    for recipe in _RECIPES.values():
        if all(name in held for weights in recipe.values() for name in weights):
            return retargeting(joints, recipe)
    known = ", ".join(
        (*(layout.name for layout in (NTU_25, KINECT_V1_20, BLAZEPOSE_33, K4ABT_32)), *_RECIPES)
    )
    raise LayoutError(
        f"wanted the joints of a known layout or rig ({known}), got {len(joints)}: "
        f"{', '.join(joints[:6])}…; add a recipe to streams/skeleton/mocap.py"
    )
