"""The laboratory: released weights, other people's data sets, every method side by side."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from streams.command_line import parse
from streams.skeleton.errors import ConfigError
from training.lab.config import LabConfig


@dataclass(frozen=True)
class ImportConfig:
    """Bring a released checkpoint into this project's form; nothing in it is executed."""

    method: tyro.conf.Positional[Literal["pgfa"]]
    """Whose code wrote it."""
    file: tyro.conf.Positional[Path]
    """The checkpoint: ST-GCN (Setting I) or Shift-GCN (Setting II)."""
    out: Path = Path("runs/imported")
    """Folder of the encoder."""


@dataclass(frozen=True)
class ConvertConfig:
    """Turn a data set as it is given out into one array on disk; a conversion that was stopped goes on."""

    data: tyro.conf.Positional[Literal["ntu60", "ntu120", "pku-mmd"]]
    """Which data set it is."""
    raw: tyro.conf.Positional[Path]
    """Folder of ``.skeleton`` files (NTU), of skeleton text files (PKU-MMD), or, of NTU, CTR-GCN's npz or
    PYSKL's pickle of 3D annotations, of which nothing is run."""
    out: Path = Path("runs/converted")
    """Folder of the converted set, for ``anymove lab --data``."""
    preparation: Literal["pgfa", "ctr-gcn", "anymove"] = "pgfa"
    """How bodies are moved, turned and resized; see ``training.datasets.bodies``."""
    frames: int | None = None
    """Frames of an action; None for the preparation's own: 50, 64 or 48."""
    missing: Path | None = None
    """The official list of NTU samples with missing skeletons."""
    labels: Path | None = None
    """Folder of PKU-MMD's label files."""
    split_file: Path | None = None
    """PKU-MMD's cross-subject.txt or cross-view.txt."""


@dataclass(frozen=True)
class ServeConfig:
    """Train one method on all described classes of the open sets and make a bundle of it."""

    method: tyro.conf.Positional[Literal["pgfa", "pgfa-frozen", "devise", "star", "neuron"]]
    """Which one."""
    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle, replaced; serve it with ``anymove run --bundle``."""
    lab: LabConfig
    """Data and sizes."""


Command = (
    Annotated[ServeConfig, tyro.conf.subcommand("lab-bundle")]
    | Annotated[ConvertConfig, tyro.conf.subcommand("convert")]
    | Annotated[LabConfig, tyro.conf.subcommand("lab")]
    | Annotated[ImportConfig, tyro.conf.subcommand("import-checkpoint")]
)


Settings = ServeConfig | ConvertConfig | LabConfig | ImportConfig


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; errors are the caller's to tell."""
    command: Settings = parse(
        Command,  # pyright: ignore[reportArgumentType]
        argv,
        prog="anymove",
        description=__doc__,
    )
    print(_run(command))
    return 0


def _run(command: Settings) -> str:
    """What to tell people when the command is done."""
    if isinstance(command, ServeConfig):
        return _serve(command)
    if isinstance(command, ConvertConfig):
        return _convert(command)
    return _import(command) if isinstance(command, ImportConfig) else _lab(command)


def _serve(config: ServeConfig) -> str:
    from engine.text.encoders import load_text_encoder, prepare_text_encoder
    from training.lab.serve import serve_method

    prepare_text_encoder(config.lab.text_encoder)
    encoder = load_text_encoder(config.lab.text_encoder)
    bundle = serve_method(config.method, config.lab, encoder, folder=config.bundle)
    manifest = bundle.manifest
    return f"{bundle.folder}: {manifest.method}, P {manifest.parts}, parity {manifest.parity}"


def _convert(config: ConvertConfig) -> str:
    from training.datasets.converted import convert
    from training.datasets.ctrgcn_npz import npz_items, npz_reader
    from training.datasets.ntu import ntu_items, ntu_reader
    from training.datasets.pku_mmd import pku_items, pku_reader
    from training.datasets.pyskl_pickle import pyskl_items

    if config.data == "pku-mmd":
        if config.labels is None or config.split_file is None:
            raise ConfigError(
                "wanted PKU-MMD's label folder and split file, got none; name them with "
                "--labels and --split-file"
            )
        items, read = pku_items(config.raw, config.labels, config.split_file), pku_reader(config.raw)
    elif config.raw.is_dir():
        items, read = ntu_items(config.raw, config.data, missing=config.missing), ntu_reader(config.raw)
    elif config.raw.suffix in (".pkl", ".pickle"):
        items, read = pyskl_items(config.raw, config.data)
    else:
        items, read = npz_items(config.raw), npz_reader(config.raw)
    how = config.preparation
    counts = convert(config.data, items, read, out=config.out, how=how, frames=config.frames)
    return f"{config.out}: " + ", ".join(f"{what} {count}" for what, count in counts.items())


def _lab(config: LabConfig) -> str:
    from engine.text.encoders import load_text_encoder, prepare_text_encoder
    from training.lab import processes
    from training.lab.report import lab_page, lab_table
    from training.lab.run import run_lab

    prepare_text_encoder(config.text_encoder)
    with processes.together():
        found = run_lab(config, load_text_encoder(config.text_encoder))
        first = processes.rank() == 0
    if config.report is not None and first:
        config.report.parent.mkdir(parents=True, exist_ok=True)
        config.report.write_text(lab_page(found, command="make lab"), "utf-8")
    return lab_table(found)


def _import(config: ImportConfig) -> str:
    from training.released import read_released, write_encoder

    released = read_released(config.file)
    path = write_encoder(released, config.out)
    count = sum(value.numel() for value in released.encoder.parameters())
    into = "none" if released.project is None else f"to {released.project.out_features} numbers"
    kind = type(released.encoder).__name__
    return f"{path}: {kind}, {count:,} parameters, projection {into}"


if __name__ == "__main__":
    sys.exit(main())
