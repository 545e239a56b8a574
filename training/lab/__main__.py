"""The laboratory: released weights, other people's data sets, every method side by side."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from streams.command_line import parse
from training.lab.config import LabConfig


@dataclass(frozen=True)
class ImportConfig:
    """Bring a released checkpoint into this project's form; nothing in it is executed."""

    method: tyro.conf.Positional[Literal["pgfa"]]
    """Whose code wrote it."""
    file: tyro.conf.Positional[Path]
    """The checkpoint: ST-GCN (Setting I) or Shift-GCN (Setting II)."""
    out: Path = Path("runs/imported")
    """Folder of the encoder, for ``anymove lab --encoder``."""


Command = (
    Annotated[LabConfig, tyro.conf.subcommand("lab")]
    | Annotated[ImportConfig, tyro.conf.subcommand("import-checkpoint")]
)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; errors are the caller's to tell."""
    command: LabConfig | ImportConfig = parse(
        Command,  # pyright: ignore[reportArgumentType]
        argv,
        prog="anymove",
        description=__doc__,
    )
    print(_import(command) if isinstance(command, ImportConfig) else _lab(command))
    return 0


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
