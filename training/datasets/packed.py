"""Packed motion sets: one npz with every sequence of a data set, as NTU-25."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError, LayoutError
from streams.skeleton.mocap import retargeting_for

_KEYS = ("positions", "offsets", "joints", "label", "subject", "trial", "fps")
_UNCUT = "unsegmented:"  # PRECOG takes that hold several actions under one label.


@dataclass(frozen=True, eq=False)
class PackedSet:
    """N sequences of one data set.

    Attributes:
        name: File stem, for example ``"ui_prmd"``.
        sequences: N arrays (T, 25, 3) float32, metres, right-handed, y up, heading as captured.
        labels: N short action phrases, lower case.
        subjects: N subject names, unique within the set only.
        trials: N names of the source files.
        fps: Frames per second of every sequence.
        merged: N coarser labels, or None where the set has none.
    """

    name: str
    sequences: tuple[NDArray[np.float32], ...]
    labels: tuple[str, ...]
    subjects: tuple[str, ...]
    trials: tuple[str, ...]
    fps: float
    merged: tuple[str, ...] | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.sequences)


def load_packed(path: Path) -> PackedSet:
    """The set in a packed npz, retargeted to NTU-25, uncut takes left out.

    A sequence begins at its ``active_start`` where the file has one.

    Raises:
        DataError: The file is missing or not an npz, lacks a key, its arrays do not fit each
            other, its joints are unknown, or a coordinate is NaN or infinite.
    """
    raw = _arrays(path)
    _check(path, raw)
    try:
        to_ntu = retargeting_for(tuple(str(name) for name in raw["joints"]))
    except LayoutError as error:
        raise DataError(f"{path}: {error}") from None
    begins = raw["offsets"][:-1] + raw.get("active_start", 0)
    keep = [n for n, label in enumerate(raw["label"]) if not str(label).startswith(_UNCUT)]
    positions: NDArray[np.float32] = raw["positions"]
    ends = raw["offsets"][1:]
    merged = tuple(str(raw["merged"][n]) for n in keep) if "merged" in raw else None
    return PackedSet(
        name=path.stem,
        sequences=tuple(to_ntu.positions(positions[begins[n] : ends[n]]) for n in keep),
        labels=tuple(str(raw["label"][n]) for n in keep),
        subjects=tuple(str(raw["subject"][n]) for n in keep),
        trials=tuple(str(raw["trial"][n]) for n in keep),
        fps=float(raw["fps"]),
        merged=merged,
    )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise DataError(f"wanted a packed motion set, got no file at {path}; name an npz file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        # numpy's own words advise to unpickle what it cannot read; that is never done here.
        raise DataError(
            f"wanted a packed motion set, got {path}, which is no sound npz of plain arrays; "
            "name an npz file as the data sets' page describes it"
        ) from None


def _check(path: Path, raw: dict[str, NDArray[Any]]) -> None:
    missing = [key for key in _KEYS if key not in raw]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; wanted {', '.join(_KEYS)}")
    positions, offsets, joints = raw["positions"], raw["offsets"], raw["joints"]
    if positions.ndim != 3 or positions.shape[1:] != (len(joints), 3):
        raise DataError(f"{path}: wanted positions (T, {len(joints)}, 3), got {positions.shape}")
    count = len(raw["label"])
    for key in ("label", "subject", "trial", "merged", "active_start"):
        if key in raw and raw[key].shape != (count,):
            raise DataError(f"{path}: wanted {count} entries of {key}, got shape {raw[key].shape}")
    lengths = np.diff(offsets)
    fits = offsets.shape == (count + 1,) and count > 0 and offsets[0] == 0 and offsets[-1] == len(positions)
    if not fits or lengths.min() < 1:
        raise DataError(
            f"{path}: wanted {count + 1} offsets rising from 0 to {len(positions)}, got {offsets}"
        )
    start = raw.get("active_start", np.zeros(count, np.int64))
    if (start < 0).any() or (start >= lengths).any():
        raise DataError(f"{path}: wanted active_start within each sequence, got one outside")
    if raw["fps"].shape != () or not 0 < float(raw["fps"]) < 1000:
        raise DataError(f"{path}: wanted one frame rate above 0, got {raw['fps']}")
    if not np.isfinite(positions).all():
        frame, joint, _ = np.argwhere(~np.isfinite(positions))[0]
        raise DataError(
            f"{path}: wanted finite coordinates, got {positions[frame, joint]} at frame {frame}, "
            f"joint {joints[joint]}; repair or drop the sequence"
        )
