"""A backend that another one takes over from when it fails."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from streams.skeleton.errors import EngineError

logger = logging.getLogger(__name__)


class FallbackBackend:
    """A ``Backend`` that goes on with the reference once its own runtime has failed. One owner.

    The window that met the failure is embedded by the reference, so none is lost. Embeddings differ by
    no more than the parity gate allows. Input that no backend takes is refused as ever.

    Args:
        backend: Its own from now on.
        stand_in: Opens the reference; called at the first failure.
    """

    def __init__(self, backend: Backend, stand_in: Callable[[], Backend]) -> None:
        self._backend = backend
        self._stand_in = stand_in
        self._closed = False
        self.failure: str | None = None
        """What the runtime said when it failed; None while it works."""

    @property
    def name(self) -> str:
        """Of the backend at work."""
        return self._backend.name

    @property
    def precision(self) -> str:
        """Of the backend at work."""
        return self._backend.precision

    @property
    def batch(self) -> int:
        """Windows worth embedding at once by the backend at work."""
        return self._backend.batch

    def warm_up(self) -> None:
        """Return once the first inference's one-time costs have been paid."""
        self._backend.warm_up()

    def embed(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows; see ``Backend``."""
        try:
            return self._backend.embed(positions)
        except EngineError as error:
            if self.failure is not None or self._closed:
                raise
            self._take_over(error)
        return self._backend.embed(positions)

    def close(self) -> None:
        """Give back memory and devices; further calls to ``embed`` fail."""
        self._closed = True
        self._backend.close()

    def _take_over(self, error: EngineError) -> None:
        failed, self.failure = self._backend, str(error)
        self._backend = self._stand_in()
        logger.error("%s goes on for %s, which failed: %s", self._backend.name, failed.name, error)
        failed.close()
