"""The choice of backend kept between starts, so that it is made once and stays as it was made.

One JSON file beside the engine's state. It is a note, not state: what is missing or damaged is made
again.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.backends.trial import Trial
from streams.config import home

MOST_BUNDLES = 8
_LARGEST_BYTES = 1_000_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Remembered:
    """A choice made earlier."""

    backend: str
    machine: dict[str, Any]
    """``machine_key`` of the machine as it was."""
    trials: tuple[Trial, ...]


def default_path() -> Path:
    """File of the choices in the user's data folder."""
    return home() / "backends.json"


def recall(path: Path, fingerprint: str) -> Remembered | None:
    """The choice made for this bundle; None where there is none to be read."""
    found = _read(path).get(fingerprint)
    try:
        if found is None:
            return None
        trials = tuple(Trial(**trial) for trial in found["trials"])
        return Remembered(str(found["backend"]), dict(found["machine"]), trials)
    except (TypeError, KeyError, ValueError) as error:
        logger.warning("the choice of backend in %s cannot be read (%s); it is made again", path, error)
        return None


def remember(path: Path, fingerprint: str, choice: Remembered) -> None:
    """Keep the choice, in one step; the oldest of more than 8 bundles is forgotten.

    A folder that cannot be written to is logged: the choice is made again next time.
    """
    kept = _read(path)
    kept.pop(fingerprint, None)
    kept[fingerprint] = asdict(choice)
    newest = dict(list(kept.items())[-MOST_BUNDLES:])
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(newest, indent=1) + "\n", "utf-8")
        temporary.replace(path)
    except OSError as error:
        logger.warning("the choice of backend is not kept: %s", error)
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return {}
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("the choice of backend in %s cannot be read (%s); it is made again", path, error)
        return {}
    return found if isinstance(found, dict) else {}
