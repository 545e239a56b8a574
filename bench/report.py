"""Tables for people, made from the JSON files in ``bench/results``; nothing in them is typed.

``python -m bench.report`` rewrites the blocks between ``<!-- generated: name -->`` and
``<!-- end -->`` in README.md and docs/results/*.md.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.common import RESULTS, ROOT
from bench.tables import bank, latency, model, page, recognition

PAGES = (
    "README.md",
    "docs/model-card.md",
    "docs/results/recognition.md",
    "docs/results/latency.md",
    "docs/results/page.md",
    "docs/results/bank.md",
    "docs/results/robustness.md",
)


BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "recognition": recognition.recognition_table,
    "per-class": recognition.per_class_table,
    "model": model.model_table,
    "open-world": recognition.open_world_table,
    "clips": recognition.clips_table,
    "latency": latency.latency_table,
    "stages": latency.stage_table,
    "robustness": recognition.robustness_table,
    "crossings": recognition.crossings_table,
    "webcam": latency.webcam_table,
    "speed": latency.speed_table,
    "page": page.page_table,
    **{name: partial(bank.bank_block, table) for name, table in bank.TABLES.items()},
}
"""What makes each generated block."""


def render(page: str, everything: dict[str, Any]) -> str:
    """The page with its generated blocks made anew."""

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- generated: {name} -->\n{BLOCKS[name](everything)}\n<!-- end -->"

    return re.sub(r"<!-- generated: ([\w-]+) -->\n.*?<!-- end -->", block, page, flags=re.S)


def read_results() -> dict[str, Any]:
    """Every result file by suite."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))}


def main() -> None:
    """Rewrite the generated blocks of every page."""
    everything = read_results()
    for name in PAGES:
        path = ROOT / name
        path.write_text(render(path.read_text("utf-8"), everything), "utf-8")


if __name__ == "__main__":
    main()
