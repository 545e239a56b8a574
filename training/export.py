"""From a training run to a model bundle."""

import json
import logging
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.backends.session import GraphSession
from engine.background import BACKGROUND_FILE
from engine.bundle import (
    DEFAULT_BUNDLE,
    Bundle,
    Calibration,
    Manifest,
    TextEncoderRef,
    load_bundle,
    write_manifest,
)
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from streams.skeleton.errors import BundleError
from streams.skeleton.layouts import NTU_25
from streams.skeleton.normalize import Normalization
from streams.skeleton.window import WindowSpec
from training.attribution import attribution_text, licences
from training.encoders.shift_gcn import hold_shifts
from training.texts import ClassTexts

PARITY_LIMIT = 1e-4
"""Largest absolute difference torch against ONNX a bundle may have."""


@dataclass(frozen=True, eq=False)
class Centring:
    """Means taken off both sides before cosines: the gap between the two kinds of embedding.

    Attributes:
        skeleton: (D,) mean over classes of their mean embedding.
        text: (D,) mean over classes of their class row.
    """

    skeleton: NDArray[np.float32]
    text: NDArray[np.float32]


class Exportable(Protocol):
    """What a bundle is made of; also a ``torch.nn.Module``."""

    @property
    def text(self) -> nn.Module:
        """Text features (N, E) to class rows (N, D) or (N, P, D)."""
        ...

    def __call__(self, positions: Tensor) -> Tensor:
        """Embeddings (N, D) or (N, P, D) of normalised positions (N, M, T, 25, 3)."""
        ...


def _rows(found: Tensor, mean: Tensor) -> Tensor:
    """(N, P, D) unit rows, the mean taken off."""
    rows = found if found.ndim == 3 else found.unsqueeze(1)
    return functional.normalize(rows - mean, dim=2)


class SkeletonGraph(nn.Module):
    """Positions (N, M, T, 25, 3) to embeddings (N, P, D), unit rows, the mean taken off."""

    mean: Tensor

    def __init__(self, model: Exportable, mean: NDArray[np.float32]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.from_numpy(mean))

    def forward(self, positions: Tensor) -> Tensor:
        """Embeddings (N, P, D)."""
        return _rows(self.model(positions), self.mean)


class TextGraph(nn.Module):
    """Features (N, E) to class rows (N, P, D), unit rows, the mean taken off."""

    mean: Tensor

    def __init__(self, model: Exportable, mean: NDArray[np.float32]) -> None:
        super().__init__()
        self.text = model.text
        self.register_buffer("mean", torch.from_numpy(mean))

    def forward(self, features: Tensor) -> Tensor:
        """Class rows (N, P, D)."""
        return _rows(self.text(features), self.mean)


def no_centring(dim: int) -> Centring:
    """Means of zero."""
    return Centring(np.zeros(dim, np.float32), np.zeros(dim, np.float32))


@dataclass(frozen=True, eq=False)
class Content:
    """All a bundle is made of.

    Attributes:
        name: Of the bundle.
        model: Trained, in evaluation mode.
        texts: Of the seen classes.
        encoder: The text encoder it was aligned with.
        centring: Means to bake in.
        window: What the model was trained for.
        sets: Names of the data sets trained on, keys of ``ATTRIBUTIONS``.
        own_data: What this project made itself and trained on, in words.
        probe: (N, 1, T, 25, 3) float32 real windows, normalised, N at least 2: parity is measured on them.
        calibration: The decision's constants.
        evaluation: What was measured, and how.
        background: Everyday movements nobody means; see ``engine.background``.
        method: Name of what trained it.
    """

    name: str
    model: Exportable
    texts: ClassTexts
    encoder: TextEncoder
    centring: Centring
    window: WindowSpec
    sets: tuple[str, ...]
    own_data: tuple[str, ...]
    probe: NDArray[np.float32]
    calibration: Calibration
    evaluation: dict[str, Any]
    background: tuple[str, ...] = ()
    method: str = "pgfa"


def export_bundle(content: Content, folder: Path = DEFAULT_BUNDLE) -> Bundle:
    """The bundle, written to ``folder`` in one move; what was there before is replaced.

    Raises:
        BundleError: An exported graph differs from the model by more than ``PARITY_LIMIT``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        work = Path(name) / "bundle"
        work.mkdir()
        parity = _write_graphs(work, content)
        _write_texts(work, content)
        _write_background(work, content)
        write_manifest(work, _manifest(content, parity))
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    return load_bundle(folder)


def _write_graphs(folder: Path, content: Content) -> dict[str, float]:
    """Largest absolute difference to torch of each graph, once written."""
    skeleton = SkeletonGraph(content.model, content.centring.skeleton).eval()
    text = TextGraph(content.model, content.centring.text).eval()
    hold_shifts(skeleton)
    features = np.concatenate(content.texts.features)
    lone, pair = content.probe, np.concatenate([content.probe, content.probe[::-1]], axis=1)
    count, persons = torch.export.Dim("N", min=1), torch.export.Dim("M", min=1, max=2)
    export_graph(skeleton, pair, folder / "skeleton.onnx", "positions", "embedding", {0: count, 1: persons})
    export_graph(text, features, folder / "text.onnx", "features", "classes", {0: count})
    parity = {
        "skeleton": max(_difference(skeleton, folder / "skeleton.onnx", probe) for probe in (lone, pair)),
        "text": _difference(text, folder / "text.onnx", features),
    }
    if max(parity.values()) > PARITY_LIMIT:
        raise BundleError(
            f"wanted graphs within {PARITY_LIMIT} of torch, got {parity}; nothing was written"
        )
    return parity


def export_graph(
    module: nn.Module,
    example: NDArray[np.float32],
    path: Path,
    source: str,
    output: str,
    dynamic: dict[int, Any],
) -> None:
    """Write a module as an ONNX graph with its weights inside and nothing of where it was made.

    Args:
        module: In evaluation mode.
        example: An input, of two or more along each dynamic axis.
        path: Of the file.
        source: Name of the input.
        output: Name of the output.
        dynamic: ``torch.export.Dim`` by axis of the input.
    """
    # It tells of operators of packages that are not here.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own use of torch internals.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.from_numpy(example),),
            path,
            input_names=[source],
            output_names=[output],
            dynamic_shapes=(dynamic,),
            external_data=False,
            verbose=False,
        )
    _forget_origins(path)


def _forget_origins(path: Path) -> None:
    """Take out of the graph what the exporter notes of the machine it ran on: stack traces, paths."""
    model = onnx.load(path)
    for noted in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del noted.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    onnx.save(model, path)


def _difference(module: nn.Module, path: Path, example: NDArray[np.float32]) -> float:
    with torch.no_grad():
        wanted = module(torch.from_numpy(example)).numpy()
    return float(np.abs(GraphSession(path).run(example) - wanted).max())


def _write_texts(folder: Path, content: Content) -> None:
    vocabulary = [
        {"name": name, "texts": list(texts)}
        for name, texts in zip(content.texts.names, content.texts.texts, strict=True)
    ]
    text = json.dumps(vocabulary, indent=1, ensure_ascii=False) + "\n"
    (folder / "vocabulary.json").write_text(text, "utf-8")
    (folder / "ATTRIBUTION.md").write_text(attribution_text(content.sets), "utf-8")


def _write_background(folder: Path, content: Content) -> None:
    if not content.background:
        return
    texts = [describe(name, content.encoder).texts for name in content.background]
    features = np.stack([class_feature(said, content.encoder) for said in texts])
    np.save(folder / BACKGROUND_FILE, GraphSession(folder / "text.onnx").run(features))


def _manifest(content: Content, parity: dict[str, float]) -> Manifest:
    encoder = content.encoder
    with torch.no_grad():
        rows = content.model.text(torch.zeros(1, encoder.dim))
    return Manifest(
        name=content.name,
        method=content.method,
        layout=NTU_25.name,
        dim=rows.shape[-1],
        parts=rows.shape[1] if rows.ndim == 3 else 1,
        text_encoder=TextEncoderRef(id=encoder.id, sha256=encoder.sha256, dim=encoder.dim),
        window=content.window,
        normalization=Normalization(),
        calibration=content.calibration,
        seen_classes=content.texts.names,
        parity=parity,
        data=(*licences(content.sets), *content.own_data),
        commit=_commit(),
        evaluation=content.evaluation,
    )


def _commit() -> str:
    """Commit of the program that exported, with ``-dirty`` where files differ; empty outside git."""
    command = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
