"""What is said of a rule that followed a stream, and of the difference of two rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.features import Features
from training.metrics import auroc, balanced_top_k, per_class, top_k
from training.streams import Order

Row = dict[str, float]
"""Metrics of one rule on one order, by name."""
Rows = Sequence[Sequence[Row]]
"""By encoder and order."""

CURVE = 20
"""Stretches of a stream for which accuracy is told."""
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


def judge(followed: Followed, features: Features, order: Order) -> Row:
    """Accuracies along the stream, in its last half and afterwards, and how unknown ones are told.

    ``top1``, ``balanced`` and ``worst`` class are prequential: each sample is named before it is learnt.
    """
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


def curve(followed: Followed, features: Features, order: Order) -> NDArray[np.float64]:
    """(``CURVE``,) share of known samples named rightly in each stretch of a stream; NaN where none is."""
    truth = np.concatenate([features.truth, np.full(len(features.others), -1)])[order]
    right = (followed.online.argmax(axis=1) == truth).astype(float)
    right[truth < 0] = np.nan
    parts = np.array_split(right, CURVE)
    return np.array([np.nan if np.isnan(part).all() else np.nanmean(part) for part in parts])


def mean_curve(curves: Sequence[NDArray[np.float64]]) -> list[float | None]:
    """The mean of several curves, stretch by stretch; None where no curve tells of one."""
    columns = np.stack(curves).T
    told = [column[~np.isnan(column)] for column in columns]
    return [round(float(column.mean()), 4) if len(column) else None for column in told]


def oscr(known: NDArray[np.floating], unknown: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Area under correct classification against false positives (Dhamija et al., NeurIPS 2018), [0, 1].

    Args:
        known: (P,) best score of samples of known classes.
        unknown: (Q,) the same of samples of no class, Q at least 1.
        right: (P,) whether the best class is theirs.
    """
    # Each wrong known sample counts as lost whatever the threshold.
    return auroc(known[right], unknown) * float(right.mean()) if right.any() else 0.0


def summary(rows: Rows, text: Rows, offline: Rows) -> dict[str, object]:
    """Means of every metric, and paired differences to the yardsticks on the same streams.

    Regret is how many more in a hundred samples are named wrongly than by what sees everything at once.
    """
    flat = [row for group in rows for row in group]
    found = {name: float(np.mean([row[name] for row in flat])) for name in flat[0]}
    return {
        **found,
        "regret": -100.0 * paired(rows, offline, "top1")[0],
        "by_encoder": [float(np.mean([row["balanced"] for row in group])) for group in rows],
        "balanced_less_text": paired(rows, text, "balanced"),
        "final_less_offline": paired(rows, offline, "final"),
        "last_half_less_offline": paired(rows, offline, "last_half"),
        "balanced_less_offline": paired(rows, offline, "balanced"),
    }


def paired(rows: Rows, other: Rows, metric: str) -> tuple[float, float, float]:
    """Mean difference of two rules on the same streams, and its 95 % interval.

    The interval is that of a bootstrap over encoders and, within each, over orders; where one rule followed
    fewer orders, over those that both did.
    """
    table = np.array(
        [
            [a[metric] - b[metric] for a, b in zip(g, h, strict=False)]
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
