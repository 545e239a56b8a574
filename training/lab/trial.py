"""One trial: a frozen encoder's features, a method trained on them, scores of the test samples."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.encoders.select import Encoder, build_encoder
from training.lab import processes
from training.lab.config import END_TO_END, LabConfig
from training.lab.fit import fit
from training.lab.samples import Samples, Task
from training.lab.semantics import Semantics
from training.methods.alignment import Method
from training.methods.projection import Projection
from training.methods.select import METHODS, Sizes

_BATCH = 128


class Classifier(nn.Module):
    """Positions (N, M, T, 25, 3) to logits (N, K) of the seen classes."""

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.features, classes)

    def forward(self, positions: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.encoder(positions))


class EndToEnd(nn.Module):
    """A method on cubes with its encoder before it, both trained."""

    def __init__(self, encoder: Encoder, method: Projection) -> None:
        super().__init__()
        self.encoder, self.method = encoder, method

    def cube(self, positions: Tensor) -> Tensor:
        """(N, C, 1, 1): the encoder's own pooling, as a cube of one frame and one joint."""
        return self.encoder(positions)[:, :, None, None]

    def loss(self, positions: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """The method's, of positions (B, M, T, 25, 3)."""
        return self.method.loss(self.cube(positions), labels, seen)


def frozen_encoder(
    config: LabConfig, samples: Samples, task: Task, *, seed: int, folder: Path, progress: bool
) -> Encoder:
    """The encoder trained by cross-entropy on the seen classes, as STAR and Neuron have it."""
    torch.manual_seed(seed)
    seen = task.seen(samples)
    model = Classifier(build_encoder(config.encoder), len(seen)).to(config.device)
    fit(
        model,
        Chosen(samples.positions, task.training),  # pyright: ignore[reportArgumentType]
        _within(samples.labels[task.training], seen),
        loss=lambda batch, labels: functional.cross_entropy(model(batch), labels),
        config=config.pretrain,
        folder=folder,
        seed=seed,
        progress=progress,
    )
    model.eval()
    return model.encoder


class Chosen:
    """Some samples of an array that may lie on disk; read only when asked for."""

    def __init__(self, array: NDArray[np.floating], chosen: NDArray[np.int64]) -> None:
        self._array, self._chosen = array, chosen

    def __len__(self) -> int:
        """Number of chosen samples."""
        return len(self._chosen)

    def __getitem__(self, at: NDArray[np.int64]) -> NDArray[np.floating]:
        """Those of the chosen ones, in order."""
        return self._array[self._chosen[at]]


def feature_cubes(encoder: Encoder, samples: Samples, path: Path) -> NDArray[np.float16]:
    """(N, C, T', 25) of every sample, on disk; a file found complete is taken."""
    if processes.rank() == 0 and not path.is_file():
        _write_cubes(encoder, samples, path)
    processes.wait()
    return np.load(path, mmap_mode="r")


def _write_cubes(encoder: Encoder, samples: Samples, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    device = _device(encoder)
    with torch.no_grad():
        first = encoder.cube(torch.from_numpy(np.array(samples.positions[:1])).to(device))
        shape = (len(samples), *first.shape[1:])
        cubes = np.lib.format.open_memmap(temporary, "w+", np.float16, shape)
        for at in range(0, len(samples), _BATCH):
            chunk = torch.from_numpy(np.array(samples.positions[at : at + _BATCH]))
            cubes[at : at + _BATCH] = encoder.cube(chunk.to(device)).cpu().numpy()
        cubes.flush()
    temporary.replace(path)


def trained_method(
    name: str,
    config: LabConfig,
    cubes: NDArray[np.float16],
    samples: Samples,
    task: Task,
    semantics: Semantics,
    *,
    seed: int,
    folder: Path,
    progress: bool,
) -> nn.Module:
    """The method trained on the frozen encoder's features of the seen classes."""
    torch.manual_seed(seed)
    seen = task.seen(samples)
    told = semantics.of(seen).to(config.device)
    sizes = Sizes(cubes.shape[1], semantics.name.shape[1], len(seen))
    model = METHODS[name](sizes, config.star, config.neuron).to(config.device)
    method: Method = model  # pyright: ignore[reportAssignmentType]
    fit(
        model,
        Chosen(cubes, task.training),  # pyright: ignore[reportArgumentType]
        _within(samples.labels[task.training], seen),
        loss=lambda batch, labels: method.loss(batch, labels, told),
        config=config.align,
        folder=folder,
        seed=seed,
        progress=progress,
    )
    return model


def trained_end_to_end(
    config: LabConfig,
    samples: Samples,
    task: Task,
    semantics: Semantics,
    *,
    seed: int,
    folder: Path,
    progress: bool,
) -> EndToEnd:
    """PGFA: encoder and projection trained together, from random weights."""
    torch.manual_seed(seed)
    seen = task.seen(samples)
    told = semantics.of(seen).to(config.device)
    encoder = build_encoder(config.encoder)
    head = Projection(channels=encoder.features, dim=semantics.name.shape[1])
    model = EndToEnd(encoder, head).to(config.device)
    fit(
        model,
        Chosen(samples.positions, task.training),  # pyright: ignore[reportArgumentType]
        _within(samples.labels[task.training], seen),
        loss=lambda batch, labels: model.loss(batch, labels, told),
        config=config.end_to_end,
        folder=folder,
        seed=seed,
        progress=progress,
    )
    return model


def branch_scores(
    model: nn.Module, inputs: NDArray[np.floating], test: NDArray[np.int64], semantics: Semantics
) -> NDArray[np.float32]:
    """(P, m, K) scores of the test samples against every class."""
    method: Method = model.method if isinstance(model, EndToEnd) else model  # pyright: ignore
    found: list[NDArray[np.float32]] = []
    device = _device(model)
    told = semantics.to(str(device))
    with torch.no_grad():
        for at in range(0, len(test), _BATCH):
            batch = torch.from_numpy(np.asarray(inputs[test[at : at + _BATCH]], np.float32)).to(device)
            cubes = model.cube(batch) if isinstance(model, EndToEnd) else batch
            found.append(method.branches(cubes, told).cpu().numpy())
    return np.concatenate(found, axis=1)


def embeddings(model: EndToEnd, samples: Samples, test: NDArray[np.int64]) -> NDArray[np.float32]:
    """(m, 1, D) unit rows of the test samples."""
    found: list[NDArray[np.float32]] = []
    with torch.no_grad():
        for at in range(0, len(test), _BATCH):
            batch = torch.from_numpy(np.asarray(samples.positions[test[at : at + _BATCH]], np.float32))
            found.append(model.method.rows(model.cube(batch.to(_device(model)))).cpu().numpy())
    return np.concatenate(found)


def _device(model: object) -> torch.device:
    """Where the model's weights are."""
    assert isinstance(model, nn.Module)
    return next(model.parameters()).device


def is_end_to_end(name: str) -> bool:
    """Whether a method trains its own encoder."""
    return name == END_TO_END


def _within(labels: NDArray[np.int64], seen: tuple[int, ...]) -> NDArray[np.int64]:
    """Labels as indices into ``seen``."""
    return np.searchsorted(np.array(seen), labels)
