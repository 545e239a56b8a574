"""How long the engine takes for one one-person window, stage by stage, without any socket.

Windows are cut from the synthetic person exactly as capture cuts them. Targets: 8 ms a window, and at most
0.5 ms (p95) of it outside the network: decoding, checks, normalisation, bank, decision, encoding.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import percentiles
from engine.arrivals import check_arrival
from engine.backends.select import open_backend
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.config import EngineConfig
from engine.messages import to_json
from engine.outbox import Outbox
from engine.replay import recognizer_of
from engine.telemetry import Telemetry
from engine.text.encoders import load_text_encoder
from streams.skeleton.window import Window
from streams.sources.synthetic import ACTIONS, SyntheticSource
from streams.windowing import Windower
from streams.wire import pack_window, unpack, unpack_window

TARGET_OUTSIDE_MS = 0.5
_STAGES = ("decode", "prepare", "embed", "decide", "publish")


@dataclass(frozen=True)
class CoreConfig:
    """Bench of the recogniser."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    windows: int = 300
    """Windows timed, after a tenth as many to warm up."""


def synthetic_windows(count: int, bundle_spec: Any) -> list[Window]:
    """The first windows of the synthetic person's show."""
    source = SyntheticSource("synthetic", realtime=False)
    windower = Windower("bench", bundle_spec, hop_s=0.2)
    windows: list[Window] = []
    for frame in source:
        person = frame.persons[0]
        window = windower.push(0, person.positions, person.confidence, captured_ns=frame.captured_ns)
        if window is not None:
            windows.append(window)
        if len(windows) == count:
            source.close()
            break
    return windows


def run(config: CoreConfig) -> dict[str, Any]:
    """p50, p95, p99 and interquartile range, milliseconds: each stage, all, and all but the encoder."""
    bundle = load_bundle(config.bundle)
    manifest = bundle.manifest
    backend = open_backend(bundle)
    backend.warm_up()
    encoder = load_text_encoder(manifest.text_encoder.id)
    recognizer = recognizer_of(tuple(ACTIONS), bundle, encoder, rule=EngineConfig().bank, backend=backend)
    windows = synthetic_windows(config.windows + config.windows // 10, manifest.window)
    outbox = Outbox(Telemetry())
    samples: dict[str, list[float]] = {stage: [] for stage in (*_STAGES, "whole", "outside_network")}
    for window in windows:
        frames = pack_window(replace(window, captured_ns=time.monotonic_ns()))
        moments = [time.perf_counter_ns()]
        received_ns = time.monotonic_ns()
        arrived = unpack_window(unpack(frames, received_ns=received_ns), received_ns=received_ns)
        check_arrival(arrived, received_ns=received_ns)
        moments.append(time.perf_counter_ns())
        prepared = recognizer.prepare(arrived)
        moments.append(time.perf_counter_ns())
        (embedded,) = recognizer.embed_all([prepared])
        moments.append(time.perf_counter_ns())
        recognition = recognizer.decide(embedded, now_ns=arrived.captured_ns)
        moments.append(time.perf_counter_ns())
        outbox.publish("prediction", arrived.stream, to_json(recognition.prediction))
        moments.append(time.perf_counter_ns())
        outbox.take()
        taken = dict(zip(_STAGES, np.diff(moments) / 1e6, strict=True))
        for stage, spent_ms in taken.items():
            samples[stage].append(float(spent_ms))
        samples["whole"].append(float(sum(taken.values())))
        samples["outside_network"].append(float(sum(taken.values()) - taken["embed"]))
    outbox.close()
    settled = {stage: values[config.windows // 10 :] for stage, values in samples.items()}
    return {
        "bundle": manifest.name,
        "backend": backend.name,
        "precision": backend.precision,
        "classes": len(ACTIONS),
        "target_whole_ms": 8.0,
        "target_outside_network_p95_ms": TARGET_OUTSIDE_MS,
        "stages_ms": {stage: percentiles(values) for stage, values in settled.items()},
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    wanted = {
        "whole": ("engine, one window", "8 ms"),
        "outside_network": ("of it outside the network", f"p95 {TARGET_OUTSIDE_MS:g} ms"),
    }
    times = {stage: results["stages_ms"][stage] for stage in wanted if stage in results["stages_ms"]}
    return [
        (wanted[stage][0], f"p50 {t['p50']:.2f} ms, p95 {t['p95']:.2f} ms", wanted[stage][1])
        for stage, t in times.items()
    ]
