"""COCO-17 points of a picture to NTU-25 joints in space, by a small network.

The way of Martinez et al., "A simple yet effective baseline for 3d human pose estimation", ICCV 2017:
a residual network of two hidden layers a block, one frame at a time. We depart in three points. It was
trained on motion seen by random cameras instead of four fixed ones, so no lens need be known; the
body comes out upright although the camera looks down on it; and a point may be missing, which the
network is told.

What a picture does not tell is taken for granted: everybody is of one size, and stands where a usual
lens would show them so large.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import ModelFileError, ShapeError
from streams.skeleton.layouts import COCO_17, NTU_25
from streams.skeleton.retarget import COCO_TO_NTU
from streams.sources.base import Person

Array = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "data" / "coco17_lifter.npz"
BODY_SIZE_M = 1.3
"""Trunk, thigh and shin of everybody lifted, metres."""
LEAST_CONFIDENCE = 0.3
"""A point of less is taken as not seen."""
_FARTHEST = 1e6
LEAST_SEEN = 5
"""Points below which nothing can be said of a body."""
_FOCAL = 0.9
"""Focal length of the usual lens, longer sides of its picture."""
_USUAL_M = 2.5
"""Where somebody stands of whom too little is seen to tell."""
_JOINTS = len(COCO_17)
_SAME = [(NTU_25.joints.index(name), i) for i, name in enumerate(COCO_17.joints) if name in NTU_25.joints]
"""(NTU-25, COCO-17) numbers of the joints that both have."""
_TRUNK = [
    COCO_17.joints.index(f"{part}_{side}") for part in ("shoulder", "hip") for side in ("left", "right")
]


def features(points: NDArray[np.floating], confidence: NDArray[np.floating]) -> Array:
    """What the network is told, (N, 51) float32: of each point x, y and whether it is seen.

    Args:
        points: (N, 17, 2), x right and y down, in any one unit.
        confidence: (N, 17) in [0, 1].
    """
    seen = (confidence >= LEAST_CONFIDENCE).astype(np.float32)
    placed = np.where(seen[..., None] > 0, points, 0.0).astype(np.float32)
    trunk = seen[:, _TRUNK]
    # Where the trunk is hidden, the middle of everything seen has to do.
    weight = np.where(trunk.any(axis=1, keepdims=True), np.zeros_like(seen), seen)
    weight[:, _TRUNK] += trunk
    centre = (placed * weight[..., None]).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)[:, None]
    offsets = (placed - centre[:, None]) * seen[..., None]
    spread = np.sqrt((offsets**2).sum(axis=(1, 2)) / np.maximum(seen.sum(axis=1), 1.0))
    offsets /= np.maximum(spread, 1e-6)[:, None, None]
    return np.concatenate([offsets.reshape(len(points), -1), seen], axis=1).astype(np.float32)


class Lifter:
    """The network, in plain numpy: a body takes some 0.1 ms.

    Args:
        arrays: Its weights by name, as ``training.lifter`` writes them.

    Raises:
        ModelFileError: They are not such a network's.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        try:
            count = int(arrays["layers"])
            self._layers = [
                (arrays[f"weight{i}"].astype(np.float32), arrays[f"bias{i}"].astype(np.float32))
                for i in range(count)
            ]
            shapes = [weight.shape for weight, _ in self._layers]
            fits = shapes[0][0] == 3 * _JOINTS and shapes[-1][1] == 3 * len(NTU_25) and count % 2 == 0
        except (KeyError, ValueError, TypeError, IndexError, AttributeError):
            fits = False
        if not fits:
            raise ModelFileError("wanted the weights of a COCO-17 lifter, got others; install this again")

    def __call__(self, points: NDArray[np.floating], confidence: NDArray[np.floating]) -> Array:
        """NTU-25 joints, (N, 25, 3) float32: metres, Kinect axes, upright, hips at the origin, one size.

        Args:
            points: (N, 17, 2), pixels, x right and y down.
            confidence: (N, 17) in [0, 1]; a point below 0.3 is not looked at.

        Raises:
            ShapeError: Other shapes.
        """
        if points.shape[1:] != (_JOINTS, 2) or confidence.shape != points.shape[:2]:
            raise ShapeError(
                f"wanted points (N, {_JOINTS}, 2) with confidence (N, {_JOINTS}), got {points.shape} "
                f"with {confidence.shape}"
            )
        (first, bias), *blocks, (last, end) = self._layers
        hidden = np.maximum(features(points, confidence) @ first + bias, 0.0)
        for (inner, inner_bias), (outer, outer_bias) in zip(blocks[::2], blocks[1::2], strict=True):
            inside = np.maximum(hidden @ inner + inner_bias, 0.0)
            hidden = hidden + np.maximum(inside @ outer + outer_bias, 0.0)
        joints: Array = (hidden @ last + end).reshape(-1, len(NTU_25), 3)
        return joints - joints[:, :1]


@functools.cache
def lifter() -> Lifter:
    """The network that comes with this program.

    Raises:
        ModelFileError: Its file is missing or damaged.
    """
    try:
        with np.load(WEIGHTS, allow_pickle=False) as archive:
            return Lifter({name: archive[name] for name in archive.files})
    except (OSError, ValueError, EOFError) as error:
        raise ModelFileError(
            f"wanted the lifter's weights at {WEIGHTS}, got {error}; install this again"
        ) from None


def coco_person(points: NDArray[np.floating], *, size: tuple[int, int], track: int | None) -> Person | None:
    """Somebody before the camera; None of whom too little is seen to say anything.

    Args:
        points: (17, 3), x right and y down in pixels, and a score in [0, 1]; one that is nowhere counts
            as not seen.
        size: Width and height of the picture, pixels.
        track: Identity the source gives.
    """
    told = np.abs(points) < _FARTHEST
    places = np.where(told[:, :2], points[:, :2], 0.0)
    confidence = np.where(told.all(axis=1), points[:, 2], 0.0).clip(0.0, 1.0)
    if np.count_nonzero(confidence >= LEAST_CONFIDENCE) < LEAST_SEEN:
        return None
    joints = lifter()(places[None], confidence[None])[0]
    joints += _place(joints, places, confidence, size=size)
    return Person(joints, COCO_TO_NTU.confidence(confidence), track=track)


def _place(
    joints: Array, points: NDArray[np.floating], confidence: NDArray[np.floating], *, size: tuple[int, int]
) -> Array:
    """(3,) where the hips are, if a usual lens shows this body so large."""
    seen = [(ours, theirs) for ours, theirs in _SAME if confidence[theirs] >= LEAST_CONFIDENCE]
    if len(seen) < 2:
        return np.array([0.0, 0.0, _USUAL_M], np.float32)
    ours, theirs = ([pair[k] for pair in seen] for k in (0, 1))
    # In the picture x runs right and y down; in Kinect camera space left and up.
    flat, body = points[theirs] - np.array(size) / 2, -joints[ours, :2].astype(np.float64)
    middle, body_middle = flat.mean(axis=0), body.mean(axis=0)
    spread = float(np.sqrt(((body - body_middle) ** 2).sum()))
    pixels_per_m = max(1e-6, float(np.sqrt(((flat - middle) ** 2).sum())) / max(spread, 0.05))
    across = middle / pixels_per_m - body_middle
    away = min(_FOCAL * max(size) / pixels_per_m, 50.0)
    return np.array([-across[0], -across[1], away], np.float32)
