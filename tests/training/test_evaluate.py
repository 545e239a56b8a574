import json
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle
from streams.skeleton.errors import BundleError
from tests.engine.tiny_bundle import make_tiny_bundle
from tests.training.small_data import HashEncoder, write_packed
from training.datasets.packed import PackedSet, load_packed
from training.evaluate import evaluate, report

LABELS = ["raise one arm", "kick", "kick", "squat"]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_tiny_bundle(tmp_path / "bundle")


@pytest.fixture
def packed(tmp_path: Path) -> PackedSet:
    merged = np.array(["arms", "legs", "legs", "legs"])
    return load_packed(write_packed(tmp_path / "toy.npz", LABELS, merged=merged))


class BundleEncoder(HashEncoder):
    """Claims to be the encoder the tiny bundle names."""

    def __init__(self, bundle: Bundle) -> None:
        self.sha256 = bundle.manifest.text_encoder.sha256


def test_every_label_is_a_candidate_and_counted(bundle: Bundle, packed: PackedSet) -> None:
    found = evaluate(bundle, packed, encoder=BundleEncoder(bundle), describe=lambda name: (name,))
    assert found.sequences == 4
    assert (found.label.classes, found.label.top5) == (3, 1.0)
    assert found.label.chance == pytest.approx(1 / 3)
    assert set(found.label.per_class) == set(LABELS)
    hits = sum(found.label.per_class[label] for label in LABELS)
    assert found.label.top1 == pytest.approx(hits / 4)
    assert found.merged is not None
    assert set(found.merged.per_class) == {"arms", "legs"}
    assert json.loads(found.to_json())["label"]["top5"] == 1.0
    assert "3 labels: top-1" in report(found)
    assert "2 merged labels" in report(found)


def test_names_go_through_what_the_engine_does_with_them(bundle: Bundle, packed: PackedSet) -> None:
    asked: list[str] = []

    def describe(name: str) -> tuple[str, ...]:
        asked.append(name)
        return (name, f"someone does {name}")

    evaluate(bundle, packed, encoder=BundleEncoder(bundle), describe=describe)
    assert sorted(set(asked)) == sorted({*LABELS, "arms", "legs"})


def test_another_text_encoder_is_refused(bundle: Bundle, packed: PackedSet) -> None:
    with pytest.raises(BundleError, match="other weights"):
        evaluate(bundle, packed, encoder=HashEncoder(), describe=lambda name: (name,))
