"""Prototype banks on streams: predict, then learn, one pass; beside what sees everything at once.

The anchored rule's constants, temperature and threshold among them, are never measured on what it is
judged on: for each encoder they are the mean of those of the encoders whose hidden classes are others.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from engine.bank.contract import Bank, BankSettings
from engine.bank.select import BANKS, open_bank
from engine.bank.stata import StatA16Bank, StatA128Bank, infer
from training.bank_constants import fit_bank
from training.calibrate import fit_temperature, fit_unknown, prototype_scores
from training.features import Features
from training.rejection import halved
from training.stream_metrics import Followed, Row, curve, judge, mean_curve, paired, summary
from training.streams import MAIN, STREAMS, Order
from training.zero_shot import scores

ALPHA = 0.9
OFFLINE = "offline PGFA"
REJECTING = "offline PGFA, rejecting"
"""The fair control under contamination: samples below the threshold of the unnamed class are left out."""
YARDSTICKS = ("text-only", "anchored", "pgfa-streaming", OFFLINE, REJECTING)
"""Rules that follow every stream in every order."""
_LEFT_OUT = ("stata-1",)
"""The same as text-only by what it is (``engine.bank.stata``)."""
_BATCHES = {bank.rule: bank.batch for bank in (StatA16Bank, StatA128Bank)}


@dataclass(frozen=True)
class Orders:
    """How many orders of each stream are followed for each encoder."""

    yardsticks: int = 20
    """By the rules that all others are held against, on the first six streams."""
    others: int = 4
    """By the published rules, on the first six streams alone; and of the streams after these."""


def pooled_settings(others: Sequence[Features], *, parts: int, dim: int) -> BankSettings:
    """Settings of a bank with the mean of what was measured on these encoders."""
    found = [fit_bank(f.events, f.classes, f.truth) for f in others]
    tables = [scores(f.events, f.classes) for f in others]
    thresholds = [fit_unknown(*halved(table, f.truth))[0] for table, f in zip(tables, others, strict=True)]
    temperatures = [fit_temperature(table, f.truth) for table, f in zip(tables, others, strict=True)]
    names = [field.name for field in fields(BankConstants)]
    return BankSettings(
        parts=parts,
        dim=dim,
        fingerprint="",
        alpha=ALPHA,
        temperature=float(np.exp(np.mean(np.log(temperatures)))),
        unknown_cosine=float(np.mean(thresholds)),
        constants=BankConstants(
            **{name: float(np.mean([getattr(k, name) for k in found])) for name in names}
        ),
    )


def settings_by_encoder(encoders: dict[str, Features]) -> dict[str, BankSettings]:
    """For each encoder, settings measured on those whose hidden classes are others.

    Args:
        encoders: By name; what stands before the first "." names the hidden classes.
    """

    def hidden(name: str) -> str:
        return name.partition(".")[0]

    return {
        name: pooled_settings(
            [other for key, other in encoders.items() if hidden(key) != hidden(name)],
            parts=features.classes.shape[1],
            dim=features.classes.shape[2],
        )
        for name, features in encoders.items()
    }


def new_bank(rule: str, features: Features, settings: BankSettings) -> Bank:
    """A bank of that rule that holds every class's text."""
    bank = open_bank(rule, settings)
    for k, text in enumerate(features.classes):
        bank.add_class(f"{k:05}", text)
    return bank


def follow(bank: Bank, features: Features, order: Order) -> Followed:
    """What a bank says along a stream that it learns from."""
    samples = np.concatenate([features.events, features.others])
    online: list[NDArray[np.float32]] = []
    for at in order:
        online.append(bank.score_one(samples[at]))
        bank.learn_one(samples[at])
    return Followed(np.stack(online), np.stack([bank.score_one(rows) for rows in features.events]))


def follow_batches(features: Features, order: Order, settings: BankSettings, *, batch: int) -> Followed:
    """StatA as published: batches one after the other, each named once all of it is there."""
    parts = features.events.shape[1]

    def together(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = rows.reshape(len(rows), -1).astype(np.float64) / np.sqrt(parts)
        texts = features.classes.reshape(len(features.classes), -1).astype(np.float64) / np.sqrt(parts)
        cuts = range(0, max(1, len(flat) - 1), batch)
        # A last batch of one sample goes with the one before it.
        ends = [*list(cuts)[1:], len(flat)]
        found = [
            infer(flat[at:end], texts, temperature=settings.temperature)
            for at, end in zip(cuts, ends, strict=True)
        ]
        return np.concatenate(found).astype(np.float32)

    samples = np.concatenate([features.events, features.others])[order]
    mixed = np.random.default_rng(0).permutation(len(features.events))
    final = np.empty((len(mixed), len(features.classes)), np.float32)
    final[mixed] = together(features.events[mixed])
    return Followed(together(samples), final)


def follow_offline(features: Features, order: Order, *, above: float | None = None) -> Followed:
    """PGFA's prototypes of the whole stream at once; it does not know what is of no class.

    Args:
        features: Of an encoder.
        order: The stream.
        above: Samples whose best cosine is not above it do not count; None to count all.
    """
    samples = np.concatenate([features.events, features.others])[order]
    everything = np.concatenate([samples, features.events])
    counted = samples
    if above is not None:
        kept = scores(samples, features.classes).max(axis=1) > above
        counted = samples[kept] if kept.any() else samples
    found = prototype_scores(counted, features.classes, share=ALPHA, asked=everything)
    return Followed(found[: len(order)], found[len(order) :])


def followed_by(rule: str, features: Features, settings: BankSettings, order: Order) -> Followed:
    """What any rule by its name says along a stream."""
    if rule == OFFLINE:
        return follow_offline(features, order)
    if rule == REJECTING:
        return follow_offline(features, order, above=settings.unknown_cosine)
    if rule in _BATCHES:
        return follow_batches(features, order, settings, batch=_BATCHES[rule])
    return follow(new_bank(rule, features, settings), features, order)


def rules_of(stream: str) -> tuple[str, ...]:
    """Names of the rules that follow a stream."""
    others = (rule for rule in BANKS if rule not in (*YARDSTICKS, *_LEFT_OUT))
    return (*YARDSTICKS, *others) if stream in MAIN else YARDSTICKS


def compare(
    encoders: dict[str, Features],
    settings: dict[str, BankSettings],
    *,
    orders: Orders,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """By stream and rule: means over encoders and orders, and paired differences with their intervals.

    Args:
        encoders: Features by name.
        settings: Of the banks, by the same names; see ``settings_by_encoder``.
        orders: Orders of each stream for each encoder.
        tell: Told of the progress.
    """
    streams: dict[str, Any] = {}
    for stream in STREAMS:
        rows: dict[str, list[list[Row]]] = {}
        curves: dict[str, list[NDArray[np.float64]]] = {}
        for rule in rules_of(stream):
            rows[rule] = []
            curves[rule] = []
            for name, features in encoders.items():
                found, along = _along(rule, stream, features, settings[name], orders)
                rows[rule].append(found)
                curves[rule].extend(along)
            tell(f"{stream}: {rule}")
        streams[stream] = {
            rule: {
                **summary(found, rows["text-only"], rows[OFFLINE]),
                "anchored_less_this": paired(rows["anchored"], found, "balanced"),
                "anchored_less_this_final": paired(rows["anchored"], found, "final"),
                "orders": len(found[0]),
                "curve": mean_curve(curves[rule]),
            }
            for rule, found in rows.items()
        }
    return {"settings": {name: asdict(k) for name, k in settings.items()}, "streams": streams}


def _along(
    rule: str, stream: str, features: Features, settings: BankSettings, orders: Orders
) -> tuple[list[Row], list[NDArray[np.float64]]]:
    """Metrics and curves of one rule on one encoder's orders of a stream."""
    found: list[Row] = []
    along: list[NDArray[np.float64]] = []
    for seed in range(orders.yardsticks if rule in YARDSTICKS and stream in MAIN else orders.others):
        order = STREAMS[stream](features, np.random.default_rng(seed))
        followed = followed_by(rule, features, settings, order)
        found.append(judge(followed, features, order))
        along.append(curve(followed, features, order))
    return found, along
