"""Features of the laboratory's PGFA on the classes a fold hid from it, for the comparison of banks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.text.encoders import TextEncoder
from streams.skeleton.errors import DataError
from training.datasets.packed import load_packed
from training.features import Features, make_features
from training.lab.config import END_TO_END, LabConfig
from training.lab.fit import CHECKPOINT
from training.lab.samples import open_samples
from training.lab.semantics import read_side_information, semantics
from training.lab.trial import trained_end_to_end
from training.sequences import joined


def hidden_features(config: LabConfig, encoder: TextEncoder, *, fold: int, seed: int) -> Features:
    """Every sequence of the fold's hidden classes; strangers are of classes too small for any fold.

    Args:
        config: As ``anymove lab`` ran it.
        encoder: Of the class texts.
        fold: From 0.
        seed: Of the run.

    Raises:
        DataError: There is no such run, or the data is missing.
    """
    folder = config.out / f"fold-{fold}.seed-{seed}" / END_TO_END
    if not (folder / CHECKPOINT).is_file():
        raise DataError(f"wanted PGFA trained by the lab in {folder}, got nothing; run anymove lab first")
    texts = read_side_information()
    samples, tasks = open_samples(replace(config, only_folds=(fold,)), described=list(texts))
    task = tasks[0]
    told = semantics(samples.names, encoder, texts=texts)
    model = trained_end_to_end(config, samples, task, told, seed=seed, folder=folder, progress=False)
    rows = dict(zip(samples.names, told.described.numpy(), strict=True))

    def embed(positions: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return model.method.rows(model.cube(torch.from_numpy(positions))).numpy()

    def class_rows(names: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([rows[name] for name in names])[:, None]

    everything = joined([load_packed(config.data / f"{name}.npz") for name in config.sets])
    hidden = {samples.names[k] for k in task.unseen}
    return make_features(
        everything.where([label in hidden for label in everything.labels]),
        embed,
        class_rows=class_rows,
        spec=config.window,
        others=everything.where([label not in samples.names for label in everything.labels]),
    )
