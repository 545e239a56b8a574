from collections import Counter
from pathlib import Path

import numpy as np
import torch

from tests.training.small_data import HashEncoder, write_packed
from training.augment import Augmentation
from training.batches import Batches
from training.config import TrainConfig
from training.datasets.packed import load_packed
from training.sequences import joined
from training.texts import class_texts

LABELS = ["raise the left arm"] * 18 + ["squat"] * 2


def batches(tmp_path: Path, seed: int = 0, **changes: object) -> Batches:
    sequences = joined([load_packed(write_packed(tmp_path / "a.npz", LABELS))])
    texts = class_texts(sequences.classes, HashEncoder(), descriptions={})
    config = TrainConfig(data=tmp_path, out=tmp_path, batch=40, **changes)  # pyright: ignore[reportArgumentType]
    return Batches(sequences, texts, config=config, rng=np.random.default_rng(seed))


def test_shapes_and_reproducibility(tmp_path: Path) -> None:
    first, second = batches(tmp_path).draw(), batches(tmp_path).draw()
    positions, text, classes = first
    assert positions.shape == (40, 1, 48, 25, 3)
    assert text.shape == (40, 384)
    assert classes.shape == (40,)
    assert positions.dtype == text.dtype == torch.float32
    assert classes.dtype == torch.int64
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(positions, batches(tmp_path, seed=1).draw()[0])


def test_text_is_of_the_class_and_mirrored_with_the_window(tmp_path: Path) -> None:
    encoder = HashEncoder()
    for chance, word in ((0.0, "left"), (1.0, "right")):
        made = batches(tmp_path, augmentation=Augmentation(mirror=chance))
        _, text, classes = made.draw()
        wanted = torch.from_numpy(encoder.encode([f"raise the {word} arm", "squat"]))
        torch.testing.assert_close(text, wanted[classes])


def test_balance_draws_classes_alike_and_none_as_they_are(tmp_path: Path) -> None:
    for balance, low, high in ((0.0, 0.03, 0.2), (1.0, 0.4, 0.6)):
        made = batches(tmp_path, balance=balance)
        drawn = Counter(int(k) for _ in range(10) for k in made.draw()[2])
        assert low < drawn[1] / 400 < high
