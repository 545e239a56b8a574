"""Windows of classes an encoder has not seen, and the decision's constants measured on them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.constants import BankConstants
from engine.bundle import Calibration
from streams.skeleton.window import WindowSpec
from streams.sources.synthetic import SyntheticSource
from training.bank_calibration import Seen, calibrate_bank
from training.calibrate import best_share, entropy_shares, fit_idle, fit_temperature, fit_unknown
from training.rejection import halved
from training.sequences import Sequences
from training.windows import normalized_batch, sliding_windows
from training.zero_shot import Embed, scores

_HOP_S = 2.4
_STANDING_S, _STANDING_FPS = 120.0, 30.0
_BATCH = 256
_QUANTILES = 2000
"""Scores that stand for those of one set where several are pooled, so that all weigh the same."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """W windows of K classes an encoder has not seen.

    Attributes:
        name: What they are of.
        windows: (W, 1, T, 25, 3) float32, normalised.
        rows: (W, P, D) unit rows, their embeddings.
        classes: (K, P, D) unit rows of the names.
        truth: (W,) class indices.
        unknown: Best scores of windows none of whose classes is a candidate; None to hide half of
            the K classes, again and again.
    """

    name: str
    windows: NDArray[np.float32]
    rows: NDArray[np.float32]
    classes: NDArray[np.float32]
    truth: NDArray[np.int64]
    unknown: NDArray[np.float32] | None = None

    @property
    def table(self) -> NDArray[np.float32]:
        """(W, K) scores."""
        return scores(self.rows, self.classes)

    @property
    def best(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Best scores of windows whose class is a candidate, and of windows whose class is not."""
        if self.unknown is None:
            return halved(self.table, self.truth)
        return self.table.max(axis=1), self.unknown


def unseen(
    name: str, sequences: Sequences, embed: Embed, classes: NDArray[np.float32], *, spec: WindowSpec
) -> Unseen:
    """Windows far apart of these sequences, seen by the encoder.

    Args:
        name: What they are of.
        sequences: None of whose classes the encoder was trained on.
        embed: The encoder.
        classes: (K, P, D) unit rows of ``sequences.classes``, in that order.
        spec: Of the windows.
    """
    windows, owners = cut(sequences, spec)
    index = {label: k for k, label in enumerate(sequences.classes)}
    truth = np.array([index[sequences.labels[n]] for n in owners])
    return Unseen(name, windows, embedded(embed, windows), classes, truth)


def constants(
    sets: Sequence[Unseen], *, spec: WindowSpec, seen: Seen | None = None
) -> tuple[Calibration, dict[str, Any]]:
    """The decision's constants, and what they were measured on; every set weighs the same.

    Args:
        sets: At least one.
        spec: Of the windows.
        seen: Windows of classes the encoder was trained on, for ``gzsl_gamma``; None leaves it out.
    """
    pooled = [
        np.concatenate([_alike(part, len(sets)) for part in parts])
        for parts in zip(*(one.best for one in sets), strict=True)
    ]
    threshold, area = fit_unknown(pooled[0], pooled[1])
    shares = [entropy_shares(one.rows, one.classes, one.truth) for one in sets]
    by_share = {share: float(np.mean([found[share] for found in shares])) for share in shares[0]}
    temperatures = [fit_temperature(one.table, one.truth) for one in sets]
    temperature = float(np.exp(np.log(temperatures).mean()))
    banks = [
        calibrate_bank(
            *(one.rows, one.classes, one.truth),
            temperature=temperature,
            unknown_cosine=threshold,
            seen=seen,
        )
        for one in sets
    ]
    acting = np.concatenate([one.windows[:, 0] for one in sets])
    calibration = Calibration(
        temperature=temperature,
        unknown_cosine=threshold,
        idle_extent_m=fit_idle(acting, standing_windows(spec)),
        bank_entropy=best_share(by_share),
        bank=_mean_constants([found for found, _ in banks]),
    )
    summary = {
        "sets": [one.name for one in sets],
        "windows": sum(len(one.truth) for one in sets),
        "top1": float(np.mean([(one.table.argmax(axis=1) == one.truth).mean() for one in sets])),
        "unknown_auroc": area,
        "offline_prototypes_balanced": {f"{share:g}": value for share, value in by_share.items()},
        "bank": {one.name: account for one, (_, account) in zip(sets, banks, strict=True)},
    }
    return calibration, summary


def cut(sequences: Sequences, spec: WindowSpec) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Windows far apart, normalised (W, 1, T, 25, 3), and the sequence (W,) of each."""
    windows, owners = list[NDArray[np.float32]](), list[int]()
    for n, (positions, fps) in enumerate(zip(sequences.positions, sequences.fps, strict=True)):
        found = sliding_windows(positions, fps=float(fps), spec=spec, hop_s=_HOP_S)
        windows.append(normalized_batch(found))
        owners += [n] * len(found)
    return np.concatenate(windows), np.array(owners)


def embedded(embed: Embed, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings (W, P, D), a few hundred windows at a time."""
    parts = range(0, len(windows), _BATCH)
    return np.concatenate([embed(windows[at : at + _BATCH]) for at in parts])


def standing_windows(spec: WindowSpec) -> NDArray[np.float32]:
    """Normalised windows (N, T, 25, 3) of the synthetic person standing before a depth sensor."""
    source = SyntheticSource("synthetic:standing", realtime=False)
    frames = islice(source, round(_STANDING_S * _STANDING_FPS))
    positions = np.stack([frame.persons[0].positions for frame in frames])
    source.close()
    windows = sliding_windows(positions, fps=_STANDING_FPS, spec=spec, hop_s=spec.length_s)
    return normalized_batch(windows)[:, 0]


def _alike(best: NDArray[np.float32], sets: int) -> NDArray[np.float32]:
    if sets == 1:
        return best
    return np.quantile(best, (np.arange(_QUANTILES) + 0.5) / _QUANTILES).astype(np.float32)


def _mean_constants(found: list[BankConstants]) -> BankConstants:
    fields = [asdict(constants) for constants in found]
    means = {key: float(np.mean([one[key] for one in fields])) for key in fields[0]}
    # An alarm that one of the sets would set off without need is none.
    return BankConstants(**means | {"least_cosine": min(one["least_cosine"] for one in fields)})
