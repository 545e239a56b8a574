"""Cost of a window as the actions become more.

Targets with 10,000 actions: 1 ms to score a window, 5 ms to add an action once its text is encoded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import milliseconds, percentiles
from bench.engine_core import synthetic_windows
from engine.backends.select import open_backend
from engine.bank.anchored import AnchoredBank
from engine.bank.contract import BankSettings
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bank.select import open_bank
from engine.bank.text_only import TextOnlyBank
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from engine.config import EngineConfig
from engine.decision import DecisionConfig
from engine.messages import Action
from engine.recognizer import Recognizer
from streams.skeleton.window import Window

TARGET_SCORE_MS = 1.0
TARGET_ADD_MS = 5.0


@dataclass(frozen=True)
class GrowthConfig:
    """Bench of many actions."""

    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    classes: tuple[int, ...] = (10, 100, 1000, 10_000)
    """Numbers of actions."""
    banks: tuple[str, ...] = (TextOnlyBank.rule, AnchoredBank.rule, PgfaStreamingBank.rule)
    """Rules; what the others cost is in docs/results/bank.md."""
    repeats: int = 200
    """Windows timed at each number."""


def run(config: GrowthConfig) -> dict[str, Any]:
    """By number of actions: milliseconds to score, to decide in all, and to add one more."""
    bundle = load_bundle(config.bundle)
    windows = synthetic_windows(config.repeats, bundle.manifest.window)
    rule = EngineConfig().bank
    return {
        "bundle": bundle.manifest.name,
        "default_bank": rule,
        "target_score_ms": TARGET_SCORE_MS,
        "target_add_ms": TARGET_ADD_MS,
        "banks": {name: _by_classes(bundle, name, windows, config) for name in config.banks},
    }


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    steps = results["banks"][results["default_bank"]]
    return [
        (
            f"{count} actions",
            f"score {step['score_ms']['p50']:.2f} ms, decide {step['decide_ms']['p50']:.2f} ms, "
            f"add {step['add_ms']['p50']:.2f} ms",
            f"{TARGET_SCORE_MS:g} ms, -, {TARGET_ADD_MS:g} ms" if count == "10000" else "",
        )
        for count, step in steps.items()
    ]


def _by_classes(
    bundle: Bundle, rule: str, windows: list[Window], config: GrowthConfig
) -> dict[str, dict[str, Any]]:
    manifest = bundle.manifest
    settings = BankSettings(parts=manifest.parts, dim=manifest.dim, fingerprint="bench")
    bank = open_bank(rule, settings)
    backend = open_backend(bundle)
    recognizer = Recognizer(manifest, backend, bank, config=DecisionConfig(), background=bundle.background)
    embedded = [recognizer.embed(window) for window in windows]
    rows = _random_rows(max(config.classes) + 64, manifest.parts, manifest.dim)
    added, found = 0, dict[str, dict[str, Any]]()

    def add() -> None:
        nonlocal added
        action = Action(id=str(added), name=f"action {added}", texts=("x",), source="user")
        recognizer.set_action(action, rows[added], version=added)
        added += 1

    for count in config.classes:
        while added < count:
            add()
        score = [milliseconds(lambda e=e: bank.score_one(e.rows)) for e in embedded]
        decide = [
            milliseconds(lambda e=e: recognizer.decide(e, now_ns=e.window.captured_ns)) for e in embedded
        ]
        adding = [milliseconds(add) for _ in range(16)]
        found[str(count)] = {
            "score_ms": percentiles(score[10:]),
            "decide_ms": percentiles(decide[10:]),
            "add_ms": percentiles(adding),
        }
    backend.close()
    return found


def _random_rows(count: int, parts: int, dim: int) -> NDArray[np.float32]:
    values = np.random.default_rng(0).normal(size=(count, parts, dim)).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)
