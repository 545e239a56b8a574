"""What every encoder backend promises, and the checks they share."""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Manifest
from engine.rows import are_unit
from streams.skeleton.errors import CoordinateError, EngineError, ShapeError
from streams.skeleton.layouts import NTU_25
from streams.skeleton.window import MAX_PERSONS


class Backend(Protocol):
    """Runs a bundle's skeleton encoder. Not thread-safe; one owner."""

    @property
    def name(self) -> str:
        """For example ``"onnxruntime"``."""
        ...

    @property
    def precision(self) -> str:
        """For example ``"float32"``; part of a bank's fingerprint."""
        ...

    @property
    def batch(self) -> int:
        """Windows worth embedding at once; 1 where a batch takes as long as its windows one by one."""
        ...

    def warm_up(self) -> None:
        """Return once the first inference's one-time costs have been paid."""
        ...

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised, N at least 1, M 1 or 2.

        Raises:
            ShapeError: Another shape or dtype than the bundle's.
            CoordinateError: NaN or infinite positions.
            EngineError: The runtime failed, or the backend was closed.
        """
        ...

    def close(self) -> None:
        """Give back memory and devices; further calls to ``embed`` fail."""
        ...


class CheckedBackend(ABC):
    """A ``Backend`` but for the run itself: what goes in and what comes out is checked. One owner.

    Args:
        manifest: Of the bundle; it fixes T, P and D.
    """

    name: str
    precision: str
    batch = 1

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._open = True

    def warm_up(self) -> None:
        """Return once the first inference's one-time costs have been paid."""
        shape = (1, 1, self._manifest.window.frames, len(NTU_25), 3)
        self.embed(np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype=np.float32).reshape(shape))

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised, N at least 1, M 1 or 2.

        Raises:
            ShapeError: Another shape or dtype than the bundle's.
            CoordinateError: NaN or infinite positions.
            EngineError: The runtime failed, or the backend was closed.
        """
        check_positions(positions, self._manifest)
        if not self._open:
            raise EngineError("wanted an open backend, got one that was closed; open another")
        embeddings = self._run(positions)
        check_embeddings(embeddings, count=len(positions), manifest=self._manifest)
        return embeddings

    def close(self) -> None:
        """Give back memory and devices; further calls to ``embed`` fail."""
        if self._open:
            self._open = False
            self._release()

    @abstractmethod
    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """The graph's output, an array of its own.

        Raises:
            EngineError: The runtime failed.
        """

    @abstractmethod
    def _release(self) -> None:
        """Give back memory and devices; called once."""


def check_positions(positions: NDArray[np.float32], manifest: Manifest) -> None:
    """Refuse input the bundle's encoder was not made for.

    Args:
        positions: Wanted as (N, M, T, 25, 3) float32, finite.
        manifest: Of the bundle; it fixes T.

    Raises:
        ShapeError: Another shape or dtype.
        CoordinateError: NaN or infinite positions.
    """
    wanted = (manifest.window.frames, len(NTU_25), 3)
    shape = positions.shape
    fits = len(shape) == 5 and shape[2:] == wanted and shape[0] >= 1 and 1 <= shape[1] <= MAX_PERSONS
    if not fits or positions.dtype != np.float32:
        raise ShapeError(
            f"wanted positions (N, M, {', '.join(map(str, wanted))}) float32 with N >= 1 and "
            f"1 <= M <= {MAX_PERSONS}, got {shape} {positions.dtype}; cut windows as the bundle says"
        )
    if not np.isfinite(positions).all():
        raise CoordinateError(
            "wanted finite positions, got NaN or infinity; hold a joint that was not seen at its last place"
        )


def check_embeddings(embeddings: NDArray[np.float32], *, count: int, manifest: Manifest) -> None:
    """Refuse output no bank may see.

    Args:
        embeddings: Wanted as (count, P, D) float32, finite, unit rows.
        count: N of the input.
        manifest: Of the bundle; it fixes P and D.

    Raises:
        EngineError: Another shape, or rows that are not finite unit vectors.
    """
    wanted = (count, manifest.parts, manifest.dim)
    if embeddings.shape != wanted:
        raise EngineError(
            f"wanted embeddings {wanted} from bundle {manifest.name!r}, got {embeddings.shape}; "
            "export the bundle again"
        )
    if not are_unit(embeddings):
        lengths = np.linalg.norm(embeddings, axis=-1)
        raise EngineError(
            f"wanted unit embeddings from bundle {manifest.name!r}, got lengths {lengths.min()} to "
            f"{lengths.max()}; export the bundle again, or choose another backend"
        )
