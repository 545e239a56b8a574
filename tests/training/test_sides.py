import numpy as np
import pytest

from streams.skeleton.errors import DataError
from streams.skeleton.layouts import Joint
from training.augment import mirrored
from training.grammar import motion_of
from training.sides import acting_side, known_sides, side_accuracy, sided_text


@pytest.mark.parametrize(("key", "limb"), [("wave", "arm"), ("raise arm", "arm"), ("kick forward", "leg")])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_that_acts_is_found_and_mirrors(key: str, limb: str, side: str) -> None:
    motion = motion_of(key, side, np.random.default_rng(0))
    positions = motion.positions[slice(*motion.active)]
    assert acting_side(positions, limb) == side  # pyright: ignore[reportArgumentType]
    other = {"left": "right", "right": "left"}[side]
    assert acting_side(mirrored(positions), limb) == other  # pyright: ignore[reportArgumentType]


def test_no_side_is_named_where_both_act() -> None:
    positions = np.zeros((10, 25, 3), np.float32)
    positions[:, [Joint.WRIST_LEFT, Joint.WRIST_RIGHT], 1] = np.linspace(0, 1, 10)[:, None]
    assert acting_side(positions, "arm") is None
    assert acting_side(positions, "leg") is None


def test_accuracy_counts_the_nearer_text() -> None:
    left, right = np.eye(2, dtype=np.float32)[:, None, None]
    rows = np.array([[[1, 0]], [[0.8, 0.6]], [[0, 1]], [[1, 0]]], np.float32)
    assert side_accuracy(rows, ["left", "left", "right", "right"], left=left, right=right) == 0.75
    with pytest.raises(DataError):
        side_accuracy(rows[:0], [], left=left, right=right)


def test_the_side_is_known_where_one_limb_acts_and_does_so_clearly() -> None:
    throw = np.zeros((20, 25, 3))
    throw[:, Joint.WRIST_RIGHT, 0] = np.linspace(0, 1, 20)
    both = throw.copy()
    both[:, Joint.WRIST_LEFT, 0] = np.linspace(0, 1, 20)
    labels = ("throwing a ball", "throwing a ball", "clapping hands")
    assert known_sides(labels, [throw, both, throw]) == ["right", None, None]


def test_a_text_is_said_of_a_side() -> None:
    assert sided_text("One arm flies up.", "right", "arm") == "One arm flies up, with the right arm."
    assert sided_text("side kick", "left", "leg") == "side kick with the left leg"
