"""From text features to class rows: the bundle's half of the text side."""

import numpy as np
from numpy.typing import NDArray

from engine.backends.session import GraphSession
from engine.bundle import Bundle
from engine.rows import are_unit
from streams.skeleton.errors import BundleError, EngineError, ModelFileError, ShapeError


class TextProjection:
    """Runs a bundle's ``text.onnx``. Thread-safe.

    Args:
        bundle: Whose map to run.

    Raises:
        BundleError: The bundle's ``text.onnx`` is not a graph ONNX Runtime runs.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._manifest = bundle.manifest
        try:
            self._session = GraphSession(bundle.text_onnx)
        except ModelFileError as error:
            raise BundleError(str(error)) from error

    def rows(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, P, D) float32, unit rows: one class for each feature; (0, P, D) for none.

        Args:
            features: (N, E) float32, unit rows of the bundle's text encoder.

        Raises:
            ShapeError: Another shape or dtype, or rows that are not finite unit vectors.
            EngineError: The runtime failed, or gave something else than unit rows.
        """
        manifest = self._manifest
        wanted = manifest.text_encoder.dim
        if features.ndim != 2 or features.shape[1] != wanted or features.dtype != np.float32:
            raise ShapeError(
                f"wanted features (N, {wanted}) float32 of the text encoder {manifest.text_encoder.id!r}, "
                f"got {features.shape} {features.dtype}; encode with the encoder the bundle names"
            )
        if not are_unit(features):
            raise ShapeError("wanted finite unit features, got others; normalise them first")
        if len(features) == 0:
            return np.empty((0, manifest.parts, manifest.dim), np.float32)
        rows = self._session.run(features)
        if rows.shape != (len(features), manifest.parts, manifest.dim) or not are_unit(rows):
            raise EngineError(
                f"wanted unit rows (N, {manifest.parts}, {manifest.dim}) from bundle {manifest.name!r}, "
                f"got {rows.shape}; export the bundle again"
            )
        return rows
