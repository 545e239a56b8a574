"""A picture to check a source by: one body from the front and the side, every joint with its number."""

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import NTU_25
from streams.sources.base import Person

_SIDE = 720
_MARGIN = 70
_GROUND, _LINE, _TEXT = (14, 11, 9), (94, 82, 70), (246, 244, 241)
_COLOURS = {"left": (255, 196, 88), "right": (107, 159, 255), "middle": (239, 234, 228)}
"""BGR; the person's own sides, in the colours of the page."""
_UNSEEN = (120, 120, 120)


def check_view(person: Person, title: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: as the sensor sees the body, from its left side, and the joints' names.

    Left limbs are blue and right ones orange, as on the page; a joint of less than half confidence is
    grey. Somebody who faces the sensor has the blue side on the right of the first view.

    Args:
        person: NTU-25 joints in Kinect camera space.
        title: A line above.
    """
    picture = np.full((_SIDE + 40, 2 * _SIDE + 260, 3), _GROUND, np.uint8)
    _write(picture, title, (20, 28), _TEXT)
    joints = person.positions - (person.positions.min(axis=0) + person.positions.max(axis=0)) / 2
    scale = (_SIDE - 2 * _MARGIN) / max(0.1, float(np.ptp(joints, axis=0).max()))
    # In Kinect camera space x runs to the sensor's left, y up and z away.
    front = np.stack([-joints[:, 0], -joints[:, 1]], axis=1) * scale
    side = np.stack([joints[:, 2], -joints[:, 1]], axis=1) * scale
    for number, (view, name) in enumerate(((front, "as the sensor sees it"), (side, "from the side"))):
        middle = np.array([_SIDE // 2 + number * _SIDE, _SIDE // 2 + 40])
        _draw(picture, (view + middle).round().astype(int), person.confidence)
        _write(picture, name, (int(middle[0]) - 90, _SIDE + 28), _LINE)
    for number, joint in enumerate(NTU_25.joints):
        _write(picture, f"{number:2d} {joint}", (2 * _SIDE + 10, 60 + 27 * number), _COLOURS[_side(joint)])
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _draw(picture: NDArray[np.uint8], points: NDArray[np.int_], confidence: NDArray[np.float32]) -> None:
    for child, parent in NTU_25.bones:
        start, end = (tuple(map(int, points[i])) for i in (child, parent))
        cv2.line(picture, start, end, _COLOURS[_side(NTU_25.joints[child])], 3, cv2.LINE_AA)
    for number, joint in enumerate(NTU_25.joints):
        at = int(points[number, 0]), int(points[number, 1])
        seen = float(confidence[number]) >= 0.5
        cv2.circle(picture, at, 5, _COLOURS[_side(joint)] if seen else _UNSEEN, -1, cv2.LINE_AA)
        _write(picture, str(number), (at[0] + 7, at[1] - 7), _TEXT if seen else _UNSEEN)


def _side(joint: str) -> str:
    return next((side for side in ("left", "right") if side in joint), "middle")


def _write(
    picture: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
