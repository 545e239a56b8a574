"""A method of the laboratory as a model bundle: served live, with actions typed at run time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from engine.bundle import Bundle, Calibration
from engine.text.encoders import TextEncoder
from streams.skeleton.errors import ConfigError
from training.calibrate import fit_temperature, fit_unknown
from training.export import Content, export_bundle, no_centring
from training.lab.config import LabConfig
from training.lab.samples import Samples, Task, open_samples
from training.lab.semantics import Semantics, read_side_information, semantics
from training.lab.trial import feature_cubes, frozen_encoder, trained_end_to_end, trained_method
from training.metrics import top_k
from training.rejection import halved
from training.texts import class_texts, read_descriptions

SERVED = ("pgfa", "pgfa-frozen", "devise", "star", "neuron")
"""Methods whose scores are cosines of rows; the others compare in ways a bundle cannot hold."""
_PROBES = 8


class ClassRows(nn.Module):
    """Text features (K, E) to class rows (K, P, D); the features themselves where a method has none."""

    def __init__(self, method: nn.Module) -> None:
        super().__init__()
        self.method = method

    def forward(self, features: Tensor) -> Tensor:
        """Class rows (K, P, D)."""
        rows = getattr(self.method, "class_rows", None)
        return features.unsqueeze(1) if rows is None else rows(features)


class Cubes(Protocol):
    """What makes feature cubes of positions: an encoder, or one with a pooling of its own."""

    def cube(self, positions: Tensor) -> Tensor:
        """(N, C, T', V)."""
        ...


class Served(nn.Module):
    """An encoder and a method as one model, for ``training.export``."""

    def __init__(self, encoder: Cubes, method: nn.Module) -> None:
        super().__init__()
        self.encoder, self.method = encoder, method
        self.text = ClassRows(method)

    def forward(self, positions: Tensor) -> Tensor:
        """Embeddings (N, P, D)."""
        return self.method.rows(self.encoder.cube(positions))  # pyright: ignore[reportCallIssue]


def serve_method(
    name: str, config: LabConfig, encoder: TextEncoder, *, folder: Path, progress: bool = True
) -> Bundle:
    """The bundle of a method trained on every described class of the open sets, held-out subjects apart.

    The decision's constants are measured on the held-out subjects, whose classes training has seen: they
    are more sure of themselves than on a class typed at run time.

    Args:
        name: One of ``SERVED``.
        config: Data and sizes; STAR and Neuron must compare by cosine.
        encoder: Of the texts.
        folder: Of the bundle, replaced.
        progress: Show bars.

    Raises:
        ConfigError: A method or a comparison that a bundle cannot hold.
        DataError: Data is missing or unusable.
        BundleError: An exported graph differs from the model.
    """
    _check(name, config)
    texts = read_side_information()
    samples, tasks = open_samples(replace(config, only_folds=()), described=list(texts))
    told = semantics(samples.names, encoder, texts=texts)
    task = _everything(samples, tasks)
    model = _trained(name, config, samples, task, told, progress)
    content = Content(
        name=f"lab-{name}",
        model=model,
        texts=class_texts(samples.names, encoder, descriptions=read_descriptions()),
        encoder=encoder,
        centring=no_centring(_dim(model, encoder)),
        window=config.window,
        sets=config.sets,
        own_data=(),
        probe=np.array(
            samples.positions[task.training[:: max(1, len(task.training) // _PROBES)]][:_PROBES]
        ),
        calibration=Calibration(),
        evaluation={},
        method=name,
    )
    calibration, top1 = _measured(model, content, samples, task)
    evaluation = {"held_out_subjects_top1": top1, "note": "seen classes, other people; trained by the lab"}
    return export_bundle(replace(content, calibration=calibration, evaluation=evaluation), folder)


def _check(name: str, config: LabConfig) -> None:
    compares = {"star": config.star.similarity, "neuron": config.neuron.similarity}.get(name, "cosine")
    if name not in SERVED or compares != "cosine":
        raise ConfigError(
            f"wanted one of {', '.join(SERVED)} that compares by cosine, got {name} ({compares}); a bundle "
            "holds unit rows"
        )


def _everything(samples: Samples, tasks: Sequence[Task]) -> Task:
    """All classes seen; the held-out people of every fold for testing."""
    training = np.unique(np.concatenate([task.training for task in tasks]))
    rest = np.setdiff1d(np.arange(len(samples)), training)
    return Task("served", (), training, rest)


def _trained(
    name: str, config: LabConfig, samples: Samples, task: Task, told: Semantics, progress: bool
) -> Served:
    folder = config.out / f"served.{name}"
    if name == "pgfa":
        whole = trained_end_to_end(config, samples, task, told, seed=0, folder=folder, progress=progress)
        return Served(whole, whole.method).eval().cpu()
    frozen = frozen_encoder(
        config, samples, task, seed=0, folder=config.out / "served.encoder", progress=progress
    )
    cubes = feature_cubes(frozen, samples, config.out / "served.cubes.npy")
    method = trained_method(
        name,
        config,
        cubes,
        samples,
        task,
        told,
        seed=0,
        folder=folder,
        progress=progress,
    )
    return Served(frozen, method).eval().cpu()


def _dim(model: Served, encoder: TextEncoder) -> int:
    with torch.no_grad():
        return int(model.text(torch.zeros(1, encoder.dim)).shape[2])


def _measured(model: Served, content: Content, samples: Samples, task: Task) -> tuple[Calibration, float]:
    """Constants, and top-1 of the held-out people, with classes as the engine makes them."""
    unit = nn.functional.normalize
    with torch.no_grad():
        classes = unit(model.text(torch.from_numpy(content.texts.described)), dim=2)
        found = [
            unit(model(torch.from_numpy(np.array(samples.positions[task.test[at : at + 128]]))), dim=2)
            for at in range(0, len(task.test), 128)
        ]
        table = torch.einsum("npd,kpd->nk", torch.cat(found), classes).numpy()
    table = (table / classes.shape[1]).astype(np.float32)
    truth = samples.labels[task.test]
    threshold, _ = fit_unknown(*halved(table, truth))
    calibration = Calibration(temperature=fit_temperature(table, truth), unknown_cosine=threshold)
    return calibration, top_k(table, truth)
