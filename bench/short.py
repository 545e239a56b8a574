"""``anymove bench``: what this machine can do, in about two minutes, as a short table.

It starts an engine of its own beside whatever runs, with a store that is thrown away, and writes nothing.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import backends, engine_core, growth, persons, roofline, scale, start
from bench.common import machine
from engine.bundle import DEFAULT_BUNDLE
from engine.config import EngineConfig
from streams.command_line import parse

Row = tuple[str, str, str]
RULE = EngineConfig().bank
"""The only bank that is measured here."""


@dataclass(frozen=True)
class ShortConfig:
    """Measures this machine in about two minutes."""

    json: bool = False
    """Print one JSON object in place of the table."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    streams: tuple[int, ...] = (1, 25, 100)
    """Numbers of skeleton streams to serve, tried in turn."""


def suites(
    config: ShortConfig,
) -> dict[str, tuple[Callable[[], dict[str, Any]], Callable[[Any], list[Row]]]]:
    """By suite: what measures, and what makes rows of it."""
    bundle = config.bundle
    return {
        "backends": (
            lambda: backends.run(backends.BackendsConfig(bundle=bundle, seconds=15.0)),
            backends.summary,
        ),
        "engine_core": (
            lambda: engine_core.run(engine_core.CoreConfig(bundle=bundle, windows=200)),
            engine_core.summary,
        ),
        "roofline": (
            lambda: roofline.run(roofline.RooflineConfig(bundle=bundle, seconds=3.0)),
            roofline.summary,
        ),
        "growth": (
            lambda: growth.run(growth.GrowthConfig(bundle=bundle, banks=(RULE,), repeats=100)),
            growth.summary,
        ),
        "persons": (
            lambda: persons.run(persons.PersonsConfig(bundle=bundle, repeats=50)),
            persons.summary,
        ),
        "scale": (
            lambda: scale.run(
                scale.ScaleConfig(
                    bundle=bundle, streams=config.streams, search_to=0, seconds=10.0, soak_s=0.0
                )
            ),
            scale.summary,
        ),
        "start": (lambda: start.run(start.StartConfig(bundle=bundle, times=2)), start.summary),
    }


def main(argv: list[str] | None = None) -> int:
    """0; the table or the JSON object goes to stdout, progress to stderr."""
    config = parse(ShortConfig, argv, prog="anymove bench")
    found: dict[str, Any] = {"machine": machine(), "suites": {}}
    rows: list[Row] = []
    begun = time.monotonic()
    for name, (measure, summarise) in suites(config).items():
        sys.stderr.write(f"{time.monotonic() - begun:4.0f} s  {name} ...\n")
        results = measure()
        found["suites"][name] = results
        rows += summarise(results)
    if config.json:
        print(json.dumps(found))
        return 0
    about = found["machine"]
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}\n")
    print(table(rows))
    return 0


def table(rows: list[Row]) -> str:
    """The rows under each other, with the targets where there are any."""
    head: Row = ("what", "measured", "target")
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)
