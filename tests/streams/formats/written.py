"""Files of skeletons as the programs that make them write them, for the readers' tests."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.formats.coco_csv import HEADER as COCO_HEADER
from streams.skeleton.layouts import COCO_17, K4ABT_32, NTU_25
from streams.skeleton.retarget import K4ABT_TO_NTU
from tests.streams.fakes import standing

Bodies = Sequence[tuple[int, float]]
"""(identity, place) of everybody in a frame; the place is metres to the sensor's left."""


def at(place: float) -> NDArray[np.float64]:
    """(25, 3): somebody who stands there, 2.5 m away."""
    return standing() + np.array([place, 0.0, 2.5])


def k4abt_at(place: float) -> NDArray[np.float64]:
    """(32, 3): the same body as a k4abt tracker gives it, millimetres, x right and y down."""
    ntu = dict(zip(NTU_25.joints, at(place), strict=True))
    own = {"pelvis": "spine_base", "spine_navel": "spine_mid", "spine_chest": "spine_mid"}
    joints = np.zeros((len(K4ABT_32), 3))
    for index, name in enumerate(K4ABT_32.joints):
        ours = own.get(name, name.replace("handtip", "hand_tip").replace("clavicle", "shoulder"))
        joints[index] = ntu.get(ours, ntu["head"])
    return joints * np.array([-1000.0, -1000.0, 1000.0])


def ntu_text(frames: Sequence[Bodies], *, state: int = 2) -> str:
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for identity, place in bodies:
            lines += [f"{72057594037931101 + identity} 0 1 1 1 1 0 -0.1 0.04 2", "25"]
            lines += [
                f"{x:.7f} {y:.7f} {z:.7f} 260 200 1000 500 0.1 0.2 0.3 0.4 {state}" for x, y, z in at(place)
            ]
    return "\n".join(lines) + "\n"


def pku_text(frames: Sequence[Bodies]) -> str:
    lines: list[str] = []
    for bodies in frames:
        values = np.zeros((2, 25, 3))
        for identity, place in bodies:
            values[identity % 2] = at(place)
        lines.append(" ".join(f"{v:.6f}" for v in values.ravel()))
    return "\n".join(lines) + "\n"


def kinect_v2_line(ticks: int, *, state: int = 2, joints: int = 25) -> str:
    cells = [f"{x:.6f},{y:.6f},{z:.6f},{state}" for x, y, z in at(0.0)[:joints]]
    return f"{ticks}," + ",".join(cells) + ",\n"


def kinect_v2_text(frames: Sequence[Bodies]) -> str:
    return "".join(kinect_v2_line(89810293609 + i * 333_333) for i in range(len(frames)))


def azure_text(frames: Sequence[Bodies]) -> str:
    names = ",".join(name.title().replace("_", "") for name in K4ABT_32.joints)
    line = ",".join(f"{x:.7f} {y:.7f} {z:.7f}" for x, y, z in k4abt_at(0.0) / 1000)
    return "\n".join([names, *[line] * len(frames)]) + "\n"


def k4abt_text(frames: Sequence[Bodies], *, level: int | None = 2) -> str:
    confidence = {} if level is None else {"joint_confidence": [level] * 32}
    written = [
        {
            "timestamp_usec": 8_000_000 + round(i * 1e6 / 30),
            "frame_id": i,
            "num_bodies": len(bodies),
            "bodies": [
                {"body_id": identity, "joint_positions": k4abt_at(place).tolist(), **confidence}
                for identity, place in bodies
            ],
        }
        for i, bodies in enumerate(frames)
    ]
    return json.dumps({"k4abt_sdk_version": "1.1.2", "frames": written}, indent=1)


def coco_at(place: float) -> NDArray[np.float64]:
    """(17, 3): the same body in a picture of 640 x 480 by a usual lens, and how sure of each point."""
    ntu = dict(zip(NTU_25.joints, at(place), strict=True))
    forth = {"nose": (0, -0.03, -0.11), "eye": (0.03, 0.01, -0.09), "ear": (0.075, 0, 0)}
    points: list[tuple[float, float, float]] = []
    for name in COCO_17.joints:
        x, y, z = ntu.get(name, ntu["head"])
        aside, up, away = forth.get(name.split("_")[0], (0, 0, 0))
        x, y, z = x + aside * (-1 if "left" in name else 1), y + up, z + away
        points.append((320 - 576 * x / z, 240 - 576 * y / z, 1.0))
    return np.array(points)


def coco_text(frames: Sequence[Bodies]) -> str:
    lines = [",".join(COCO_HEADER)]
    for i, bodies in enumerate(frames):
        time_ms = f"{1000 + i * 1000 / 30:.4f}"
        for identity, place in bodies:
            cells = ",".join(f"{value:.3f}" for value in coco_at(place).ravel())
            lines.append(f"{time_ms},{identity},640,480,{cells}")
        if not bodies:
            lines.append(f"{time_ms},,,{',' * 51}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Written:
    """One form: what writes it, and how many people it can hold."""

    kind: str
    text: Callable[[Sequence[Bodies]], str]
    most: int
    least: int = 0
    within_m: float = 1e-5
    """How far from where they were joints may be read."""


FORMS = (
    Written("NTU RGB+D skeleton text", ntu_text, most=6),
    Written("PKU-MMD skeleton text", pku_text, most=2),
    Written("Kinect v2 table", kinect_v2_text, most=1, least=1),
    Written("Azure Kinect table", azure_text, most=1, least=1),
    Written("COCO-17 table", coco_text, most=6, within_m=0.6),
    Written("k4abt offline_processor JSON", k4abt_text, most=6),
)

MEASURED = [
    i for i, name in enumerate(NTU_25.joints) if name not in K4ABT_TO_NTU.invented and name != "spine_base"
]
"""Joints every form measures."""
