"""Make features of an encoder on classes it has never seen: ``python -m training.make_features``.

Of a bundle, on a packed set it was not trained on; of a training run that hid a fold of classes, on
those; or of a fold of the laboratory. What is of no class comes from ``others``, from what the run did
see, or from classes too small for the laboratory.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder, load_text_encoder
from engine.text.projection import TextProjection
from streams.skeleton.errors import AnymoveError, DataError
from training.datasets.packed import load_packed
from training.evaluate import class_rows
from training.features import Features, make_features
from training.lab.config import LabConfig
from training.lab.features import hidden_features
from training.release import centred_embed, centring_of
from training.run_folder import load_run
from training.sequences import Sequences, joined, load_training
from training.train import class_rows as rows_of
from training.train import torch_embed

_FEW = 8
"""Sequences of a seen class that centring and strangers are taken from."""


@dataclass(frozen=True)
class FeaturesConfig:
    """Features of one encoder, kept as an npz."""

    out: Path
    """File to write."""
    data: Path
    """Packed set to embed; of a run, ignored in favour of the classes it hid."""
    others: Path | None = None
    """Packed set whose sequences are of none of the classes."""
    others_seen: bool = False
    """Whether the bundle was trained on that set."""
    run: Path | None = None
    """Folder of a run that hid a fold of classes; None for a bundle."""
    lab: Path | None = None
    """Folder of ``anymove lab``, run at its default size; ``data`` is then the folder of the open sets."""
    fold: int = 0
    """Of the laboratory."""
    seed: int = 0
    """Of the laboratory."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 2 after one line that says what was wrong."""
    config = tyro.cli(FeaturesConfig, args=argv, description=__doc__)
    try:
        made = _made(config)
    except AnymoveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    made.save(config.out)
    sizes = f"{len(made.truth)} sequences of {len(made.names)} classes, {len(made.others)} others"
    sys.stdout.write(f"{config.out}: {sizes}\n")
    return 0


def _made(config: FeaturesConfig) -> Features:
    if config.lab is not None:
        lab = LabConfig(data=config.data, out=config.lab)
        return hidden_features(lab, load_text_encoder(lab.text_encoder), fold=config.fold, seed=config.seed)
    return of_bundle(config) if config.run is None else of_run(config.run)


def of_bundle(config: FeaturesConfig) -> Features:
    """Features of a bundle; class texts are typed names as the engine takes them.

    Raises:
        BundleError: The bundle is damaged.
        DataError: A set is missing or unusable.
    """
    bundle = load_bundle(config.bundle)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    backend, projection = OnnxRuntimeBackend(bundle), TextProjection(bundle)

    def rows(names: Sequence[str]) -> NDArray[np.float32]:
        return class_rows(
            names, describe=lambda n: describe(n, encoder).texts, encoder=encoder, projection=projection
        )

    others = None if config.others is None else joined([load_packed(config.others)])
    return make_features(
        joined([load_packed(config.data)]),
        backend.embed,
        class_rows=rows,
        spec=bundle.manifest.window,
        others=others,
        others_seen=config.others_seen,
    )


def of_run(folder: Path) -> Features:
    """Features of a run on the classes it hid from itself, centred as a release would.

    Raises:
        DataError: The folder holds no run, or one that hid no class.
    """
    run = load_run(folder)
    seen, hidden = load_training(run.config)
    if hidden is None:
        raise DataError(f"wanted a run that hid a fold of classes, got {folder}; train with --hidden-fold")
    few = _few(seen)
    encoder: TextEncoder = load_text_encoder("minilm")
    centring = centring_of(run, few, encoder)

    def rows(names: Sequence[str]) -> NDArray[np.float32]:
        texts = np.stack([class_feature(describe(name, encoder).texts, encoder) for name in names])
        moved = rows_of(run.model, texts) - centring.text
        return moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12)

    embed = centred_embed(torch_embed(run.model), centring)
    strangers = few.where([n % 3 == 0 for n in range(len(few))])
    return make_features(
        hidden,
        embed,
        class_rows=rows,
        spec=run.config.window,
        others=strangers,
        others_seen=True,
    )


def _few(sequences: Sequences) -> Sequences:
    rng, labels = np.random.default_rng(0), np.array(sequences.labels)
    keep = np.zeros(len(labels), bool)
    for name in sequences.classes:
        keep[rng.permutation(np.flatnonzero(labels == name))[:_FEW]] = True
    return sequences.where([bool(yes) for yes in keep])


if __name__ == "__main__":
    sys.exit(main())
