"""Two bodies out of all that a sensor saw, and how the papers prepare them."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from streams.skeleton.layouts import Joint
from streams.skeleton.normalize import normalize
from streams.sources.base import Person

Preparation = Literal["pgfa", "ctr-gcn", "anymove"]
"""``"pgfa"``: centred on the shoulders' middle and turned in every frame, 50 frames (PGFA, SMIE).
``"ctr-gcn"``: moved so that the first body's middle of the spine begins at the origin, 64 frames
(STAR, Neuron). ``"anymove"``: this project's own, each body alone."""
FRAMES: dict[str, int] = {"pgfa": 50, "ctr-gcn": 64, "anymove": 48}
_BODIES = 2
_SHORTEST = 12
"""A body seen in fewer frames than this beside a longer one is noise."""
_FLATTEST, _FLAT_SHARE = 0.8, 0.7
"""A body wider than this share of its height in this share of its frames is a table or a chair."""


def two_bodies(frames: Sequence[Sequence[Person]]) -> NDArray[np.float32]:
    """(2, T, 25, 3) metres: the two bodies that move most, zeros where one is not there.

    Frames before the first and after the last body are cut off; a body may enter midway. Short
    and flat tracks are dropped while another is left, after the denoising of the NTU lineage.

    Raises:
        DataError: Nobody is seen in any frame.
    """
    tracks: dict[int, dict[int, NDArray[np.float32]]] = {}
    for at, persons in enumerate(frames):
        for place, person in enumerate(persons):
            track = place if person.track is None else person.track
            tracks.setdefault(track, {})[at] = person.positions
    if not tracks:
        raise DataError("wanted somebody in at least one frame, got nobody; the sensor lost the body")
    stacked = {track: np.stack(list(seen.values())) for track, seen in tracks.items()}
    kept = [track for track, body in stacked.items() if len(body) >= _SHORTEST] or list(stacked)
    kept = [track for track in kept if not _is_flat(stacked[track])] or kept
    # Total variance of the joints: who stands still moves least.
    kept.sort(key=lambda track: (-float(stacked[track].var(axis=0).sum()), track))
    chosen = kept[:_BODIES]
    seen = sorted({at for track in chosen for at in tracks[track]})
    found = np.zeros((_BODIES, seen[-1] - seen[0] + 1, 25, 3), np.float32)
    for body, track in enumerate(chosen):
        for at, positions in tracks[track].items():
            found[body, at - seen[0]] = positions
    return found


def prepared(bodies: NDArray[np.float32], how: Preparation, *, frames: int) -> NDArray[np.float32]:
    """(2, ``frames``, 25, 3) float32 encoder input, as the papers or as this project makes it.

    Args:
        bodies: (2, T, 25, 3) metres, zeros where nobody is.
        how: See ``Preparation``.
        frames: Wanted number of frames.
    """
    if how == "pgfa":
        return _pgfa(bodies, frames)
    present: NDArray[np.bool_] = np.asarray(bodies.any(axis=(2, 3)))
    if how == "ctr-gcn":
        first = int(np.argmax(present[0]))
        moved = bodies - bodies[0, first, Joint.SPINE_MID]
        return resized(np.where(present[:, :, None, None], moved, 0.0).astype(np.float32), frames)
    found = np.zeros((_BODIES, frames, 25, 3), np.float32)
    for body in range(_BODIES):
        if present[body].any():
            found[body] = resized(normalize(bodies[body, present[body]])[None], frames)[0]
    return found


def resized(bodies: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """(M, ``frames``, 25, 3): linear in time with half-pixel centres, as OpenCV and torch resize.

    Args:
        bodies: (M, T, 25, 3).
        frames: At least 1.
    """
    count = bodies.shape[1]
    at = np.clip((np.arange(frames) + 0.5) * count / frames - 0.5, 0, count - 1)
    low = np.floor(at).astype(int)
    share = (at - low)[None, :, None, None]
    high = np.minimum(low + 1, count - 1)
    return (bodies[:, low] * (1 - share) + bodies[:, high] * share).astype(np.float32)


def _pgfa(bodies: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Centred on joint 20, only frames with the first body, turned about y frame by frame.

    The shoulder line comes to lie along x; its direction is fixed once, by the first frame, so
    that nobody is turned around in the middle of an action.
    """
    valid = bodies[0].any(axis=(1, 2))
    kept = bodies[:, valid]
    present: NDArray[np.bool_] = np.asarray(kept.any(axis=(2, 3), keepdims=True))
    centred = resized(np.where(present, kept - kept[:, :, Joint.SPINE_SHOULDER, None], 0.0), frames)
    across = centred[:, :, Joint.SHOULDER_RIGHT] - centred[:, :, Joint.SHOULDER_LEFT]
    angle = np.arctan2(across[..., 2], across[..., 0])
    begin = np.where(across[:, :1, 0] < 0, np.pi, 0.0)
    turn = angle - begin
    cos, sin = np.cos(turn)[..., None], np.sin(turn)[..., None]
    x, y, z = centred[..., 0], centred[..., 1], centred[..., 2]
    return np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1).astype(np.float32)


def _is_flat(body: NDArray[np.float32]) -> bool:
    spread = np.ptp(body, axis=1)
    return bool((spread[:, 0] > _FLATTEST * spread[:, 1]).mean() >= _FLAT_SHARE)
