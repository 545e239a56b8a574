"""The laboratory: released weights, other people's data sets, every method side by side."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from streams.command_line import parse


@dataclass(frozen=True)
class ImportConfig:
    """Bring a released checkpoint into this project's form; nothing in it is executed."""

    method: tyro.conf.Positional[Literal["pgfa"]]
    """Whose code wrote it."""
    file: tyro.conf.Positional[Path]
    """The checkpoint: ST-GCN (Setting I) or Shift-GCN (Setting II)."""
    out: Path = Path("runs/imported")
    """Folder of the encoder, for ``anymove lab --encoder``."""


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; errors are the caller's to tell."""
    command = parse(ImportConfig, argv, prog="anymove import-checkpoint")
    print(_import(command))
    return 0


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
