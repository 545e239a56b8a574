"""Zero-shot evaluation of a bundle on a packed set, through the classes the live engine uses."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import Bundle
from engine.text.descriptions import class_feature
from engine.text.encoders import TextEncoder
from engine.text.projection import TextProjection
from streams.skeleton.errors import BundleError
from training.datasets.packed import PackedSet
from training.metrics import balanced_top_k, per_class, top_k
from training.sequences import joined
from training.zero_shot import HOP_S, scores, sequence_embeddings

Describe = Callable[[str], Sequence[str]]
"""A typed name to the texts that stand for it."""


@dataclass(frozen=True)
class LabelScores:
    """Accuracy with one set of labels as the candidates."""

    classes: int
    chance: float
    """Top-1 of a guess, [0, 1]."""
    top1: float
    top5: float
    balanced_top1: float
    """Mean over classes of their own top-1."""
    per_class: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """What a bundle recognises of a set none of whose labels need be known to it."""

    data: str
    bundle: str
    fingerprint: str
    sequences: int
    label: LabelScores
    merged: LabelScores | None
    """With the set's coarser labels as candidates; None where it has none."""

    def to_json(self) -> str:
        """One JSON object, sorted by class."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def class_rows(
    names: Sequence[str], *, describe: Describe, encoder: TextEncoder, projection: TextProjection
) -> NDArray[np.float32]:
    """(K, P, D) float32 unit rows of typed names, as the engine makes them.

    Args:
        names: K names.
        describe: Their texts.
        encoder: The bundle's text encoder.
        projection: The bundle's text side.
    """
    return projection.rows(np.stack([class_feature(describe(name), encoder) for name in names]))


def evaluate(
    bundle: Bundle,
    packed: PackedSet,
    *,
    encoder: TextEncoder,
    describe: Describe,
    backend: Backend | None = None,
    hop_s: float = HOP_S,
) -> Evaluation:
    """Accuracy on every sequence, its set's labels taken as typed names, all of them candidates.

    A sequence's embedding is the mean over windows cut every ``hop_s`` like the live ones.

    Args:
        bundle: To evaluate.
        packed: Sequences and labels.
        encoder: The bundle's text encoder.
        describe: What the engine does with a typed name.
        backend: Of this bundle; None for ONNX Runtime.
        hop_s: Time between two windows, seconds.

    Raises:
        BundleError: The encoder is not the bundle's.
    """
    if encoder.sha256 != bundle.manifest.text_encoder.sha256:
        raise BundleError(
            f"wanted the text encoder {bundle.manifest.text_encoder.id} the bundle was aligned with, "
            f"got {encoder.id} with other weights; name the bundle's own encoder"
        )
    runner = backend or OnnxRuntimeBackend(bundle)
    sequences = joined([packed])
    rows = sequence_embeddings(sequences, runner.embed, spec=bundle.manifest.window, hop_s=hop_s)
    projection = TextProjection(bundle)

    def score(labels: tuple[str, ...]) -> LabelScores:
        names = sorted(set(labels))
        classes = class_rows(names, describe=describe, encoder=encoder, projection=projection)
        return _label_scores(scores(rows, classes), labels, names)

    return Evaluation(
        data=packed.name,
        bundle=bundle.manifest.name,
        fingerprint=bundle.fingerprint,
        sequences=len(packed),
        label=score(packed.labels),
        merged=None if packed.merged is None else score(packed.merged),
    )


def report(evaluation: Evaluation) -> str:
    """The evaluation as text for people."""
    lines = [f"{evaluation.data}: {evaluation.sequences} sequences, bundle {evaluation.bundle}"]
    for title, found in (("labels", evaluation.label), ("merged labels", evaluation.merged)):
        if found is None:
            continue
        lines.append(
            f"{found.classes} {title}: top-1 {found.top1:.1%}, top-5 {found.top5:.1%}, "
            f"class mean {found.balanced_top1:.1%} (chance {found.chance:.1%})"
        )
        ranked = sorted(found.per_class.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"  {share:6.1%}  {name}" for name, share in ranked]
    return "\n".join(lines)


def _label_scores(table: NDArray[np.float32], labels: tuple[str, ...], names: list[str]) -> LabelScores:
    index = {name: k for k, name in enumerate(names)}
    truth = np.array([index[label] for label in labels])
    return LabelScores(
        classes=len(names),
        chance=1.0 / len(names),
        top1=top_k(table, truth),
        top5=top_k(table, truth, k=5),
        balanced_top1=balanced_top_k(table, truth),
        per_class=per_class(table, truth, names),
    )
