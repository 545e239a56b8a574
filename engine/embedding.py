"""From a window to its embedding: checked, normalised, and through the encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.bank.contract import Rows
from engine.bundle import Manifest
from engine.motion import motion_extent
from streams.skeleton.errors import ShapeError
from streams.skeleton.normalize import normalize
from streams.skeleton.window import Window, WindowSpec

_LENGTH_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class Prepared:
    """A window before the encoder.

    Attributes:
        window: The window itself.
        people: (M, T, 25, 3) float32, normalised, those who are there.
        motion_m: Largest joint excursion within the window, metres of a body of standard size.
    """

    window: Window
    people: NDArray[np.float32]
    motion_m: float


@dataclass(frozen=True, eq=False)
class Embedded:
    """A window after the encoder.

    Attributes:
        window: The window itself.
        rows: (P, D) float32, unit rows.
        motion_m: Largest joint excursion within the window, metres of a body of standard size.
    """

    window: Window
    rows: Rows
    motion_m: float


def check_window(window: Window, spec: WindowSpec) -> None:
    """Refuse a window of another shape or length than the bundle's.

    A window that spans another time would show the encoder a movement at the wrong speed, and one
    of other frames has been resampled for another bundle. Neither is repaired here.

    Raises:
        ShapeError: It is one.
    """
    off = abs(window.length_s - spec.length_s)
    if window.frames != spec.frames or not off <= _LENGTH_TOLERANCE * spec.length_s:
        raise ShapeError(
            f"wanted a window of {spec.frames} frames over {spec.length_s:g} s, "
            f"got {window.frames} over {window.length_s:g} s; cut windows as the engine's WELCOME says"
        )


def prepare(window: Window, manifest: Manifest) -> Prepared:
    """The window as the encoder takes it.

    Raises:
        ShapeError: Other frames or another length than the bundle's.
        CoordinateError: Not a person in metres.
    """
    check_window(window, manifest.window)
    # A second person of zeros is absent; a first one is refused by the normalisation.
    people = [
        normalize(positions, confidence, spec=manifest.normalization)
        for m, (positions, confidence) in enumerate(zip(window.positions, window.confidence, strict=True))
        if m == 0 or positions.any()
    ]
    return Prepared(window, _stacked(people), motion_m=max(map(motion_extent, people)))


def embed_all(prepared: Sequence[Prepared], backend: Backend) -> list[Embedded]:
    """The windows' embeddings, in order; those with equally many people go through as one batch.

    Raises:
        EngineError: The encoder failed.
    """
    rows: dict[int, Rows] = {}
    for persons in {len(one.people) for one in prepared}:
        at = [n for n, one in enumerate(prepared) if len(one.people) == persons]
        batch = backend.embed(_stacked([prepared[n].people for n in at]))
        rows.update(zip(at, batch, strict=True))
    return [Embedded(one.window, rows[n], one.motion_m) for n, one in enumerate(prepared)]


def _stacked(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(N, ...); of one alone a view, which is what nearly every window is."""
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
