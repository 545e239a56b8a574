"""How long the recogniser takes for one one-person window, stage by stage, without any socket.

Windows are cut from the synthetic person exactly as capture cuts them. Target: 8 ms a window.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import percentiles
from engine.backends.select import open_backend
from engine.bank.contract import BankSettings
from engine.bank.select import open_bank
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.decision import DecisionConfig
from engine.messages import Action
from engine.recognizer import Recognizer
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import load_text_encoder
from engine.text.projection import TextProjection
from streams.skeleton.normalize import normalize
from streams.skeleton.window import Window
from streams.sources.synthetic import ACTIONS, SyntheticSource
from streams.windowing import Windower


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
    """p50, p95, p99 and interquartile range in milliseconds: normalise, embed, decide, and all of it."""
    bundle = load_bundle(config.bundle)
    manifest = bundle.manifest
    backend = open_backend(bundle)
    backend.warm_up()
    settings = BankSettings(parts=manifest.parts, dim=manifest.dim, fingerprint="bench")
    recognizer = Recognizer(
        manifest, backend, open_bank("pgfa-streaming", settings), config=DecisionConfig()
    )
    encoder, projection = load_text_encoder(), TextProjection(bundle)
    for number, name in enumerate(ACTIONS, start=1):
        text = describe(name, encoder)
        rows = projection.rows(class_feature(text.texts, encoder)[None])[0]
        action = Action(id=str(number), name=name, texts=text.texts, source=text.source)
        recognizer.set_action(action, rows, version=number)
    windows = synthetic_windows(config.windows + config.windows // 10, manifest.window)
    samples: dict[str, list[float]] = {"normalize": [], "embed": [], "decide": [], "whole": []}
    for window in windows:
        began = time.perf_counter_ns()
        normalize(window.positions[0], window.confidence[0], spec=manifest.normalization)
        normalised = time.perf_counter_ns()
        embedded = recognizer.embed(window)
        embedded_at = time.perf_counter_ns()
        recognizer.decide(embedded, now_ns=window.captured_ns)
        decided = time.perf_counter_ns()
        samples["normalize"].append((normalised - began) / 1e6)
        # ``embed`` normalises too; what is left is the encoder with its checks.
        samples["embed"].append((embedded_at - normalised - (normalised - began)) / 1e6)
        samples["decide"].append((decided - embedded_at) / 1e6)
        samples["whole"].append((decided - normalised) / 1e6)
    settled = {stage: values[config.windows // 10 :] for stage, values in samples.items()}
    return {
        "bundle": manifest.name,
        "backend": backend.name,
        "precision": backend.precision,
        "classes": len(ACTIONS),
        "target_whole_ms": 8.0,
        "stages_ms": {stage: percentiles(values) for stage, values in settled.items()},
    }
