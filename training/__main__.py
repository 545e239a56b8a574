"""Train, export and evaluate: ``anymove train``, ``refit``, ``export`` and ``eval``."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from streams.command_line import parse
from streams.config import models_folder
from streams.skeleton.errors import AnymoveError
from training.config import RefitConfig, TrainConfig

TEXT_ENCODER = "minilm"


@dataclass(frozen=True)
class ExportConfig:
    """Make a model bundle from a training run."""

    run: Path
    """Folder of a finished run with no class hidden: the weights to ship."""
    calibration_run: Path | None = None
    """Folder of a run of the same settings that hid a fold of classes: the decision's constants are
    measured on those classes; None to measure them on the development set."""
    out: Path | None = None
    """Folder of the bundle, replaced; None for the one that comes with this program."""
    name: str = "anymove-pgfa"
    """Name of the bundle."""
    centred: bool = False
    """Take the mean of training embeddings and texts off both sides before cosines."""


@dataclass(frozen=True)
class EvalConfig:
    """Zero-shot evaluation of a bundle on a packed set: its labels are taken as typed names."""

    file: tyro.conf.Positional[Path]
    """Packed set, an npz."""
    bundle: Path | None = None
    """Bundle folder; None for the one that comes with this program."""
    json: bool = False
    """Print one JSON object in place of a table."""


Command = (
    Annotated[TrainConfig, tyro.conf.subcommand("train")]
    | Annotated[RefitConfig, tyro.conf.subcommand("refit")]
    | Annotated[ExportConfig, tyro.conf.subcommand("export")]
    | Annotated[EvalConfig, tyro.conf.subcommand("eval")]
)


def main(argv: list[str] | None = None) -> int:
    """Exit code of the command: 0, or 2 after one line on stderr that says what was wrong."""
    try:
        command: TrainConfig | ExportConfig | EvalConfig = parse(
            Command,  # pyright: ignore[reportArgumentType]
            argv,
            prog="anymove",
            description=__doc__,
        )
        print(_run(command))
    except AnymoveError as error:
        print(f"anymove: {error}", file=sys.stderr)
        return 2
    return 0


def _run(command: TrainConfig | RefitConfig | ExportConfig | EvalConfig) -> str:
    """What to tell people when the command is done."""
    # Each command loads what it needs: an evaluation must not wait for torch.
    if isinstance(command, EvalConfig):
        return _evaluate(command)
    if isinstance(command, RefitConfig):
        return _refit(command)
    return _train(command) if isinstance(command, TrainConfig) else _export(command)


def _train(config: TrainConfig) -> str:
    from engine.text.encoders import load_text_encoder, prepare_text_encoder
    from training.run_folder import METRICS
    from training.sentence_cache import SentenceCache
    from training.train import train

    prepare_text_encoder(TEXT_ENCODER)
    history = train(config, SentenceCache(load_text_encoder(TEXT_ENCODER), models_folder()))
    return f"loss {history[-1]['loss']:.3f} after {len(history)} epochs; see {config.out / METRICS}"


def _refit(config: RefitConfig) -> str:
    from engine.text.encoders import load_text_encoder, prepare_text_encoder
    from training.run_folder import TEXT_SIDE
    from training.sentence_cache import SentenceCache
    from training.text_refit import refit

    prepare_text_encoder(TEXT_ENCODER)
    loss = refit(config, SentenceCache(load_text_encoder(TEXT_ENCODER), models_folder()))
    return f"loss {loss:.3f}; see {config.run / TEXT_SIDE}"


def _export(config: ExportConfig) -> str:
    from engine.bundle import DEFAULT_BUNDLE
    from engine.text.encoders import load_text_encoder, prepare_text_encoder
    from training.release import release

    prepare_text_encoder(TEXT_ENCODER)
    bundle = release(
        config.run,
        config.calibration_run,
        encoder=load_text_encoder(TEXT_ENCODER),
        folder=config.out or DEFAULT_BUNDLE,
        name=config.name,
        centred=config.centred,
    )
    return f"{bundle.folder}: fingerprint {bundle.fingerprint[:12]}, parity {bundle.manifest.parity}"


def _evaluate(config: EvalConfig) -> str:
    from engine.bundle import DEFAULT_BUNDLE, load_bundle
    from engine.text.descriptions import describe
    from engine.text.encoders import load_text_encoder
    from training.datasets.packed import load_packed
    from training.evaluate import evaluate, report

    packed = load_packed(config.file)
    bundle = load_bundle(config.bundle or DEFAULT_BUNDLE)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    found = evaluate(bundle, packed, encoder=encoder, describe=lambda name: describe(name, encoder).texts)
    return found.to_json() if config.json else report(found)


if __name__ == "__main__":
    sys.exit(main())
