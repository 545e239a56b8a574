"""How well typed names find their library entries: precision and recall on a labelled list.

``bench/data/typed_names.txt`` was written by this project in the way people type. Thresholds were
chosen on its even lines; what is reported is its odd lines.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.text.descriptions import describe
from engine.text.encoders import load_text_encoder
from engine.text.library import builtin_library

NAMES = Path(__file__).parent / "data" / "typed_names.txt"


@dataclass(frozen=True)
class TypedNamesConfig:
    """Matching of typed names."""

    names: Path = NAMES
    """The labelled list."""


def read_names(path: Path = NAMES) -> list[tuple[str, frozenset[str]]]:
    """Each typed name with the entries that would be right; "-" where a template is."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.split(" = ") for line in lines]
    return [(typed, frozenset(right.split("|"))) for typed, right in pairs]


def run(config: TypedNamesConfig) -> dict[str, Any]:
    """Precision and recall on each half, and what went wrong on the reported one."""
    encoder = load_text_encoder()
    found = [
        (typed, right, describe(typed, encoder).matched or "-") for typed, right in read_names(config.names)
    ]
    return {
        "library": len(builtin_library().entries),
        "chosen_on": _scores(found[::2]),
        "reported": _scores(found[1::2]),
        "wrong": {typed: said for typed, right, said in found[1::2] if said not in right and said != "-"},
        "missed": [typed for typed, right, said in found[1::2] if said == "-" and "-" not in right],
    }


def _scores(found: list[tuple[str, frozenset[str], str]]) -> dict[str, float]:
    matched = [(right, said) for _, right, said in found if said != "-"]
    wanted = [(right, said) for _, right, said in found if "-" not in right]
    return {
        "names": len(found),
        "matched": len(matched),
        "precision": round(sum(said in right for right, said in matched) / max(1, len(matched)), 4),
        "wanted": len(wanted),
        "recall": round(sum(said in right for right, said in wanted) / max(1, len(wanted)), 4),
    }
