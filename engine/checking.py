"""``anymove check NAME ...``: what is to be expected of actions, told from their names alone.

No engine need run: each name is judged as the page judges it while somebody types, beside the other
names given.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import Action, NameCheck, to_json
from engine.text.check import NameChecker
from engine.text.descriptions import class_feature
from engine.text.encoders import load_text_encoder
from engine.text.library import builtin_library
from engine.text.projection import TextProjection
from engine.text.remembering import RememberingEncoder
from streams.command_line import parse


@dataclass(frozen=True)
class CheckConfig:
    """What to judge."""

    names: tyro.conf.Positional[tuple[str, ...]]
    """Names of actions, each in quotes; each is checked beside the ones before it."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    json: bool = False
    """Print one JSON object a name in place of text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 once every name was judged, whatever the verdicts.

    Raises:
        AnymoveError: The bundle, the text encoder or the library cannot be read.
    """
    config = parse(CheckConfig, argv, prog="anymove check", description=__doc__)
    for found in checks(config):
        sys.stdout.write(
            (json.dumps(to_json(found), ensure_ascii=False) if config.json else report(found)) + "\n"
        )
    return 0


def checks(config: CheckConfig) -> list[NameCheck]:
    """The judgement of each name, beside the ones before it.

    Raises:
        AnymoveError: The bundle, the text encoder or the library cannot be read.
    """
    bundle = load_bundle(config.bundle)
    plain = load_text_encoder(bundle.manifest.text_encoder.id)
    encoder = RememberingEncoder(plain, known=builtin_library().known(plain))
    projection = TextProjection(bundle)
    checker = NameChecker(encoder, projection.rows)
    found: list[NameCheck] = []
    there = []
    for name in config.names:
        check = checker.check(name, actions=there)
        found.append(check)
        if check.verdict != "refused":
            action = Action(id=check.name, name=check.name, texts=check.texts, source=check.source)
            there.append((action, projection.rows(class_feature(check.texts, encoder)[None])[0]))
    return found


def report(found: NameCheck) -> str:
    """The judgement as text for people."""
    lines = [f"{found.name}: {found.verdict}"]
    if found.matched:
        lines.append(f"  described as: {found.matched}")
    lines += [f"  {notice.code}: {notice.message}" for notice in found.notices]
    if found.rivals:
        near = ", ".join(f"{rival.name} ({rival.risk:.0%})" for rival in found.rivals)
        lines.append(f"  nearest, with the risk of confusion: {near}")
    if found.suggestions:
        lines.append(f"  try: {', '.join(found.suggestions)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
