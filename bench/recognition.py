"""Zero-shot recognition of the shipped bundle on packed sets that are at hand.

The same code as ``anymove eval``; sets that are missing here are left out and said to be.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import RESULTS, ROOT
from engine.backends.base import Backend
from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bank.select import bank_settings, open_bank
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from engine.text.check import NameChecker
from engine.text.contract import TextEncoder
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import load_text_encoder
from engine.text.projection import TextProjection
from training.datasets.packed import PackedSet, load_packed
from training.evaluate import evaluate
from training.lab.pictures import write_confusion
from training.live_eval import caption_shares, false_events, idle_stream, recognizer_of
from training.metrics import confusions
from training.mirrored_pairs import mirrored_pairs
from training.open_world import open_world
from training.sequences import joined
from training.sides import ONE_LIMB, Limb
from training.warned import warned
from training.zero_shot import scores, sequence_embeddings

SETS = {
    "open/hdm05.npz": "development",
    "open/ui_prmd.npz": "development",
    "open/berkeley_mhad.npz": "development",
    "eval/kinder_gator.npz": "evaluation only",
}
"""Packed sets below the data folder, and what each is for."""

SIDED: dict[str, Limb] = {
    **ONE_LIMB,
    "front kick": "leg",
    "grabbing an object from high up": "arm",
    "kick a ball": "leg",
    "kick a ball far": "leg",
    "lift one leg to the side": "leg",
    "punch": "arm",
    "raise one arm to the side": "arm",
    "raise one hand": "arm",
    "raise one leg with bent knee": "leg",
    "throw a ball": "arm",
    "throw a ball far": "arm",
    "wave one hand": "arm",
}
"""Labels that one limb performs: its side is seen in the recording and asked of the text."""

PICTURES = ROOT / "docs" / "images"
IDLE_KINDS = ("standing", "fidgeting", "walking by")
IDLE_ACTIONS = (
    *("wave", "clap", "squat", "jumping jacks", "bow", "punch", "kick", "raise both arms", "jump", "point"),
    *(
        "throw a ball",
        "swim",
        "fly like a bird",
        "salute",
        "stretch",
        "touch toes",
        "dance",
        "drink",
        "lunge",
    ),
)
"""What people who do none of it are measured against."""


@dataclass(frozen=True)
class RecognitionConfig:
    """Zero-shot evaluation of a bundle."""

    data: Path = ROOT.parent / "shared" / "data"
    """Folder of the packed sets."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""
    bank: str = "anchored"
    """Rule of the bank that shown examples go into."""
    idle_minutes: float = 60.0
    """Simulated time of each kind of idle people."""
    look: bool = False
    """Look at the evaluation sets, too; each look belongs into the lab log."""


def run(config: RecognitionConfig) -> dict[str, Any]:
    """By set: top-1, top-5, every class, the open world, live captions; and false events of idle people."""
    bundle = load_bundle(config.bundle)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    backend = OnnxRuntimeBackend(bundle)
    found: dict[str, Any] = {"bundle": bundle.manifest.name, "fingerprint": bundle.fingerprint}
    for name, role in SETS.items():
        path = config.data / name
        if not path.is_file() or (role != "development" and not config.look):
            found[name] = _earlier(name) or {"role": role, "not run": "not looked at, or not at hand"}
            continue
        found[name] = {"role": role, **_on(load_packed(path), bundle, backend, encoder, config)}
    found["idle"] = _idle(bundle, backend, encoder, config)
    found["mirrored_pairs"] = mirrored_pairs(
        backend.embed,
        lambda texts: TextProjection(bundle).rows(encoder.encode(texts)),
        spec=bundle.manifest.window,
    )
    return json.loads(json.dumps(found))


def _earlier(name: str) -> dict[str, Any] | None:
    """What the last look at a set gave; its own fingerprint says of which bundle."""
    path = RESULTS / "recognition.json"
    earlier = json.loads(path.read_text("utf-8")) if path.is_file() else None
    return None if earlier is None else earlier["results"].get(name)


def _on(
    packed: PackedSet, bundle: Bundle, backend: Backend, encoder: TextEncoder, config: RecognitionConfig
) -> dict[str, Any]:
    def texts(name: str) -> tuple[str, ...]:
        return describe(name, encoder).texts

    projection = TextProjection(bundle)

    def class_rows(names: Sequence[str]) -> NDArray[np.float32]:
        return projection.rows(np.stack([class_feature(texts(name), encoder) for name in names]))

    manifest, sequences = bundle.manifest, joined([packed])
    embeddings = sequence_embeddings(sequences, backend.embed, spec=manifest.window)
    seen = [name for name in manifest.seen_classes if name not in sequences.classes]
    beyond = open_world(
        sequences,
        embeddings,
        class_rows=class_rows,
        seen_rows=class_rows(seen),
        new_bank=lambda: open_bank(config.bank, bank_settings(manifest, fingerprint=bundle.fingerprint)),
        sided=SIDED,
    )
    scale = NameChecker(encoder, projection.rows).warm_up()
    classes = class_rows(sequences.classes)
    truth = np.array([sequences.classes.index(label) for label in sequences.labels])
    table = scores(embeddings, classes)
    title = f"{packed.name}: typed names, share of the sequences of each"
    write_confusion(
        confusions(table, truth), sequences.classes, title, PICTURES / f"confusion-{packed.name}.png"
    )
    live = recognizer_of(bundle, backend, sequences.classes, encoder=encoder, describe=texts)
    return {
        **asdict(evaluate(bundle, packed, encoder=encoder, describe=texts, backend=backend)),
        "open_world": {**asdict(beyond), "bank": config.bank, "seen_classes": len(seen)},
        "warning": asdict(warned(table, truth, classes, scale)),
        "captions": asdict(caption_shares(live, sequences, spec=manifest.window)),
    }


def _idle(
    bundle: Bundle, backend: Backend, encoder: TextEncoder, config: RecognitionConfig
) -> dict[str, Any]:
    """False events an hour of each kind of idle people."""
    spec, per_hour = bundle.manifest.window, 60.0 / config.idle_minutes
    found: dict[str, Any] = {"minutes": config.idle_minutes, "actions": len(IDLE_ACTIONS)}
    for kind in IDLE_KINDS:
        live = recognizer_of(
            bundle, backend, IDLE_ACTIONS, encoder=encoder, describe=lambda n: describe(n, encoder).texts
        )
        stream = idle_stream(kind, 60.0 * config.idle_minutes, spec=spec)
        found[kind] = false_events(live, stream, spec=spec) * per_hour
    return found
