"""What one backend can do on this machine: whether it opens, how exact it is, how long it takes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.bundle import Bundle
from streams.skeleton.errors import AnymoveError, BackendUnavailableError

FARTHEST = 2.5e-3
"""Most that an embedding may lie from the reference's, L2. No cosine to any class moves by more; at a
mean of a third of it about one window in a thousand has another best class (docs/lab-log.md)."""

_LEAST_TURNS = 9

Outcome = Literal["usable", "unavailable", "failed", "inexact"]
Opener = Callable[[Bundle], Backend]


@dataclass(frozen=True)
class Trial:
    """How one backend did; JSON-safe."""

    name: str
    outcome: Outcome
    why: str
    """What speaks against it; empty where it is usable."""
    precision: str = ""
    window_ms: float | None = None
    """Lower quartile of the time of one window of one person, milliseconds: other work only adds to it."""
    distance: float | None = None
    """Largest L2 distance of its embeddings to those of the reference."""


def hold_trials(
    bundle: Bundle,
    openers: Mapping[str, Opener],
    *,
    reference: Backend,
    windows: NDArray[np.float32],
    budget_s: float,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> tuple[Trial, ...]:
    """A trial of each backend, in the order of the openers; each is closed again.

    They take turns, window by window, so that what else the machine does slows all of them alike.

    Args:
        bundle: Whose encoder they run.
        openers: Constructors by name.
        reference: Stays the caller's to close.
        windows: (N, 1, T, 25, 3), see ``probe_windows``.
        budget_s: Time for the timing, all backends together, seconds.
        clock: ``time.perf_counter_ns`` or a test's own.
    """
    wanted = np.concatenate([reference.embed(window[None]) for window in windows])
    trials: dict[str, Trial] = {}
    opened: dict[str, Backend] = {}
    for name, opener in openers.items():
        try:
            opened[name] = opener(bundle)
            trials[name] = _parity(name, opened[name], windows, wanted)
        except BackendUnavailableError as error:
            trials[name] = Trial(name, "unavailable", str(error))
        except AnymoveError as error:
            trials[name] = Trial(name, "failed", str(error))
    usable = {name: opened[name] for name, trial in trials.items() if trial.outcome == "usable"}
    for name, window_ms in _window_ms(usable, windows, budget_s, clock).items():
        found = trials[name]
        trials[name] = Trial(name, found.outcome, "", found.precision, window_ms, found.distance)
    for backend in opened.values():
        backend.close()
    return tuple(trials.values())


def _parity(
    name: str, backend: Backend, windows: NDArray[np.float32], wanted: NDArray[np.float32]
) -> Trial:
    backend.warm_up()
    found = np.concatenate([backend.embed(window[None]) for window in windows])
    distance = float(np.linalg.norm((found - wanted).reshape(len(found), -1), axis=1).max())
    if distance > FARTHEST:
        why = (
            f"its embeddings lie up to {distance:.2g} from those of the reference, {FARTHEST:g} is allowed"
        )
        return Trial(name, "inexact", why, backend.precision, distance=distance)
    return Trial(name, "usable", "", backend.precision, distance=distance)


def _window_ms(
    backends: Mapping[str, Backend],
    windows: NDArray[np.float32],
    budget_s: float,
    clock: Callable[[], int],
) -> dict[str, float]:
    samples: dict[str, list[int]] = {name: [] for name in backends}
    end_ns, turn = clock() + round(budget_s * 1e9), 0
    while backends and (turn < _LEAST_TURNS or clock() < end_ns):
        window = windows[turn % len(windows)][None]
        for name, backend in backends.items():
            begun_ns = clock()
            backend.embed(window)
            samples[name].append(clock() - begun_ns)
        turn += 1
    return {name: float(np.percentile(values, 25)) / 1e6 for name, values in samples.items()}
