"""Prototype banks on streams of cached features, and what a bank costs.

Features are made once per encoder: of a bundle, or of a training run that hid a fold of classes, on the
classes it has never seen. ``make stream-eval`` does both and writes docs/results/bank.md.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import ROOT, percentiles
from engine.bank.contract import Bank, BankSettings
from engine.bank.select import BANKS, open_bank
from streams.skeleton.errors import DataError
from training.features import load_features
from training.stream_eval import compare, growth, one_shot, settings_by_encoder, soak

_CLASSES, _DIM, _STEPS, _WARM = 120, 384, 2000, 200


@dataclass(frozen=True)
class BankConfig:
    """Banks on streams."""

    features: Path = ROOT.parent / "features"
    """Folder of features, one npz for each encoder; see ``python -m training.make_features``."""
    orders: int = 10
    """Orders of each stream for each encoder."""
    updates: int = 200_000
    """Length of the longest stream; 0 leaves it out."""


def run(config: BankConfig) -> dict[str, Any]:
    """Comparison, one-shot, growth, endurance and costs, by name.

    Raises:
        DataError: Fewer than two encoders' features in the folder.
    """
    encoders = {path.stem: load_features(path) for path in sorted(config.features.glob("*.npz"))}
    if len(encoders) < 2:
        raise DataError(
            f"wanted features of two encoders or more in {config.features}, got {len(encoders)}"
        )
    compared = compare(encoders, orders=config.orders, tell=lambda step: print(step, flush=True))
    settings = settings_by_encoder(encoders)
    return {
        "encoders": {
            name: {"sequences": len(f.truth), "classes": len(f.names), "others": len(f.others)}
            for name, f in encoders.items()
        },
        "orders": config.orders,
        **compared,
        "one_shot": {
            name: one_shot(f, settings[name], draws=config.orders) for name, f in encoders.items()
        },
        "growth": {name: growth(f, settings[name], draws=config.orders) for name, f in encoders.items()},
        "soak": {
            name: soak(f, settings[name], updates=config.updates)
            for name, f in list(encoders.items())[-1:]
            if config.updates
        },
        "costs_us": {rule: costs(rule) for rule in BANKS},
    }


def costs(rule: str) -> dict[str, Any]:
    """Microseconds of scoring, of learning, and of adding a class to 120 classes of 384 dimensions."""
    rng = np.random.default_rng(0)

    def drawn(count: int) -> list[Any]:
        rows = rng.normal(size=(count, 1, _DIM))
        return list((rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32))

    bank = open_bank(rule, BankSettings(parts=1, dim=_DIM, fingerprint=""))
    texts = drawn(_CLASSES)
    for number, text in enumerate(texts):
        bank.add_class(f"{number}", text)
    near = [text + 0.5 * noise for text, noise in zip(texts * 20, drawn(20 * _CLASSES), strict=True)]
    seen = [(rows / np.linalg.norm(rows)).astype(np.float32) for rows in near][: _STEPS + _WARM]
    score, learn, add = list[float](), list[float](), list[float]()
    for rows in seen:
        score.append(_timed_us(lambda rows=rows: bank.score_one(rows)))
        learn.append(_timed_us(lambda rows=rows: bank.learn_one(rows)))
    for number, rows in enumerate(drawn(_WARM)):
        add.append(_timed_us(lambda number=number, rows=rows: bank.add_class(f"new {number}", rows)))
        bank.remove_class(f"new {number}")
    return {
        "score": percentiles(score[_WARM:]),
        "learn": percentiles(learn[_WARM:]),
        "add_class": percentiles(add),
        "observations": _observations(bank),
    }


def _observations(bank: Bank) -> float:
    return sum(bank.provenance(class_id).observations for class_id in bank.class_ids)


def _timed_us(call: Any) -> float:
    begun_ns = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begun_ns) / 1e3
