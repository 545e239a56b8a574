"""Zero-shot recognition of the shipped bundle on packed sets that are at hand.

The same code as ``anymove eval``; sets that are missing here are left out and said to be.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.common import ROOT
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.text.descriptions import describe
from engine.text.encoders import load_text_encoder
from training.datasets.packed import load_packed
from training.evaluate import evaluate

SETS = {"open/hdm05.npz": "development", "eval/kinder_gator.npz": "evaluation only"}
"""Packed sets below the data folder, and what each is for."""


@dataclass(frozen=True)
class RecognitionConfig:
    """Zero-shot evaluation of a bundle."""

    data: Path = ROOT.parent / "shared" / "data"
    """Folder of the packed sets."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""


def run(config: RecognitionConfig) -> dict[str, Any]:
    """By set: top-1, top-5, class mean and every class, for labels and merged labels."""
    bundle = load_bundle(config.bundle)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    found: dict[str, Any] = {"bundle": bundle.manifest.name, "fingerprint": bundle.fingerprint}
    for name, role in SETS.items():
        path = config.data / name
        if not path.is_file():
            found[name] = {"role": role, "not run": "the set is not at hand"}
            continue
        result = evaluate(
            bundle, load_packed(path), encoder=encoder, describe=lambda n: describe(n, encoder).texts
        )
        found[name] = {"role": role, **json.loads(json.dumps(asdict(result)))}
    return found
