"""Streams that are more than an order of samples: late classes, people who teach, gaps, endurance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Bank, BankSettings
from engine.bundle import Calibration
from engine.decision import Decider, DecisionConfig, Standing, Transition
from engine.open_set import probabilities
from engine.rows import mean_direction
from training.features import WINDOWS_HOP_S, Features
from training.metrics import balanced_top_k, harmonic_mean
from training.stream_eval import follow, new_bank

_HOP_NS = round(WINDOWS_HOP_S * 1e9)
_OVERLAP = 0.1
"""Part that a found event and a true one must have in common, of what they span together."""


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


def continuous(features: Features, settings: BankSettings, *, draws: int) -> dict[str, dict[str, float]]:
    """S6: windows in a row with gaps of other movement, through the engine's decisions; by rule.

    ``f1`` is that of events against recordings, a found one right where class and time agree; ``learnt`` is
    the mass learnt for each recording.
    """
    found: dict[str, dict[str, float]] = {}
    for rule in ("text-only", "anchored"):
        rows = [_untrimmed(rule, features, settings, np.random.default_rng(seed)) for seed in range(draws)]
        found[rule] = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return found


def generalised(features: Features, settings: BankSettings, *, draws: int) -> dict[str, dict[str, float]]:
    """S8: seen classes among the candidates; S, U, H with gamma off the seen ones' scores, and AUSUC.

    Gamma is chosen on half of the unseen classes and told of the other half, drawn anew each time. Seen
    classes are scored by their texts; samples of them come along the stream, too. Empty where the features
    have no labelled samples of seen classes.
    """
    if not len(features.seen_classes):
        return {}
    found: dict[str, dict[str, float]] = {}
    for rule in ("text-only", "anchored"):
        rows = [_seen_and_unseen(rule, features, settings, np.random.default_rng(n)) for n in range(draws)]
        found[rule] = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return found


def soak(features: Features, settings: BankSettings, *, updates: int) -> dict[str, Any]:
    """A stream of so many updates with 10 % unknown: accuracy, and the numbers held, by tenth."""
    rng = np.random.default_rng(0)
    bank = new_bank("anchored", features, settings)
    tenth, hits, held = updates // 10, list[float](), list[int]()
    for _ in range(10):
        right = 0
        known = rng.random(tenth) >= 0.1 if len(features.others) else np.ones(tenth, bool)
        for inside in known:
            rows, label = _drawn(features, rng, inside=bool(inside))
            right += inside and int(bank.score_one(rows).argmax()) == label
            bank.learn_one(rows)
        hits.append(right / max(int(known.sum()), 1))
        held.append(sum(array.size for array in bank.snapshot().arrays.values()))
    return {"updates": updates, "tenths": hits, "numbers_held": held}


def _drawn(
    features: Features, rng: np.random.Generator, *, inside: bool
) -> tuple[NDArray[np.float32], int]:
    if not inside:
        return features.others[rng.integers(len(features.others))], -1
    at = rng.integers(len(features.truth))
    return features.events[at], int(features.truth[at])


def _seen_and_unseen(
    rule: str, features: Features, settings: BankSettings, rng: np.random.Generator
) -> dict[str, float]:
    bank, unseen = new_bank(rule, features, settings), len(features.classes)
    for k, text in enumerate(features.seen_classes):
        bank.add_class(f"{unseen + k:05}", text)
    samples = np.concatenate([features.events, features.others])
    truth = np.concatenate([features.truth, unseen + features.seen_truth])
    online = np.empty((len(samples), unseen + len(features.seen_classes)), np.float32)
    for at in rng.permutation(len(samples)):
        online[at] = bank.score_one(samples[at])
        bank.learn_one(samples[at])
    chosen_on = rng.permutation(unseen) < unseen // 2
    asked = truth < unseen
    tuning = asked & np.append(chosen_on, np.zeros(len(features.seen_classes), bool))[truth]
    lead = online[:, unseen:].max(axis=1) - online[:, :unseen].max(axis=1)
    # From all samples called unseen to all called seen.
    gammas = np.append(np.quantile(lead, np.linspace(0.0, 1.0, 101)) - 1e-4, lead.max() + 1e-4)
    by_gamma = np.array([_calibrated(online, truth, tuning, unseen, float(g)) for g in gammas])
    best = int(np.argmax([harmonic_mean(s, u) for s, u in by_gamma]))
    told = np.array([_calibrated(online, truth, asked & ~tuning, unseen, float(g)) for g in gammas])
    seen, new = (float(x) for x in told[best])
    rank = np.argsort(told[:, 0], kind="stable")
    return {
        "gamma": float(gammas[best]),
        "seen": seen,
        "unseen": new,
        "h": harmonic_mean(seen, new),
        "ausuc": float(np.trapezoid(told[rank, 1], told[rank, 0])),
    }


def _calibrated(
    online: NDArray[np.float32],
    truth: NDArray[np.int64],
    among: NDArray[np.bool_],
    unseen: int,
    gamma: float,
) -> tuple[float, float]:
    """Balanced accuracies of seen samples and of these unseen ones, gamma taken off seen scores."""
    moved = online - np.where(np.arange(online.shape[1]) >= unseen, gamma, 0.0).astype(np.float32)
    seen = truth >= unseen
    return balanced_top_k(moved[seen], truth[seen]), balanced_top_k(moved[among], truth[among])


@dataclass(frozen=True)
class Recording:
    """An action as it was performed."""

    label: str
    begun_ns: int
    ended_ns: int


def _untrimmed(
    rule: str, features: Features, settings: BankSettings, rng: np.random.Generator
) -> dict[str, float]:
    """One pass through windows of recordings and gaps in a row, learning as the engine does."""
    bank, decider = new_bank(rule, features, settings), Decider(DecisionConfig())
    calibration = Calibration(temperature=settings.temperature, unknown_cosine=settings.unknown_cosine)
    recordings: list[Recording] = []
    events: list[Transition] = []
    sums: dict[str, NDArray[np.float64]] = {}
    now_ns = 0
    for label, rows in _windows(features, rng):
        begun_ns = now_ns + _HOP_NS
        for row in rows:
            now_ns += _HOP_NS
            shares, unknown = probabilities(bank.score_one(row), calibration)
            step = decider.step(
                Standing("s", 0, now_ns, bank.class_ids, shares, unknown, idle=False, quality=1.0)
            )
            if step.action is not None and step.supported:
                sums[step.action.event_id] = sums.get(step.action.event_id, 0.0) + row.astype(np.float64)
            events += _absorb(bank, step.transitions, sums)
        if label is not None:
            recordings.append(Recording(label, begun_ns, now_ns))
    events += _absorb(bank, decider.finish(), sums)
    learnt = sum(bank.provenance(class_id).observations for class_id in bank.class_ids)
    return {"f1": event_f1(recordings, events), "events": len(events) / len(recordings)} | {
        "learnt": learnt / len(recordings)
    }


def _windows(
    features: Features, rng: np.random.Generator
) -> Iterator[tuple[str | None, NDArray[np.float32]]]:
    """Windows of every recording in any order, one or two of other movement after each."""
    for at in rng.permutation(len(features.truth)):
        yield f"{features.truth[at]:05}", features.windows[features.owners == at]
        if len(features.others):
            yield None, features.others[rng.integers(0, len(features.others), rng.integers(1, 3))]


def _absorb(
    bank: Bank, transitions: tuple[Transition, ...], sums: dict[str, NDArray[np.float64]]
) -> list[Transition]:
    """Actions that ended, which the bank has learnt: one observation each."""
    ended = [transition for transition in transitions if transition.phase == "offset"]
    for transition in ended:
        rows = mean_direction([sums.pop(transition.event_id)])
        if rows is not None:
            bank.learn_one(rows)
    return ended


def event_f1(recordings: list[Recording], events: list[Transition]) -> float:
    """F1 of events, [0, 1]: one is right where it is the first to name a recording it overlaps enough."""
    taken: set[int] = set()
    for event in events:
        for n, recording in enumerate(recordings):
            inner = min(event.ended_ns, recording.ended_ns) - max(event.began_ns, recording.begun_ns)
            outer = max(event.ended_ns, recording.ended_ns) - min(event.began_ns, recording.begun_ns)
            right = event.class_id == recording.label and n not in taken
            if right and inner + _HOP_NS >= _OVERLAP * (outer + _HOP_NS):
                taken.add(n)
                break
    return 2.0 * len(taken) / max(len(recordings) + len(events), 1)
