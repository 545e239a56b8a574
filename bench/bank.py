"""Prototype banks on streams of cached features, and what a bank costs.

Features are made once per encoder: of a bundle, of a fold of the laboratory, or of a training run that hid
a fold of classes, on the classes it has never seen (``python -m training.make_features``); those of the
shipped bundle are made here. ``make stream-eval`` writes docs/results/bank.md. The name of a file up to its
first "." names the classes: encoders with the same hidden classes never measure each other's constants.
"""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import ROOT, percentiles
from engine.bank.contract import Bank, BankSettings
from engine.bank.select import BANKS, bank_settings, open_bank
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from streams.skeleton.errors import DataError
from training.bank_statistics import measure
from training.features import Features, load_features
from training.make_features import FeaturesConfig, of_bundle
from training.stream_eval import Orders, compare, settings_by_encoder
from training.stream_trials import continuous, generalised, growth, one_shot, soak

_CLASSES, _DIM, _STEPS, _WARM = 120, 384, 2000, 200
_SLOW = ("dota", "tda", "stata-16", "stata-128")
"""Rules that take milliseconds a sample: timed on fewer."""
_DRAWS = 5
"""Of the trials that are no order of samples."""


@dataclass(frozen=True)
class BankConfig:
    """Banks on streams."""

    features: Path = ROOT.parent / "features"
    """Folder of features, one npz for each encoder; see ``python -m training.make_features``."""
    data: Path = ROOT.parent / "shared" / "data" / "open"
    """Folder of the packed open sets, for the shipped bundle's features where there are none."""
    orders: Orders = field(default_factory=Orders)
    """Orders of each stream for each encoder."""
    updates: int = 200_000
    """Length of the longest stream; 0 leaves it out."""


def run(config: BankConfig) -> dict[str, Any]:
    """Comparison, statistics of the encoders, trials and costs, by name.

    Raises:
        DataError: No features in the folder, and no data to make any of.
    """
    _embed_shipped(config)
    encoders = {path.stem: load_features(path) for path in sorted(config.features.glob("*.npz"))}
    if not encoders:
        raise DataError(
            f"wanted features in {config.features}, got none; make some with training.make_features"
        )
    settings = _settings(encoders)
    trials = {"one_shot": one_shot, "growth": growth, "continuous": continuous, "generalised": generalised}
    return {
        "encoders": {name: _described(features) for name, features in encoders.items()},
        "orders": asdict(config.orders),
        **compare(encoders, settings, orders=config.orders, tell=lambda step: print(step, flush=True)),
        **{
            kind: {name: trial(f, settings[name], draws=_DRAWS) for name, f in encoders.items()}
            for kind, trial in trials.items()
        },
        "soak": {
            name: soak(f, settings[name], updates=config.updates)
            for name, f in list(encoders.items())[-1:]
            if config.updates
        },
        "costs_us": {rule: costs(rule) for rule in BANKS},
    }


def _embed_shipped(config: BankConfig) -> None:
    """Make features of the bundle that ships, on the development set, where there are none."""
    path = config.features / f"hdm05.{load_bundle(DEFAULT_BUNDLE).fingerprint[:8]}.npz"
    if path.exists() or not config.data.exists():
        return
    others = config.data / "berkeley_mhad.npz"
    of_bundle(FeaturesConfig(path, config.data / "hdm05.npz", others=others, others_seen=True)).save(path)


def _settings(encoders: dict[str, Features]) -> dict[str, BankSettings]:
    """Measured on encoders that hid other classes; the shipped bundle's own where there are none."""
    if len({name.partition(".")[0] for name in encoders}) > 1:
        return settings_by_encoder(encoders)
    own = bank_settings(load_bundle(DEFAULT_BUNDLE).manifest, fingerprint="")
    return dict.fromkeys(encoders, own)


def _described(features: Features) -> dict[str, Any]:
    """Sizes, and what METHODS 3.1 asks to be measured first, before and after the gap correction."""
    raw, corrected = (
        asdict(measure(features.events, features.truth, features.classes, corrected=moved))
        for moved in (False, True)
    )
    sizes = {
        "sequences": len(features.truth),
        "classes": len(features.names),
        "others": len(features.others),
    }
    return sizes | {"raw": raw, "corrected": corrected}


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
    if rule in _SLOW:
        seen = seen[: _WARM + _STEPS // 20]
    for rows in seen:
        score.append(_timed_us(lambda rows=rows: bank.score_one(rows)))
        learn.append(_timed_us(lambda rows=rows: bank.learn_one(rows)))
    for number, rows in enumerate(drawn(_WARM)):
        add.append(_timed_us(lambda number=number, rows=rows: bank.add_class(f"new {number}", rows)))
        bank.remove_class(f"new {number}")
    return {
        "score": percentiles(score[_WARM:]),
        "both": percentiles([a + b for a, b in zip(score[_WARM:], learn[_WARM:], strict=True)]),
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
