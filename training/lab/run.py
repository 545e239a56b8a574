"""Every method on every task with every seed; what is on disk is not done again."""

import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.text.encoders import TextEncoder
from training.calibrate import prototype_scores
from training.lab import processes
from training.lab.benchmark import benchmark_samples, is_converted
from training.lab.config import END_TO_END, LabConfig
from training.lab.fit import CHECKPOINT
from training.lab.pictures import write_confusions, write_map
from training.lab.results import Trial, read_trials, summary, trial_path, write_json, write_trial
from training.lab.samples import Samples, Task, open_samples
from training.lab.semantics import (
    Semantics,
    read_benchmark_information,
    read_side_information,
    semantics,
)
from training.lab.trial import (
    EndToEnd,
    branch_scores,
    embeddings,
    feature_cubes,
    frozen_encoder,
    is_end_to_end,
    trained_end_to_end,
    trained_method,
)
from training.one_shot import ROUNDS, one_shot_scores

PROTOTYPES = "pgfa-prototypes"
"""PGFA's embeddings against its test-time prototypes; sees the whole test set before it answers."""
EXEMPLARS, ONE_SHOT = "pgfa-exemplars", "pgfa-one-shot"
"""PGFA's embeddings against one example of each unseen class, and against prototypes grown from them."""


def run_lab(config: LabConfig, encoder: TextEncoder, *, progress: bool = True) -> dict[str, Any]:
    """The summary of all trials, which is written too; goes on where an earlier call stopped.

    Args:
        config: What to run.
        encoder: Of the class texts.
        progress: Show bars.

    Raises:
        DataError: Data is missing or unusable.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    data = ""
    if is_converted(config):
        texts = read_benchmark_information()
        samples, tasks, data = benchmark_samples(config)
    else:
        texts = read_side_information()
        samples, tasks = open_samples(config, described=list(texts))
    told = semantics(samples.names, encoder, texts=texts)
    for task in tasks:
        for seed in config.only_seeds or range(config.seeds):
            run_trials(config, samples, task, told, seed=seed, progress=progress)
    processes.wait()
    found = {
        "setting": {**setting(config, samples, encoder), "benchmark": data},
        **summary(read_trials(config.out)),
    }
    if processes.rank() == 0:
        write_json(config.results or config.out / "results.json", found)
        if config.pictures:
            write_confusions(read_trials(config.out), samples.names, config.out / "pictures")
            for task in tasks:
                _map(config, samples, task, told)
    return found


def _map(config: LabConfig, samples: Samples, task: Task, told: Semantics) -> None:
    """Draw the hidden test samples as PGFA of the first seed embeds them, if it has been trained."""
    seed = (config.only_seeds or (0,))[0]
    folder = config.out / f"{task.name}.seed-{seed}" / END_TO_END
    path = config.out / "pictures" / f"t-sne.{task.name}.png"
    hidden = task.test[np.isin(samples.labels[task.test], task.unseen)]
    if path.is_file() or not (folder / CHECKPOINT).is_file() or len(hidden) < 8:
        return
    model = trained_end_to_end(config, samples, task, told, seed=seed, folder=folder, progress=False)
    write_map(
        embeddings(model, samples, hidden)[:, 0],
        samples.labels[hidden],
        samples.names,
        path,
        title=f"PGFA, {task.name}: samples of hidden classes, t-SNE",
    )


def run_trials(
    config: LabConfig, samples: Samples, task: Task, told: Semantics, *, seed: int, progress: bool
) -> None:
    """Every method on one task with one seed."""
    wanted = [
        name
        for name in config.methods
        if not all(trial_path(config.out, task.name, row, seed).is_file() for row in _rows_of(name, task))
    ]
    processes.wait()  # nobody writes before everybody has looked
    folder = config.out / f"{task.name}.seed-{seed}"
    on_features = [name for name in wanted if not is_end_to_end(name)]
    if on_features:
        frozen = frozen_encoder(
            config, samples, task, seed=seed, folder=folder / "encoder", progress=progress
        )
        cubes = feature_cubes(frozen, samples, folder / "cubes.npy")
        for name in on_features:
            model = trained_method(
                name,
                config,
                cubes,
                samples,
                task,
                told,
                seed=seed,
                folder=folder / name,
                progress=progress,
            )
            _keep(config.out, task, name, seed, branch_scores(model, cubes, task.test, told), samples)
    for name in wanted:
        if is_end_to_end(name):
            _end_to_end(config, samples, task, told, name, seed, folder / name, progress)


def _rows_of(name: str, task: Task) -> tuple[str, ...]:
    """The rows of the table that a method gives."""
    if not is_end_to_end(name):
        return (name,)
    return (name, PROTOTYPES, *((EXEMPLARS, ONE_SHOT) if task.exemplars else ()))


def _end_to_end(
    config: LabConfig,
    samples: Samples,
    task: Task,
    told: Semantics,
    name: str,
    seed: int,
    folder: Path,
    progress: bool,
) -> None:
    model = trained_end_to_end(config, samples, task, told, seed=seed, folder=folder, progress=progress)
    rows = embeddings(model, samples, task.test)
    tables = _with_prototypes(config, rows, samples, task, told)
    _keep(config.out, task, PROTOTYPES, seed, tables[None], samples)
    _keep(config.out, task, name, seed, branch_scores(model, samples.positions, task.test, told), samples)
    if task.exemplars:
        _one_shot(config, model, rows, samples, task, seed)


def _one_shot(
    config: LabConfig,
    model: EndToEnd,
    rows: NDArray[np.float32],
    samples: Samples,
    task: Task,
    seed: int,
) -> None:
    """Keep what one example of each unseen class gives; the examples' own recordings are not asked."""
    shown = np.array(task.exemplars)
    exemplars = embeddings(model, samples, shown)
    asked = np.isin(samples.labels[task.test], task.unseen)
    asked &= ~np.isin(samples.recordings[task.test], samples.recordings[shown])
    truth = samples.labels[task.test][asked]
    for row, rounds in ((EXEMPLARS, 0), (ONE_SHOT, ROUNDS)):
        found = one_shot_scores(rows[asked], exemplars, share=config.prototype_share, rounds=rounds)
        table = np.full((1, len(truth), len(samples.names)), -np.inf, np.float32)
        table[0][:, list(task.unseen)] = found / 0.07
        if processes.rank() == 0:
            write_trial(config.out, Trial(task.name, row, seed, table, truth, task.unseen))


def _with_prototypes(
    config: LabConfig, rows: NDArray[np.float32], samples: Samples, task: Task, told: Semantics
) -> NDArray[np.float32]:
    """(m, K) cosines / 0.07, those of unseen classes to the prototypes of the unseen test samples.

    As the papers have it, the samples of the seen classes are kept apart: their scores are the texts'.
    """
    classes = told.described.numpy()[:, None]
    table = np.einsum("npd,kpd->nk", rows, classes)
    hidden = np.isin(samples.labels[task.test], task.unseen)
    columns = list(task.unseen)
    found = prototype_scores(rows[hidden], classes[columns], share=config.prototype_share)
    table[np.flatnonzero(hidden)[:, None], np.array(columns)] = found
    return (table / 0.07).astype(np.float32)


def _keep(
    folder: Path, task: Task, method: str, seed: int, branches: NDArray[np.float32], samples: Samples
) -> None:
    truth = samples.labels[task.test]
    if processes.rank() == 0:
        write_trial(folder, Trial(task.name, method, seed, branches, truth, task.unseen))


def setting(config: LabConfig, samples: Samples, encoder: TextEncoder) -> dict[str, Any]:
    """What was run, in plain values."""
    left_out = {"data", "out", "report", "results"}
    plain = {key: value for key, value in asdict(config).items() if key not in left_out}
    return {
        **plain,
        "samples": len(samples),
        "classes": list(samples.names),
        "text_encoder": encoder.id,
        "machine": f"{platform.machine()}, torch {torch.__version__}",
    }
