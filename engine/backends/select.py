"""Which backend runs a bundle on this machine, and why."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.backends.base import Backend
from engine.backends.fallback import FallbackBackend
from engine.backends.machine import machine_key
from engine.backends.probe import probe_windows
from engine.backends.remembered import Remembered, default_path, recall, remember
from engine.backends.trial import Opener, Trial, hold_trials
from engine.bundle import Bundle
from streams.skeleton.errors import AnymoveError, ConfigError

REFERENCE = "onnxruntime"
"""What every other backend is compared with, and what stands in for one that fails."""
AUTO = "auto"
ADVANTAGE = 1.15
"""So many times faster than the one in use another backend must be to take its place: a choice that
swings with the noise would part the bank from what it has learnt."""
BUDGET_S = 1.0

logger = logging.getLogger(__name__)


def _onnxruntime(bundle: Bundle) -> Backend:
    from engine.backends.onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend(bundle)


def _openvino(bundle: Bundle) -> Backend:
    from engine.backends.openvino import OpenVinoBackend

    return OpenVinoBackend(bundle)


def _openvino_bf16(bundle: Bundle) -> Backend:
    from engine.backends.openvino import OpenVinoBackend

    return OpenVinoBackend(bundle, precision="bfloat16")


def _torch_cuda(bundle: Bundle) -> Backend:
    from engine.backends.nvidia import require_gpu

    # Before torch is loaded, which takes seconds and hundreds of megabytes.
    require_gpu()
    from engine.backends.torch_cuda import TorchCudaBackend

    return TorchCudaBackend(bundle)


def _tensorrt(bundle: Bundle) -> Backend:
    from engine.backends.nvidia import require_gpu

    require_gpu()
    from engine.backends.tensorrt import TensorRtBackend

    return TensorRtBackend(bundle)


BACKENDS: dict[str, Opener] = {
    REFERENCE: _onnxruntime,
    "openvino": _openvino,
    "openvino-bf16": _openvino_bf16,
    "torch-cuda": _torch_cuda,
    "tensorrt": _tensorrt,
}
"""Constructors by name; a runtime is imported when its backend is opened."""


@dataclass(frozen=True)
class Choice:
    """Which backend was taken and what spoke for it; JSON-safe."""

    backend: str
    why: str
    trials: tuple[Trial, ...] = ()
    """One for each backend known; empty where somebody asked for this one by name."""

    def passed_over(self) -> dict[str, str]:
        """By backend not taken: why not."""
        return {
            trial.name: trial.why or f"{_timing(trial)}: not {ADVANTAGE:g} times faster"
            for trial in self.trials
            if trial.name != self.backend
        }

    def to_json(self) -> dict[str, Any]:
        """Fields for ``health`` and the line printed at the start."""
        chosen = next((asdict(trial) for trial in self.trials if trial.name == self.backend), None)
        return {"why": self.why, "measured": chosen, "passed_over": self.passed_over()}


def open_backend(bundle: Bundle, name: str = REFERENCE) -> Backend:
    """The backend of this name, not yet warm.

    Args:
        bundle: Whose skeleton encoder it runs.
        name: Key of ``BACKENDS``.

    Raises:
        ConfigError: No backend has the name.
        BackendUnavailableError: It cannot run on this machine.
        BundleError: The bundle's skeleton encoder is not a graph the backend runs.
    """
    if name not in BACKENDS:
        raise ConfigError(
            f"wanted a backend ({AUTO}, {', '.join(BACKENDS)}), got {name!r}; name one of these"
        )
    return BACKENDS[name](bundle)


def choose_backend(
    bundle: Bundle,
    name: str = AUTO,
    *,
    notes: Path | None = None,
    openers: Mapping[str, Opener] | None = None,
    machine: Callable[[], dict[str, Any]] = machine_key,
    budget_s: float = BUDGET_S,
) -> tuple[Backend, Choice]:
    """A warm backend and what led to it.

    ``"auto"`` takes what was taken before on the same machine, and otherwise holds trials. A backend
    other than the reference is watched: where it fails the reference goes on in its place.

    Args:
        bundle: Whose skeleton encoder it runs.
        name: Key of ``BACKENDS`` or ``"auto"``.
        notes: File of earlier choices; the user's own if None.
        openers: Constructors by name, the reference among them; ``BACKENDS`` if None.
        machine: Describes the machine.
        budget_s: Time for trials, seconds.

    Raises:
        ConfigError: No backend has the name.
        BackendUnavailableError: The one asked for cannot run on this machine.
        BundleError: The bundle's skeleton encoder is not a graph the backend runs.
        EngineError: The one asked for fails.
    """
    known = BACKENDS if openers is None else openers
    if name != AUTO:
        asked = open_backend(bundle, name) if openers is None else known[name](bundle)
        asked.warm_up()
        return _watched(asked, bundle, known), Choice(name, "asked for by name")
    path, key = notes or default_path(), machine()
    earlier = recall(path, bundle.fingerprint)
    if earlier is not None and earlier.machine == key:
        backend = _reopened(bundle, earlier.backend, known)
        if backend is not None:
            why = "measured at an earlier start on this machine"
            return _watched(backend, bundle, known), Choice(earlier.backend, why, earlier.trials)
    trials = _trials(bundle, known, budget_s)
    choice = pick(trials, incumbent=REFERENCE if earlier is None else earlier.backend)
    remember(path, bundle.fingerprint, Remembered(choice.backend, key, trials))
    if earlier is not None and earlier.backend != choice.backend:
        logger.warning("%s runs the encoder instead of %s: %s", choice.backend, earlier.backend, choice.why)
    backend = known[choice.backend](bundle)
    backend.warm_up()
    return _watched(backend, bundle, known), choice


def pick(trials: tuple[Trial, ...], *, incumbent: str) -> Choice:
    """The usable backend that is fastest, if it is clearly faster than the one in use.

    Args:
        trials: Of every backend, the reference among them.
        incumbent: Used so far; the reference takes its part where it is not usable.
    """
    timed = {t.name: t.window_ms for t in trials if t.outcome == "usable" and t.window_ms is not None}
    holder = incumbent if incumbent in timed else REFERENCE
    fastest = min(timed, key=lambda name: timed[name])
    if timed[fastest] * ADVANTAGE <= timed[holder]:
        why = f"{timed[fastest]:.2f} ms a window, {holder} {timed[holder]:.2f} ms"
        return Choice(fastest, why, trials)
    return Choice(holder, f"{timed[holder]:.2f} ms a window, and none is clearly faster", trials)


def _trials(bundle: Bundle, known: Mapping[str, Opener], budget_s: float) -> tuple[Trial, ...]:
    reference = known[REFERENCE](bundle)
    try:
        windows = probe_windows(bundle.manifest)
        return hold_trials(bundle, known, reference=reference, windows=windows, budget_s=budget_s)
    finally:
        reference.close()


def _reopened(bundle: Bundle, name: str, known: Mapping[str, Opener]) -> Backend | None:
    """The backend taken earlier, warm; None where it no longer works."""
    try:
        backend = known[name](bundle)
        backend.warm_up()
    except (AnymoveError, KeyError) as error:
        logger.warning("%s ran the encoder so far and does not now: %s", name, error)
        return None
    return backend


def _watched(backend: Backend, bundle: Bundle, known: Mapping[str, Opener]) -> Backend:
    if backend.name == REFERENCE:
        return backend
    return FallbackBackend(backend, lambda: known[REFERENCE](bundle))


def _timing(trial: Trial) -> str:
    return "not timed" if trial.window_ms is None else f"{trial.window_ms:.2f} ms a window"
