"""A finished run becomes a bundle: means, the decision's constants, what it recognises."""

from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.background import MOVEMENTS
from engine.bundle import Bundle, Calibration
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from streams.skeleton.errors import DataError
from streams.skeleton.window import WindowSpec
from streams.sources.synthetic import SyntheticSource
from training.bank_constants import fit_bank
from training.calibrate import fit_entropy_share, fit_idle, fit_temperature, fit_unknown
from training.datasets.packed import load_packed
from training.export import Centring, Content, export_bundle, no_centring
from training.model import text_encoder_of
from training.rejection import halved
from training.run_folder import Run, load_run
from training.sequences import Sequences, joined, load_training
from training.texts import class_texts, read_descriptions
from training.train import class_rows, torch_embed
from training.windows import normalized_batch, sliding_windows
from training.zero_shot import Embed, accuracies, scores, sequence_embeddings

_COARSE_HOP_S = 2.4
_STANDING_S, _STANDING_FPS = 120.0, 30.0
_PROBES = 8
_BATCH = 256


@dataclass(frozen=True)
class Measured:
    """Constants of the decision, and how good they are."""

    calibration: Calibration
    summary: dict[str, Any]


def release(
    run_folder: Path,
    calibration_folder: Path | None = None,
    *,
    encoder: TextEncoder,
    folder: Path,
    name: str,
    centred: bool,
) -> Bundle:
    """The bundle of a finished run, written to ``folder``.

    Args:
        run_folder: A run that hid no class.
        calibration_folder: A run that hid a fold of classes; None to measure the decision's constants
            on the development set, none of whose sequences the run has seen.
        encoder: The text encoder of both.
        folder: Of the bundle, replaced.
        name: Of the bundle.
        centred: Bake in the means of training embeddings and texts.

    Raises:
        DataError: A run is missing, unfinished or of the wrong kind.
        BundleError: An exported graph differs from the model.
    """
    run = load_run(run_folder)
    hiding = load_run(calibration_folder) if calibration_folder else None
    _check(run, hiding)
    if hiding and hiding.config.sides != run.config.sides:
        raise DataError(
            "wanted both runs with the same sides, got two kinds; train the second like the first"
        )
    encoder = text_encoder_of(run.config, encoder)
    training, _ = load_training(run.config)
    texts = class_texts(training.classes, encoder, descriptions=read_descriptions())
    centring = centring_of(run, training, encoder) if centred else no_centring(run.dim)
    measured = (
        _measure(run, centring, encoder)
        if hiding is None
        else _measure_hidden(hiding, encoder, centred=centred)
    )
    embed = centred_embed(torch_embed(run.model), centring)
    evaluation = {
        "dev": _watch(run, embed, centring, encoder),
        "calibration": measured.summary,
        "centred": centred,
        "recipe": _recipe(run),
        "note": "dev: every sequence of a set not trained on, its classes the candidates; "
        "calibration: single windows, of classes that a run hid from itself or of the dev set.",
    }
    content = Content(
        name=name,
        model=run.model,
        texts=texts,
        encoder=encoder,
        centring=centring,
        window=run.config.window,
        sets=run.config.sets,
        own_data=_own_data(run),
        probe=_probe(run, training),
        calibration=measured.calibration,
        evaluation=evaluation,
        background=MOVEMENTS,
    )
    return export_bundle(content, folder)


def _recipe(run: Run) -> dict[str, Any]:
    """The run's settings, less where its files lay and what it was watched by."""
    left_out = {"data", "out", "sets", "dev", "dev_every", "hidden_fold", "folds", "threads", "window"}
    settings = {key: value for key, value in asdict(run.config).items() if key not in left_out}
    return settings | ({} if run.refit is None else {"refit": run.refit})


def _own_data(run: Run) -> tuple[str, ...]:
    motions = run.config.grammar.motions
    return (
        (f"grammar: {motions} motions of this project's own motion grammar, Apache-2.0",) if motions else ()
    )


def _check(run: Run, hiding: Run | None) -> None:
    if run.config.hidden_fold is not None or run.epochs < run.config.last_epoch:
        raise DataError(
            f"wanted a finished run that hid no class, got {run.config.out} after {run.epochs} of "
            f"{run.config.last_epoch} epochs, hidden fold {run.config.hidden_fold}; finish it"
        )
    if hiding is None and run.config.dev is None:
        raise DataError("wanted a development set or a run that hid classes to calibrate on, got neither")
    if hiding is not None and (
        hiding.config.hidden_fold is None or hiding.epochs < hiding.config.last_epoch
    ):
        raise DataError(
            f"wanted a finished run that hid classes to calibrate on, got {hiding.config.out} after "
            f"{hiding.epochs} of {hiding.config.last_epoch} epochs, hidden fold "
            f"{hiding.config.hidden_fold}; train one with --hidden-fold"
        )


def centring_of(run: Run, seen: Sequences, encoder: TextEncoder) -> Centring:
    """Means over classes of the run's training embeddings and texts, all classes alike."""
    rows = sequence_embeddings(seen, torch_embed(run.model), spec=run.config.window, hop_s=_COARSE_HOP_S)[
        :, 0
    ]
    labels = np.array(seen.labels)
    skeleton = np.mean([rows[labels == name].mean(axis=0) for name in seen.classes], axis=0)
    rows_of_text = _classes(run, seen.classes, encoder, no_centring(run.dim))
    return Centring(skeleton.astype(np.float32), rows_of_text.mean(axis=(0, 1)))


def centred_embed(embed: Embed, centring: Centring) -> Embed:
    """The encoder with the mean of the skeleton side taken off its embeddings."""
    return lambda positions: _unit(embed(positions) - centring.skeleton)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def _classes(
    run: Run, names: tuple[str, ...], encoder: TextEncoder, centring: Centring
) -> NDArray[np.float32]:
    """Class rows (K, 1, D) of these names, as if somebody had typed them."""
    features = [class_feature(describe(name, encoder).texts, encoder) for name in names]
    return _unit(class_rows(run.model, np.stack(features)) - centring.text)


def _watch(run: Run, embed: Embed, centring: Centring, encoder: TextEncoder) -> dict[str, Any]:
    if run.config.dev is None:
        return {}
    dev = joined([load_packed(run.config.data / f"{run.config.dev}.npz")])
    rows = sequence_embeddings(dev, embed, spec=run.config.window)
    table = scores(rows, _classes(run, dev.classes, encoder, centring))
    return {"set": run.config.dev, "classes": len(dev.classes), **accuracies(table, dev)}


def _measure(run: Run, centring: Centring, encoder: TextEncoder) -> Measured:
    """Constants from single windows of the development set.

    Unknown actions are those of a half of its classes, drawn again and again, while the other half
    are the candidates.
    """
    assert run.config.dev is not None  # ``_check`` saw one
    dev = joined([load_packed(run.config.data / f"{run.config.dev}.npz")])
    windows, owners = _windows(run, dev)
    rows = _embedded(centred_embed(torch_embed(run.model), centring), windows)
    classes = _classes(run, dev.classes, encoder, centring)
    index = {name: k for k, name in enumerate(dev.classes)}
    truth = np.array([index[dev.labels[n]] for n in owners])
    table = scores(rows, classes)
    known, unknown = halved(table, truth)
    threshold, area = fit_unknown(known, unknown)
    share, by_share = fit_entropy_share(rows, classes, truth)
    calibration = Calibration(
        temperature=fit_temperature(table, truth),
        unknown_cosine=threshold,
        idle_extent_m=fit_idle(windows[:, 0], standing_windows(run.config.window)),
        bank_entropy=share,
        bank=fit_bank(rows, classes, truth),
    )
    summary = {
        "set": run.config.dev,
        "windows": len(truth),
        **accuracies(table, _labelled(dev, owners)),
        "unknown_auroc": area,
        "offline_prototypes_balanced": by_share,
    }
    return Measured(calibration, summary)


def _measure_hidden(run: Run, encoder: TextEncoder, *, centred: bool) -> Measured:
    """Constants from single windows of classes the run never saw, as the live engine meets them."""
    seen, hidden = load_training(run.config)
    assert hidden is not None  # ``_check`` saw a hidden fold
    centring = centring_of(run, seen, encoder) if centred else no_centring(run.dim)
    embed = centred_embed(torch_embed(run.model), centring)
    classes = _classes(run, hidden.classes, encoder, centring)
    windows, owners = _windows(run, hidden)
    rows = _embedded(embed, windows)
    index = {name: k for k, name in enumerate(hidden.classes)}
    truth = np.array([index[hidden.labels[n]] for n in owners])
    table = scores(rows, classes)
    # Unknown actions: what the run did see, none of it among the candidates.
    other, _ = _windows(run, seen)
    unknown = scores(_embedded(embed, other), classes).max(axis=1)
    threshold, area = fit_unknown(table.max(axis=1), unknown)
    share, by_share = fit_entropy_share(rows, classes, truth)
    calibration = Calibration(
        temperature=fit_temperature(table, truth),
        unknown_cosine=threshold,
        idle_extent_m=fit_idle(windows[:, 0], standing_windows(run.config.window)),
        bank_entropy=share,
        bank=fit_bank(rows, classes, truth),
    )
    summary = {
        "fold": run.config.hidden_fold,
        "classes": list(hidden.classes),
        "windows": len(truth),
        **accuracies(table, _labelled(hidden, owners)),
        "unknown_auroc": area,
        "offline_prototypes_balanced": by_share,
    }
    return Measured(calibration, summary)


def _labelled(sequences: Sequences, owners: NDArray[np.int64]) -> Sequences:
    """One entry per window, so that accuracies count windows."""
    return Sequences(
        positions=tuple(sequences.positions[n] for n in owners),
        fps=sequences.fps[owners],
        labels=tuple(sequences.labels[n] for n in owners),
        subjects=tuple(sequences.subjects[n] for n in owners),
    )


def standing_windows(spec: WindowSpec) -> NDArray[np.float32]:
    """Normalised windows (N, T, 25, 3) of the synthetic person standing before a depth sensor."""
    source = SyntheticSource("synthetic:standing", realtime=False)
    frames = islice(source, round(_STANDING_S * _STANDING_FPS))
    positions = np.stack([frame.persons[0].positions for frame in frames])
    source.close()
    windows = sliding_windows(positions, fps=_STANDING_FPS, spec=spec, hop_s=spec.length_s)
    return normalized_batch(windows)[:, 0]


def _windows(run: Run, sequences: Sequences) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Windows far apart, normalised (W, 1, T, 25, 3), and the sequence (W,) of each."""
    spec, windows, owners = run.config.window, list[NDArray[np.float32]](), list[int]()
    for n, (positions, fps) in enumerate(zip(sequences.positions, sequences.fps, strict=True)):
        cut = sliding_windows(positions, fps=float(fps), spec=spec, hop_s=_COARSE_HOP_S)
        windows.append(normalized_batch(cut))
        owners += [n] * len(cut)
    return np.concatenate(windows), np.array(owners)


def _embedded(embed: Embed, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings (W, 1, D), a few hundred windows at a time."""
    parts = range(0, len(windows), _BATCH)
    return np.concatenate([embed(windows[at : at + _BATCH]) for at in parts])


def _probe(run: Run, sequences: Sequences) -> NDArray[np.float32]:
    """A few real windows, from all over the data."""
    at = np.linspace(0, len(sequences) - 1, _PROBES).astype(int)
    windows = [
        sliding_windows(
            sequences.positions[n], fps=float(sequences.fps[n]), spec=run.config.window, hop_s=1.0
        )[0]
        for n in at
    ]
    return normalized_batch(np.stack(windows))
