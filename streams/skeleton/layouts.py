"""Joint layouts: which joints a sensor gives, in which order, and how they hang together."""

from dataclasses import dataclass
from enum import IntEnum

from streams.skeleton.errors import LayoutError


class Joint(IntEnum):
    """NTU RGB+D order, 0-based, which is Kinect v2 ``JointType``."""

    SPINE_BASE = 0
    SPINE_MID = 1
    NECK = 2
    HEAD = 3
    SHOULDER_LEFT = 4
    ELBOW_LEFT = 5
    WRIST_LEFT = 6
    HAND_LEFT = 7
    SHOULDER_RIGHT = 8
    ELBOW_RIGHT = 9
    WRIST_RIGHT = 10
    HAND_RIGHT = 11
    HIP_LEFT = 12
    KNEE_LEFT = 13
    ANKLE_LEFT = 14
    FOOT_LEFT = 15
    HIP_RIGHT = 16
    KNEE_RIGHT = 17
    ANKLE_RIGHT = 18
    FOOT_RIGHT = 19
    SPINE_SHOULDER = 20
    HAND_TIP_LEFT = 21
    THUMB_LEFT = 22
    HAND_TIP_RIGHT = 23
    THUMB_RIGHT = 24


@dataclass(frozen=True)
class Layout:
    """A named list of joints with their parents.

    Attributes:
        name: Key in ``LAYOUTS``.
        joints: Joint names in order.
        parents: Index of each joint's parent; -1 at the root.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a layout whose parents do not match its joints."""
        if len(self.joints) != len(self.parents):
            raise LayoutError(
                f"layout {self.name}: wanted one parent per joint, "
                f"got {len(self.joints)} joints and {len(self.parents)} parents"
            )

    def __len__(self) -> int:
        """Number of joints V."""
        return len(self.joints)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) pairs of every joint that has a parent."""
        return tuple((child, parent) for child, parent in enumerate(self.parents) if parent >= 0)

    def mirrored(self) -> tuple[int, ...]:
        """Index of each joint's left/right partner; a middle joint is its own."""
        index = {name: i for i, name in enumerate(self.joints)}
        return tuple(index.get(_other_side(name), i) for i, name in enumerate(self.joints))


def _other_side(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


NTU_25 = Layout(
    name="ntu25",
    joints=tuple(joint.name.lower() for joint in Joint),
    parents=(-1, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11),
)
"""NTU RGB+D and Kinect v2, 25 joints: the layout of every window in this project."""

PUBLISHED_NTU_25 = Layout(
    name="published_ntu25",
    joints=NTU_25.joints,
    parents=(-1, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 22, 7, 24, 11),
)
"""The same joints with the bones of the published NTU graph, which hangs each hand tip on the thumb: for
released weights, which were trained so."""

KINECT_V1_20 = Layout(
    name="kinect_v1_20",
    joints=(
        "hip_center",
        "spine",
        "shoulder_center",
        "head",
        "shoulder_left",
        "elbow_left",
        "wrist_left",
        "hand_left",
        "shoulder_right",
        "elbow_right",
        "wrist_right",
        "hand_right",
        "hip_left",
        "knee_left",
        "ankle_left",
        "foot_left",
        "hip_right",
        "knee_right",
        "ankle_right",
        "foot_right",
    ),
    parents=(-1, 0, 1, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18),
)
"""Kinect for Windows SDK 1.x, 20 joints."""

BLAZEPOSE_33 = Layout(
    name="blazepose33",
    joints=(
        "nose",
        "eye_inner_left",
        "eye_left",
        "eye_outer_left",
        "eye_inner_right",
        "eye_right",
        "eye_outer_right",
        "ear_left",
        "ear_right",
        "mouth_left",
        "mouth_right",
        "shoulder_left",
        "shoulder_right",
        "elbow_left",
        "elbow_right",
        "wrist_left",
        "wrist_right",
        "pinky_left",
        "pinky_right",
        "index_left",
        "index_right",
        "thumb_left",
        "thumb_right",
        "hip_left",
        "hip_right",
        "knee_left",
        "knee_right",
        "ankle_left",
        "ankle_right",
        "heel_left",
        "heel_right",
        "foot_index_left",
        "foot_index_right",
    ),
    parents=(
        *(-1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, -1, 11, 11, 12, 13, 14),
        *(15, 16, 15, 16, 15, 16, 11, 12, 23, 24, 25, 26, 27, 28, 29, 30),
    ),
)
"""MediaPipe Pose (BlazePose), 33 landmarks."""

K4ABT_32 = Layout(
    name="k4abt32",
    joints=(
        "pelvis",
        "spine_navel",
        "spine_chest",
        "neck",
        "clavicle_left",
        "shoulder_left",
        "elbow_left",
        "wrist_left",
        "hand_left",
        "handtip_left",
        "thumb_left",
        "clavicle_right",
        "shoulder_right",
        "elbow_right",
        "wrist_right",
        "hand_right",
        "handtip_right",
        "thumb_right",
        "hip_left",
        "knee_left",
        "ankle_left",
        "foot_left",
        "hip_right",
        "knee_right",
        "ankle_right",
        "foot_right",
        "head",
        "nose",
        "eye_left",
        "ear_left",
        "eye_right",
        "ear_right",
    ),
    parents=(
        *(-1, 0, 1, 2, 2, 4, 5, 6, 7, 8, 7, 2, 11, 12, 13, 14, 15, 14),
        *(0, 18, 19, 20, 0, 22, 23, 24, 3, 26, 26, 26, 26, 26),
    ),
)
"""Azure Kinect body tracking (k4abt), 32 joints."""

COCO_17 = Layout(
    name="coco17",
    joints=(
        "nose",
        "eye_left",
        "eye_right",
        "ear_left",
        "ear_right",
        "shoulder_left",
        "shoulder_right",
        "elbow_left",
        "elbow_right",
        "wrist_left",
        "wrist_right",
        "hip_left",
        "hip_right",
        "knee_left",
        "knee_right",
        "ankle_left",
        "ankle_right",
    ),
    parents=(-1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
)
"""COCO keypoints, 17 joints in the picture: what RTMPose, YOLO-pose, OpenPose (reordered) and most 2-D
estimators give."""

LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (NTU_25, KINECT_V1_20, BLAZEPOSE_33, K4ABT_32, COCO_17)
}


def layout_named(name: str) -> Layout:
    """The layout of that name.

    Raises:
        LayoutError: No layout has the name.
    """
    try:
        return LAYOUTS[name]
    except KeyError:
        known = ", ".join(sorted(LAYOUTS))
        raise LayoutError(f"wanted a joint layout ({known}), got {name!r}") from None
