"""Every backend side by side, in one run, with the faithful reference.

The reference is the bundle's own network in eager PyTorch, fed two persons of whom one is absent, as PGFA
runs it. Backends take turns window by window, so that whatever else the machine does slows all alike.
The reference runs on all cores, and once more on one, as ONNX Runtime does where capture needs the other.
Target: 6 times the reference's speed for one person, embeddings within 1e-5 in float32.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import ROOT, percentiles
from engine.backends.base import Backend
from engine.backends.machine import usable_cores
from engine.backends.probe import probe_windows
from engine.backends.select import BACKENDS, REFERENCE, open_backend
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from engine.text.encoders import load_text_encoder
from engine.text.library import builtin_library
from engine.text.projection import TextProjection
from streams.skeleton.errors import AnymoveError

EAGER = "eager PyTorch, two persons"
EAGER_ON_ONE_CORE = "eager PyTorch, two persons, one core"
TARGET_SPEEDUP = 6.0
TARGET_AGREEMENT = 0.999
_BATCH = 32
_MOST_REAL = 512


@dataclass(frozen=True)
class BackendsConfig:
    """Bench of the backends."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    seconds: float = 15.0
    """Time for the timing, all backends together, seconds."""
    real_windows: Path = ROOT.parent / "shared" / "data" / "open" / "hdm05.npz"
    """Packed set on which the best class is compared; left out where it is missing."""


@dataclass
class _Runner:
    """One way to run the encoder, and its samples."""

    run: Any
    one_ms: list[float] = field(default_factory=list[float])
    batch_ms: list[float] = field(default_factory=list[float])


def run(config: BackendsConfig) -> dict[str, Any]:
    """By backend: milliseconds a window alone and in batches of 32, speed-up, distance, agreement."""
    bundle = load_bundle(config.bundle)
    windows = probe_windows(bundle.manifest)
    opened, absent = _opened(bundle)
    runners = {name: _Runner(backend.embed) for name, backend in opened.items()}
    runners[EAGER] = _Runner(_eager(bundle, threads=usable_cores()))
    runners[EAGER_ON_ONE_CORE] = _Runner(_eager(bundle, threads=1))
    _time(runners, windows, config.seconds)
    eager_ms = float(np.median(runners[EAGER].one_ms))
    wanted = opened[REFERENCE].embed
    real = _RealWindows.at_hand(config.real_windows, bundle, wanted)
    found: dict[str, Any] = {}
    for name, runner in runners.items():
        alone = percentiles(runner.one_ms)
        found[name] = {
            "one_ms": alone,
            "least_ms": round(min(runner.one_ms), 3),
            "batch_32_ms_a_window": percentiles(runner.batch_ms),
            "speedup": round(eager_ms / alone["p50"], 2),
            "speedup_at_best": round(min(runners[EAGER].one_ms) / min(runner.one_ms), 2),
            "speedup_on_one_core": round(min(runners[EAGER_ON_ONE_CORE].one_ms) / min(runner.one_ms), 2),
        }
        if name in opened:
            found[name] |= {
                "precision": opened[name].precision,
                "distance": _distance(opened[name].embed, wanted, windows),
                "agreement": None if real is None else real.agreement(opened[name].embed),
            }
    for backend in opened.values():
        backend.close()
    return {
        "bundle": bundle.manifest.name,
        "fingerprint": bundle.fingerprint,
        "threads_of_the_reference": usable_cores(),
        "target_speedup": TARGET_SPEEDUP,
        "target_agreement": TARGET_AGREEMENT,
        "real_windows": None if real is None else len(real.windows),
        "backends": found,
        "not_run": absent,
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    rows: list[tuple[str, str, str]] = []
    for name, found in results["backends"].items():
        target = f"{TARGET_SPEEDUP:g}x" if name == REFERENCE else ""
        times = f"{found['speedup']:.1f}x (at best {found['speedup_at_best']:.1f}x)"
        if "speedup_on_one_core" in found and name not in (EAGER, EAGER_ON_ONE_CORE):
            times += f", {found['speedup_on_one_core']:.1f}x the reference on one core"
        rows.append((f"{name}, one person", f"{found['one_ms']['p50']:.2f} ms, {times}", target))
    rows += [(name, f"not run: {why}", "") for name, why in results["not_run"].items()]
    return rows


def _opened(bundle: Bundle) -> tuple[dict[str, Backend], dict[str, str]]:
    opened: dict[str, Backend] = {}
    absent: dict[str, str] = {}
    for name in BACKENDS:
        try:
            opened[name] = open_backend(bundle, name)
            opened[name].warm_up()
        except AnymoveError as error:
            absent[name] = str(error)
            opened.pop(name, None)
    return opened, absent


def _eager(bundle: Bundle, *, threads: int) -> Any:
    # Loaded where it is used: the tables are made without it.
    import torch  # noqa: PLC0415

    from engine.backends.torch_graph import TorchGraph  # noqa: PLC0415

    graph = TorchGraph(bundle.skeleton_onnx)

    def run_two(positions: NDArray[np.float32]) -> NDArray[np.float32]:
        torch.set_num_threads(threads)
        both = np.concatenate([positions, np.zeros_like(positions)], axis=1)
        return graph.run(torch.from_numpy(both)).numpy()

    return run_two


def _time(runners: dict[str, _Runner], windows: NDArray[np.float32], seconds: float) -> None:
    batch = np.concatenate([windows] * (_BATCH // len(windows) + 1))[:_BATCH]
    for runner in runners.values():
        for window in windows[:5]:
            runner.run(window[None])
        runner.run(batch)
    end = time.perf_counter() + seconds
    turn = 0
    while time.perf_counter() < end or turn < 10:
        for runner in runners.values():
            begun = time.perf_counter()
            runner.run(windows[turn % len(windows)][None])
            runner.one_ms.append((time.perf_counter() - begun) * 1e3)
        if turn % 20 == 0:
            for runner in runners.values():
                begun = time.perf_counter()
                runner.run(batch)
                runner.batch_ms.append((time.perf_counter() - begun) * 1e3 / _BATCH)
        turn += 1


def _distance(embed: Any, wanted: Any, windows: NDArray[np.float32]) -> float:
    pairs = [(embed(window[None]), wanted(window[None])) for window in windows]
    return float(max(np.linalg.norm(a - b) for a, b in pairs))


class _RealWindows:
    """Windows of a recorded set, and the class each is nearest to of all actions of the library.

    Attributes:
        windows: (N, 1, T, 25, 3) float32, normalised, at most 512.
    """

    def __init__(self, windows: NDArray[np.float32], bundle: Bundle, wanted: Any) -> None:
        self.windows = windows
        names = [entry.name for entry in builtin_library().entries]
        features = load_text_encoder(bundle.manifest.text_encoder.id).encode(names)
        self._rows = TextProjection(bundle).rows(features).reshape(len(features), -1)
        self._wanted = self._best(wanted)

    @classmethod
    def at_hand(cls, path: Path, bundle: Bundle, wanted: Any) -> "_RealWindows | None":
        """Those of a packed set; None where it is not at hand."""
        if not path.is_file():
            return None
        from training.datasets.packed import load_packed  # noqa: PLC0415 - only where the set is at hand
        from training.windows import normalized_batch, sliding_windows  # noqa: PLC0415

        packed, spec = load_packed(path), bundle.manifest.window
        cut = [sliding_windows(s, fps=packed.fps, spec=spec, hop_s=0.4) for s in packed.sequences]
        every = np.concatenate(cut)
        some = every[:: max(1, len(every) // _MOST_REAL)][:_MOST_REAL]
        return cls(normalized_batch(some), bundle, wanted)

    def agreement(self, embed: Any) -> float:
        """Share of windows whose best class is the reference's."""
        return float((self._best(embed) == self._wanted).mean())

    def _best(self, embed: Any) -> NDArray[np.intp]:
        found = np.concatenate([embed(window[None]) for window in self.windows])
        return np.argmax(found.reshape(len(found), -1) @ self._rows.T, axis=1)
