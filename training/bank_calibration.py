"""What a bundle's manifest says of its bank: constants, and the statistics they rest on.

All of it from classes the encoder has never seen. ``kappa0``, D and the statistics before and after the
gap correction are for people who read the manifest; the bank needs the constants alone. ``gzsl_gamma`` is
what has to be taken off the scores of seen classes where those are candidates, too.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.anchored import AnchoredBank
from engine.bank.constants import BankConstants
from engine.bank.contract import BankSettings
from training.bank_constants import fit_bank
from training.bank_statistics import measure
from training.metrics import balanced_top_k, harmonic_mean
from training.zero_shot import scores

_PERCENTILE = 1.0
_GAMMAS = 101


@dataclass(frozen=True, eq=False)
class Seen:
    """Samples of classes the encoder was trained on.

    Attributes:
        rows: (M, P, D) unit rows.
        classes: (S, P, D) unit rows of their texts.
        truth: (M,) class indices.
    """

    rows: NDArray[np.float32]
    classes: NDArray[np.float32]
    truth: NDArray[np.int64]


def calibrate_bank(
    rows: NDArray[np.float32],
    classes: NDArray[np.float32],
    truth: NDArray[np.integer],
    *,
    temperature: float,
    unknown_cosine: float,
    seen: Seen | None = None,
) -> tuple[BankConstants, dict[str, Any]]:
    """The bank's constants, and a JSON-safe account of what was measured.

    Args:
        rows: (N, P, D) unit rows of classes the encoder has not seen.
        classes: (K, P, D) unit rows of their texts.
        truth: (N,) class indices.
        temperature: Of the bundle.
        unknown_cosine: Of the bundle.
        seen: Samples of seen classes, for ``gzsl_gamma``; None leaves it out.

    Raises:
        DataError: Fewer than two classes with two samples.
    """
    constants = fit_bank(rows, classes, truth)
    settings = BankSettings(
        parts=rows.shape[1],
        dim=rows.shape[2],
        fingerprint="",
        temperature=temperature,
        unknown_cosine=unknown_cosine,
        constants=constants,
    )
    constants = replace(constants, least_cosine=_least_cosine(rows, classes, settings))
    account = {
        "kappa0": constants.within / constants.text_error,
        "raw": asdict(measure(rows, truth, classes)),
        "corrected": asdict(measure(rows, truth, classes, corrected=True)),
    }
    if seen is not None:
        account["gzsl_gamma"] = fit_gamma(rows, classes, truth, seen=seen)
    return constants, account


def fit_gamma(
    rows: NDArray[np.float32], classes: NDArray[np.float32], truth: NDArray[np.integer], *, seen: Seen
) -> float:
    """What taken off seen classes' cosines makes the harmonic mean of seen and unseen accuracy highest.

    Args:
        rows: (N, P, D) unit rows of unseen classes.
        classes: (K, P, D) unit rows of their texts.
        truth: (N,) class indices.
        seen: Samples of seen classes.
    """
    both = np.concatenate([rows, seen.rows])
    new, old = scores(both, classes), scores(both, seen.classes)
    lead = old.max(axis=1) - new.max(axis=1)
    candidates = np.quantile(lead, np.linspace(0.0, 1.0, _GAMMAS))

    def quality(gamma: float) -> float:
        table = np.concatenate([new, old - np.float32(gamma)], axis=1)
        unseen = balanced_top_k(table[: len(rows)], truth)
        return harmonic_mean(balanced_top_k(table[len(rows) :], seen.truth + len(classes)), unseen)

    return float(max(candidates, key=quality))


def _least_cosine(rows: NDArray[np.float32], classes: NDArray[np.float32], settings: BankSettings) -> float:
    """First percentile of the cosines of means and texts once the bank has seen everything."""
    bank = AnchoredBank(settings)
    for k, text in enumerate(classes):
        bank.add_class(str(k), text)
    for row in rows:
        bank.learn_one(row)
    turned = [known.moved for k in bank.class_ids if (known := bank.provenance(k)).observations > 0]
    return float(np.clip(np.percentile(1.0 - np.array([*turned, 0.0]), _PERCENTILE), -1.0, 0.99))
