"""A finished run becomes a bundle: means, the decision's constants, what it recognises."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.background import MOVEMENTS
from engine.bundle import Bundle, Calibration
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from streams.skeleton.errors import DataError
from training.bank_calibration import Seen
from training.config import OPEN_SETS
from training.datasets.packed import load_packed
from training.export import Centring, Content, export_bundle, no_centring
from training.model import text_encoder_of
from training.run_folder import Run, load_run
from training.sequences import Sequences, joined, load_training
from training.texts import class_texts, read_descriptions
from training.train import class_rows, torch_embed
from training.unseen import Unseen, constants, cut, embedded, unseen
from training.windows import normalized_batch, sliding_windows
from training.zero_shot import Embed, accuracies, scores, sequence_embeddings

_COARSE_HOP_S = 2.4
_PROBES = 8
_DOUBLES = ("ui_prmd_incorrect",)
"""Sets of the very actions of another."""


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
        calibration_folder: A run that hid a fold of classes, or left sets out, to measure the decision's
            constants on what it has not seen; None for the run itself, on its development set and the
            open sets it left out.
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
    encoder = text_encoder_of(run.config, encoder)
    training, _ = load_training(run.config)
    texts = class_texts(training.classes, encoder, descriptions=read_descriptions())
    centring = centring_of(run, training, encoder) if centred else no_centring(run.dim)
    calibration, measured = _measure(hiding or run, encoder, centred=centred)
    embed = centred_embed(torch_embed(run.model), centring)
    evaluation = {
        "dev": _watch(run, embed, centring, encoder),
        "calibration": measured,
        "centred": centred,
        "recipe": _recipe(run),
        "note": "dev: every sequence of a set not trained on, its classes the candidates; "
        "calibration: single windows, of classes or sets that a run like this one was not shown.",
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
        calibration=calibration,
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
    if hiding is None:
        return
    hides = hiding.config.hidden_fold is not None or set(hiding.config.sets) < set(run.config.sets)
    if hiding.epochs < hiding.config.last_epoch or not hides:
        raise DataError(
            "wanted a finished run that hid classes or left sets out to calibrate on, got "
            f"{hiding.config.out} after {hiding.epochs} of {hiding.config.last_epoch} epochs, hidden fold "
            f"{hiding.config.hidden_fold}; train one with --hidden-fold or fewer --sets"
        )
    if hiding.config.sides != run.config.sides:
        raise DataError("wanted two runs with the same sides, got two kinds; train both alike")


def _left_out(run: Run) -> list[str]:
    """What the run was not shown: its hidden fold, or the development set and open sets it left out."""
    if run.config.hidden_fold is not None:
        return [f"fold {run.config.hidden_fold}"]
    known = {*run.config.sets, *_DOUBLES}
    others = [n for n in OPEN_SETS if n not in known and (run.config.data / f"{n}.npz").is_file()]
    return [*([run.config.dev] if run.config.dev else []), *others]


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
    dev = _packed(run, run.config.dev)
    rows = sequence_embeddings(dev, embed, spec=run.config.window)
    table = scores(rows, _classes(run, dev.classes, encoder, centring))
    return {"set": run.config.dev, "classes": len(dev.classes), **accuracies(table, dev)}


def _measure(run: Run, encoder: TextEncoder, *, centred: bool) -> tuple[Calibration, dict[str, Any]]:
    """The decision's constants on what the run was not shown, and what they were measured on."""
    seen, hidden = load_training(run.config)
    centring = centring_of(run, seen, encoder) if centred else no_centring(run.dim)
    embed, spec = centred_embed(torch_embed(run.model), centring), run.config.window

    def of(name: str, sequences: Sequences) -> Unseen:
        return unseen(
            name, sequences, embed, _classes(run, sequences.classes, encoder, centring), spec=spec
        )

    if hidden is None:
        found = [of(name, _packed(run, name)) for name in _left_out(run)]
    else:
        one = of(_left_out(run)[0], hidden)
        # Unknown actions: what the run did see, none of it among the candidates.
        others = scores(embedded(embed, cut(seen, spec)[0]), one.classes)
        found = [replace(one, unknown=others.max(axis=1))]
    trained = of("seen", seen)
    return constants(found, spec=spec, seen=Seen(trained.rows, trained.classes, trained.truth))


def _packed(run: Run, name: str) -> Sequences:
    return joined([load_packed(run.config.data / f"{name}.npz")])


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
