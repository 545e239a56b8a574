from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from streams.skeleton.normalize import normalize
from tests.training.small_data import HashEncoder
from training import grammar_batches
from training.augment import Augmentation
from training.config import GrammarConfig, TrainConfig
from training.grammar import GrammarMotion, motion_of, sample_motion
from training.grammar_batches import GrammarBatches

MOTIONS = 16
FIRST = 7
NOTHING = Augmentation(mirror=1, yaw_deg=0, tilt_deg=0, limb=0, jitter_m=0, depth_m=0, hands_lost=0)


def made(
    draws: int = 0, first_label: int = FIRST, encoder: HashEncoder | None = None, **changes: object
) -> GrammarBatches:
    grammar = GrammarConfig(motions=MOTIONS, library=False)
    config = TrainConfig(data=Path(), out=Path(), grammar=grammar, **changes)  # pyright: ignore[reportArgumentType]
    return GrammarBatches(
        encoder or HashEncoder(),
        config=config,
        rng=np.random.default_rng(draws),
        first_label=first_label,
        progress=False,
    )


def pool() -> list[GrammarMotion]:
    """The motions a run of seed 0 draws from."""
    rng = np.random.default_rng([0, 1])
    return [sample_motion(rng) for _ in range(MOTIONS)]


def test_shapes() -> None:
    batch = made().draw(5)
    assert batch.positions.shape == (5, 1, 48, 25, 3)
    assert batch.text.shape == batch.negatives.shape == (5, 384)
    assert batch.labels.shape == (5,)
    assert batch.positions.dtype == batch.text.dtype == batch.negatives.dtype == torch.float32
    assert batch.labels.dtype == torch.int64
    assert torch.isfinite(batch.positions).all()


def test_the_run_decides_the_pool_and_the_generator_the_draws() -> None:
    one, same, other_draws = made().draw(8), made().draw(8), made(draws=1).draw(8)
    for name in ("positions", "text", "labels", "negatives"):
        assert torch.equal(getattr(one, name), getattr(same, name))
    assert not torch.equal(one.positions, other_draws.positions)
    other_pool = made(seed=3).draw(8)
    known = {tuple(row) for m in pool() for row in HashEncoder().encode(m.texts).tolist()}
    assert {tuple(row) for row in other_draws.text.tolist()} <= known
    assert not {tuple(row) for row in other_pool.text.tolist()} <= known


def test_labels_number_the_keys_from_the_first_label() -> None:
    keys = sorted({motion.key for motion in pool()})
    labels = made().draw(150).labels
    assert labels.min() >= FIRST
    assert labels.max() < FIRST + len(keys)
    assert len(labels.unique()) > len(keys) // 2
    assert torch.equal(made(first_label=100).draw(150).labels, labels + 93)


def test_sentences_are_those_of_the_motion_that_was_drawn() -> None:
    motions, encoder = pool(), HashEncoder()
    keys = sorted({motion.key for motion in motions})
    texts = {key: {t for m in motions if m.key == key for t in m.texts} for key in keys}
    wrong = {key: {t for m in motions if m.key == key for t in m.negatives} for key in keys}
    spoken = {text for group in (*texts.values(), *wrong.values()) for text in group}
    by_row = {tuple(encoder.encode([text])[0].tolist()): text for text in spoken}
    batch = made().draw(60)
    drawn: set[str] = set()
    for text, negative, label in zip(
        batch.text.tolist(), batch.negatives.tolist(), batch.labels.tolist(), strict=True
    ):
        key = keys[label - FIRST]
        assert by_row[tuple(text)] in texts[key]
        assert by_row[tuple(negative)] in wrong[key]
        drawn.add(by_row[tuple(text)])
    assert len(drawn) > len(keys)  # not always the same one


def test_every_sentence_is_encoded_once() -> None:
    asked: list[str] = []

    class Counting(HashEncoder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            asked.extend(texts)
            return super().encode(texts)

    made(encoder=Counting()).draw(4)
    wanted = {text for motion in pool() for text in (*motion.texts, *motion.negatives)}
    # In one order whatever the process: what stands beside a text in a batch may touch its last digits.
    assert asked == sorted(wanted, key=lambda text: (len(text), text))


def test_a_motion_without_negatives_has_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(rng: np.random.Generator) -> GrammarMotion:
        motion = sample_motion(rng)
        return replace(motion, negatives=() if "+" not in motion.key else motion.negatives)

    monkeypatch.setattr(grammar_batches, "sample_motion", silent)
    keys = sorted({motion.key for motion in pool()})
    assert 0 < sum("+" in key for key in keys) < len(keys)
    batch = made().draw(100)
    pairs = torch.tensor(["+" in keys[label - FIRST] for label in batch.labels.tolist()])
    assert pairs.any()
    assert torch.equal(batch.negatives.any(dim=1), pairs)


def test_keys_are_drawn_alike_and_combinations_less(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["often"] * 8 + ["seldom"] * 2 + ["one+other"] * 3 + ["one>other"] * 3)
    motion = motion_of("bow", "", np.random.default_rng(0))
    monkeypatch.setattr(grammar_batches, "sample_motion", lambda rng: replace(motion, key=next(names)))
    labels = made(first_label=0).draw(1000).labels
    share = torch.bincount(labels, minlength=4).double() / 1000
    # Sorted: often, one+other, one>other, seldom; 1 : 0.15 : 0.15 : 1.
    torch.testing.assert_close(share, torch.tensor([1, 0.15, 0.15, 1]).double() / 2.3, atol=0.05, rtol=0)


def test_windows_are_of_the_action_and_never_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance of a mirror is 1 here, which is for recordings: the grammar names sides itself."""
    seen: list[NDArray[np.float32]] = []
    motion = pool()[0]
    monkeypatch.setattr(grammar_batches, "sample_motion", lambda rng: motion)

    def first_window(sequence: NDArray[np.float32], *_: object, **settings: object) -> NDArray[np.float32]:
        seen.append(sequence)
        return sequence[:48]

    monkeypatch.setattr(grammar_batches, "random_window", first_window)
    window = made(augmentation=NOTHING).draw(1).positions[0, 0].numpy()
    first, last = motion.active
    kept = motion.positions[max(0, first - 10) : last + 10]
    np.testing.assert_allclose(seen[0], kept, atol=2e-3)  # half precision, metres
    assert seen[0].dtype == np.float32
    np.testing.assert_allclose(window, normalize(seen[0][:48]), atol=1e-5)
