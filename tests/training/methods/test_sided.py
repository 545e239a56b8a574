from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from streams.skeleton.errors import ConfigError
from training.augment import mirrored
from training.config import SidesConfig, TrainConfig, TransformerConfig
from training.methods.sided import SidedPgfa, SidedText
from training.model import embed

SIDES = SidesConfig(even=10, odd=6)
ENCODER = TransformerConfig(width=8, depth=2, heads=2, frames=12, patch=3, token_drop=0.5)
E = 16


def windows(count: int = 4, persons: int = 1) -> Tensor:
    return torch.randn(count, persons, 12, 25, 3, generator=torch.Generator().manual_seed(0))


def in_mirror(positions: Tensor) -> Tensor:
    """By the function that mirrors numpy windows, one at a time."""
    flat = positions.numpy().reshape(-1, *positions.shape[2:])
    return torch.from_numpy(np.stack([mirrored(window) for window in flat]).reshape(positions.shape))


@pytest.fixture
def model() -> SidedPgfa:
    torch.manual_seed(1)
    return SidedPgfa(ENCODER, dim=E, sides=SIDES, adapter=7)


@pytest.mark.parametrize("persons", [1, 2])
def test_a_mirror_negates_the_last_numbers_and_leaves_the_others(model: SidedPgfa, persons: int) -> None:
    x = windows(persons=persons)
    plain, mirror = embed(model, x), embed(model, in_mirror(x))
    torch.testing.assert_close(mirror[:, : SIDES.even], plain[:, : SIDES.even])
    torch.testing.assert_close(mirror[:, SIDES.even :], -plain[:, SIDES.even :])
    assert plain[:, SIDES.even :].abs().max() > 1e-2
    torch.testing.assert_close(plain.norm(dim=1), torch.ones(len(x)))


def test_a_text_in_the_mirror_has_its_last_numbers_negated() -> None:
    torch.manual_seed(2)
    side = SidedText(E, 7, sides=SIDES, layers=2)
    features = torch.nn.functional.normalize(torch.randn(5, 2 * E), dim=1)
    side.fit(features)
    torch.nn.init.normal_(side.even.weight)
    other = torch.cat([features[:, :E], -features[:, E:]], dim=1)
    rows, mirror = side(features), side(other)
    torch.testing.assert_close(mirror[:, : SIDES.even], rows[:, : SIDES.even])
    torch.testing.assert_close(mirror[:, SIDES.even :], -rows[:, SIDES.even :])
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(5))


def test_a_text_without_a_side_has_zeros_there() -> None:
    side = SidedText(E, 7, sides=SIDES)
    rows = side(torch.cat([torch.eye(E), torch.zeros(E, E)], dim=1))
    assert not rows[:, SIDES.even :].any()


def test_sides_need_an_encoder_that_leaves_out_twins() -> None:
    with pytest.raises(ConfigError, match="transformer and adapter"):
        TrainConfig(data=Path(), out=Path(), sides=SIDES, adapter=0)
