"""Which backend runs a bundle."""

from collections.abc import Callable

from engine.backends.base import Backend
from engine.bundle import Bundle
from streams.skeleton.errors import ConfigError


def _onnxruntime(bundle: Bundle) -> Backend:
    from engine.backends.onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend(bundle)


BACKENDS: dict[str, Callable[[Bundle], Backend]] = {"onnxruntime": _onnxruntime}
"""Constructors by name, the preferred one first; a runtime is imported when its backend is opened."""


def open_backend(bundle: Bundle, name: str = "auto") -> Backend:
    """A backend for the bundle, not yet warm.

    Args:
        bundle: Whose skeleton encoder it runs.
        name: Key of ``BACKENDS``, or ``"auto"`` for the preferred one.

    Raises:
        ConfigError: No backend has the name.
        BundleError: The bundle's skeleton encoder is not a graph the backend runs.
    """
    if name == "auto":
        name = next(iter(BACKENDS))
    if name not in BACKENDS:
        raise ConfigError(
            f"wanted a backend (auto, {', '.join(BACKENDS)}), got {name!r}; name one of these"
        )
    return BACKENDS[name](bundle)
