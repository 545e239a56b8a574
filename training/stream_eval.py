"""Prototype banks on streams: predict, then learn, one pass; beside what sees everything at once.

The anchored rule's constants, temperature and threshold among them, are never measured on what it is
judged on: for each encoder they are the mean of those of the others, whose hidden classes are others.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from engine.bank.contract import Bank, BankSettings
from engine.bank.select import BANKS, open_bank
from training.bank_constants import fit_bank
from training.calibrate import fit_temperature, fit_unknown, prototype_scores
from training.features import Features
from training.metrics import auroc, balanced_top_k, per_class, top_k
from training.rejection import halved
from training.streams import STREAMS, Order
from training.zero_shot import scores

ALPHA = 0.9
OFFLINE = "offline PGFA"
_RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Followed:
    """What a rule said along a stream, and what it says of every sample after it.

    Attributes:
        online: (S, K) scores of each sample before the rule learnt from it.
        final: (N, K) scores of every known sample by the rule as it ended.
    """

    online: NDArray[np.float32]
    final: NDArray[np.float32]


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
    """For each encoder, settings measured on all the others."""
    return {
        name: pooled_settings(
            [other for key, other in encoders.items() if key != name],
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


def follow_offline(features: Features, order: Order) -> Followed:
    """PGFA's prototypes of the whole stream at once; it does not know what is of no class."""
    samples = np.concatenate([features.events, features.others])[order]
    everything = np.concatenate([samples, features.events])
    found = prototype_scores(samples, features.classes, share=ALPHA, asked=everything)
    return Followed(found[: len(order)], found[len(order) :])


def judge(followed: Followed, features: Features, order: Order) -> dict[str, float]:
    """Accuracies along the stream, in its last half and afterwards, and how unknown ones are told."""
    truth = np.concatenate([features.truth, np.full(len(features.others), -1)])[order]
    known = truth >= 0
    late = known & (np.arange(len(order)) >= len(order) // 2)
    online, labels = followed.online, truth[known]
    row = {
        "top1": top_k(online[known], labels),
        "balanced": balanced_top_k(online[known], labels),
        "last_half": balanced_top_k(online[late], truth[late]),
        "final": balanced_top_k(followed.final, features.truth),
        "worst": min(per_class(online[known], labels, [str(n) for n in features.names]).values()),
    }
    if not known.all():
        best, others = online[known].max(axis=1), online[~known].max(axis=1)
        right = online[known].argmax(axis=1) == labels
        row |= {
            "auroc": auroc(best, others),
            "fpr95": float((others >= np.quantile(best, 0.05)).mean()),
            "oscr": oscr(best, others, right),
        }
    return row


def oscr(known: NDArray[np.floating], unknown: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Area under correct classification against false positives (Dhamija et al., NeurIPS 2018), [0, 1].

    Args:
        known: (P,) best score of samples of known classes.
        unknown: (Q,) the same of samples of no class, Q at least 1.
        right: (P,) whether the best class is theirs.
    """
    # Each wrong known sample counts as lost whatever the threshold.
    return auroc(known[right], unknown) * float(right.mean()) if right.any() else 0.0


def compare(encoders: dict[str, Features], *, orders: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """By stream and rule: means over encoders and orders, and paired differences with their intervals.

    Args:
        encoders: Features by name, two at least.
        orders: Orders of each stream for each encoder.
        tell: Told of the progress.
    """
    settings = settings_by_encoder(encoders)
    results: dict[str, Any] = {"settings": {name: asdict(k) for name, k in settings.items()}}
    streams: dict[str, Any] = {}
    for stream, make in STREAMS.items():
        rows: dict[str, list[list[dict[str, float]]]] = {rule: [] for rule in (*BANKS, OFFLINE)}
        for name, features in encoders.items():
            drawn = [make(features, np.random.default_rng(seed)) for seed in range(orders)]
            for rule in rows:
                rows[rule].append(
                    [
                        judge(_followed(rule, features, settings[name], order), features, order)
                        for order in drawn
                    ]
                )
            tell(f"{stream}: {name}")
        streams[stream] = {
            rule: _summary(found, rows["text-only"], rows[OFFLINE]) for rule, found in rows.items()
        }
    return results | {"streams": streams}


def one_shot(features: Features, settings: BankSettings, *, draws: int) -> dict[str, float]:
    """S9: balanced top-1 after one example of every class was shown, and after a stream besides."""
    shown_only: list[float] = []
    streamed: list[float] = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        bank = new_bank("anchored", features, settings)
        chosen = [int(rng.choice(np.flatnonzero(features.truth == k))) for k in np.unique(features.truth)]
        for at in chosen:
            bank.show_example(f"{features.truth[at]:05}", features.events[at])
        rest = np.setdiff1d(np.arange(len(features.truth)), chosen)
        first = np.stack([bank.score_one(features.events[at]) for at in rest])
        shown_only.append(balanced_top_k(first, features.truth[rest]))
        final = follow(bank, features, rng.permutation(rest)).final[rest]
        streamed.append(balanced_top_k(final, features.truth[rest]))
    text = np.stack([new_bank("text-only", features, settings).score_one(x) for x in features.events])
    return {
        "text": balanced_top_k(text, features.truth),
        "example": float(np.mean(shown_only)),
        "example_and_stream": float(np.mean(streamed)),
    }


def growth(features: Features, settings: BankSettings, *, draws: int) -> dict[str, float]:
    """S7: half of the classes come late, at a quarter, the half and three quarters of the stream."""
    late_final: list[float] = []
    early_final: list[float] = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        order, classes = rng.permutation(len(features.truth)), rng.permutation(len(features.classes))
        late = np.array_split(classes[: len(classes) // 2], 3)
        bank = new_bank("anchored", features, settings)
        for k in np.concatenate(late):
            bank.remove_class(f"{k:05}")
        for part, added in zip(np.array_split(order, 4), (*late, []), strict=True):
            for at in part:
                bank.learn_one(features.events[at])
            for k in added:
                bank.add_class(f"{k:05}", features.classes[k])
        columns = np.argsort(bank.class_ids)
        final = np.stack([bank.score_one(rows)[columns] for rows in features.events])
        late_final.append(balanced_top_k(final, features.truth))
        never_late = follow(new_bank("anchored", features, settings), features, order)
        early_final.append(balanced_top_k(never_late.final, features.truth))
    return {"late": float(np.mean(late_final)), "never_late": float(np.mean(early_final))}


def soak(features: Features, settings: BankSettings, *, updates: int) -> dict[str, float]:
    """A stream of so many updates with 10 % unknown: accuracy in its second tenth and in its last."""
    rng = np.random.default_rng(0)
    bank = new_bank("anchored", features, settings)
    tenth, hits = updates // 10, np.zeros(10)
    for part in range(10):
        right = 0
        known = rng.random(tenth) >= 0.1 if len(features.others) else np.ones(tenth, bool)
        for inside in known:
            rows, label = _drawn(features, rng, inside=bool(inside))
            right += inside and int(bank.score_one(rows).argmax()) == label
            bank.learn_one(rows)
        hits[part] = right / max(int(known.sum()), 1)
    numbers = sum(array.size for array in bank.snapshot().arrays.values())
    return {"updates": updates, "settled": hits[1], "last": hits[9], "numbers_held": numbers}


def _drawn(
    features: Features, rng: np.random.Generator, *, inside: bool
) -> tuple[NDArray[np.float32], int]:
    if not inside:
        return features.others[rng.integers(len(features.others))], -1
    at = rng.integers(len(features.truth))
    return features.events[at], int(features.truth[at])


def _followed(rule: str, features: Features, settings: BankSettings, order: Order) -> Followed:
    if rule == OFFLINE:
        return follow_offline(features, order)
    return follow(new_bank(rule, features, settings), features, order)


def _summary(
    rows: list[list[dict[str, float]]],
    text: list[list[dict[str, float]]],
    offline: list[list[dict[str, float]]],
) -> dict[str, Any]:
    """Means of every metric, by encoder for the balanced one, and differences to the yardsticks."""
    flat = [row for group in rows for row in group]
    return {
        **{name: float(np.mean([row[name] for row in flat])) for name in flat[0]},
        "by_encoder": [float(np.mean([row["balanced"] for row in group])) for group in rows],
        "balanced_less_text": paired(rows, text, "balanced"),
        "final_less_offline": paired(rows, offline, "final"),
        "balanced_less_offline": paired(rows, offline, "balanced"),
    }


def paired(
    rows: list[list[dict[str, float]]], other: list[list[dict[str, float]]], metric: str
) -> tuple[float, float, float]:
    """Mean difference of two rules on the same streams, and its 95 % interval.

    The interval is that of a bootstrap over encoders and, within each, over orders.
    """
    table = np.array(
        [
            [a[metric] - b[metric] for a, b in zip(g, h, strict=True)]
            for g, h in zip(rows, other, strict=True)
        ]
    )
    rng = np.random.default_rng(0)
    means = np.empty(_RESAMPLES)
    for n in range(_RESAMPLES):
        groups = rng.integers(0, len(table), len(table))
        within = rng.integers(0, table.shape[1], (len(table), table.shape[1]))
        means[n] = table[groups[:, None], within].mean()
    low, high = np.percentile(means, [2.5, 97.5])
    return float(table.mean()), float(low), float(high)
