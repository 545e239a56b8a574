from collections import Counter
from pathlib import Path

import numpy as np
import torch

from streams.skeleton.layouts import Joint
from tests.training.small_data import HashEncoder, write_packed
from training.augment import Augmentation
from training.batches import Batch, Batches
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


def parts(batch: Batch) -> tuple[torch.Tensor, ...]:
    return batch.positions, batch.text, batch.labels, batch.negatives


def test_shapes_and_reproducibility(tmp_path: Path) -> None:
    first, second = batches(tmp_path).draw(40), batches(tmp_path).draw(40)
    positions, text, labels, negatives = parts(first)
    assert positions.shape == (40, 1, 48, 25, 3)
    assert text.shape == negatives.shape == (40, 384)
    assert labels.shape == (40,)
    assert positions.dtype == text.dtype == negatives.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert not negatives.any()
    assert all(torch.equal(a, b) for a, b in zip(parts(first), parts(second), strict=True))
    assert not torch.equal(positions, batches(tmp_path, seed=1).draw(40).positions)


def test_joined_is_one_batch_after_the_other(tmp_path: Path) -> None:
    made = batches(tmp_path)
    first, second = made.draw(3), made.draw(2)
    second.negatives[:] = second.text
    for both, one, two in zip(parts(first.joined(second)), parts(first), parts(second), strict=True):
        assert torch.equal(both[:3], one)
        assert torch.equal(both[3:], two)


def test_text_is_of_the_class_and_mirrored_with_the_window(tmp_path: Path) -> None:
    encoder = HashEncoder()
    for chance, word in ((0.0, "left"), (1.0, "right")):
        made = batches(tmp_path, augmentation=Augmentation(mirror=chance))
        batch = made.draw(40)
        wanted = torch.from_numpy(encoder.encode([f"raise the {word} arm", "squat"]))
        torch.testing.assert_close(batch.text, wanted[batch.labels])


def test_balance_draws_classes_alike_and_none_as_they_are(tmp_path: Path) -> None:
    for balance, low, high in ((0.0, 0.03, 0.2), (1.0, 0.4, 0.6)):
        made = batches(tmp_path, balance=balance)
        drawn = Counter(int(k) for _ in range(10) for k in made.draw(40).labels)
        assert low < drawn[1] / 400 < high


def test_a_side_that_is_seen_is_said_every_second_time(
    tmp_path: Path,
) -> None:
    # The right leg is the one that moves in the made recordings.
    sequences = joined([load_packed(write_packed(tmp_path / "a.npz", ["front kick", "squat"]))])
    texts = class_texts(sequences.classes, HashEncoder(), descriptions={})
    config = TrainConfig(data=tmp_path, out=tmp_path, augmentation=Augmentation(mirror=0.5, invented=0.0))
    batch = Batches(sequences, texts, config=config, rng=np.random.default_rng(0)).draw(200)
    kicks = batch.labels == texts.names.index("front kick")
    said = ["front kick with the left leg", "front kick with the right leg", "front kick"]
    left, right, either = (
        kicks & (batch.text == torch.from_numpy(row)).all(dim=1) for row in HashEncoder().encode(said)
    )
    assert ((left | right | either) == kicks).all()
    assert 0.35 < either.sum() / kicks.sum() < 0.65
    reach = batch.positions[:, 0, :, [Joint.ANKLE_LEFT, Joint.ANKLE_RIGHT]].std(dim=1).sum(dim=-1)
    of_the_left = reach[:, 0] > reach[:, 1]
    assert of_the_left[left].float().mean() > 0.9
    assert of_the_left[right].float().mean() < 0.1
