"""A picture of every primitive as a strip of stick figures, to be looked at by people.

python -m training.grammar.contact_sheet sheet.png --only wave bow
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray

from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import facing_yaw, yaw_matrix
from training.grammar.composing import PRIMITIVES, motion_of, sample_motion

Image = NDArray[np.uint8]

_LEFT, _RIGHT, _MIDDLE = (200, 90, 0), (40, 40, 220), (70, 70, 70)
_METRES = 2.4
"""Height and width of the world in one cell."""
_VIEW = 0.45
"""Radians the figures are turned, so that what happens in front of them shows."""


@dataclass(frozen=True)
class Sheet:
    """What to draw."""

    file: tyro.conf.Positional[Path]
    """Where the picture goes, for example sheet.png."""
    only: tuple[str, ...] = ()
    """Keys of the primitives to draw; all if none."""
    mixed: int = 0
    """Draw this many motions as training sees them, compositions among them, instead."""
    figures: int = 10
    """Figures in a strip."""
    columns: int = 3
    """Strips side by side."""
    cell_px: int = 84
    """Size of one figure, pixels."""
    seed: int = 0
    """Of everything random."""


def draw_sheet(sheet: Sheet) -> Image:
    """(H, W, 3) uint8, BGR: one strip a primitive, left limbs blue and right limbs red."""
    rng = np.random.default_rng(sheet.seed)
    if sheet.mixed:
        motions = [sample_motion(rng) for _ in range(sheet.mixed)]
    else:
        motions = [motion_of(key, PRIMITIVES[key].sides[-1], rng) for key in sheet.only or PRIMITIVES]
    strips = [
        strip(
            m.positions[slice(*m.active)],
            f"{m.key}: {m.texts[-1]}",
            figures=sheet.figures,
            cell_px=sheet.cell_px,
        )
        for m in motions
    ]
    blank = np.full_like(strips[0], 255)
    strips += [blank] * (-len(strips) % sheet.columns)
    rows = [np.hstack(strips[i : i + sheet.columns]) for i in range(0, len(strips), sheet.columns)]
    return np.vstack(rows)


def strip(positions: NDArray[np.floating], title: str, *, figures: int, cell_px: int) -> Image:
    """(cell_px + 14, figures * cell_px, 3) uint8, BGR: evenly spaced frames, seen as a camera sees them.

    Args:
        positions: (T, 25, 3), metres, Kinect camera space.
        title: Written above.
        figures: How many frames are drawn.
        cell_px: Size of one figure, pixels.
    """
    image = np.full((cell_px + 14, figures * cell_px, 3), 255, np.uint8)
    turn = yaw_matrix(_VIEW - facing_yaw(positions[:1]))
    floor = positions[:, :, 1].min()
    scale = cell_px / _METRES
    for i, frame in enumerate(np.linspace(0, len(positions) - 1, figures).round().astype(int)):
        joints = (positions[frame] - positions[frame, Joint.SPINE_BASE] * (1, 0, 1)) @ turn.T
        # A camera sees its own left, +x, on the left of its picture.
        x = (i + 0.5) * cell_px - joints[:, 0] * scale
        y = cell_px + 12 - (joints[:, 1] - floor) * scale
        _draw_figure(image, np.stack([x, y], axis=1).round().astype(int))
    cv2.putText(
        image,
        title[: figures * cell_px // 6],
        (2, 10),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.34,
        (0, 0, 0),
        1,
        cv2.LINE_AA,
    )
    return image


def _draw_figure(image: Image, points: NDArray[np.integer]) -> None:
    for child, parent in NTU_25.bones:
        name = NTU_25.joints[child]
        colour = _LEFT if "left" in name else _RIGHT if "right" in name else _MIDDLE
        cv2.line(image, _at(points[child]), _at(points[parent]), colour, 1, cv2.LINE_AA)
    cv2.circle(image, _at(points[Joint.HEAD]), 4, _MIDDLE, 1, cv2.LINE_AA)


def _at(point: NDArray[np.integer]) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def main(sheet: Sheet) -> None:
    """Write the picture."""
    cv2.imwrite(str(sheet.file), draw_sheet(sheet))


if __name__ == "__main__":
    main(tyro.cli(Sheet))
