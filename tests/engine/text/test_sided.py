from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.text.encoders import ENCODERS
from engine.text.sided import SIDED, SidedEncoder, mirrored_text
from tests.training.small_data import HashEncoder


class Counting(HashEncoder):
    """Remembers how many texts it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        return super().encode(texts)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("wave", "wave"),
        ("raise the left hand", "raise the right hand"),
        ("from left to right", "from right to left"),
        ("Left, then Right, then LEFT", "Right, then Left, then RIGHT"),
        ("leftwards, left-handed", "rightwards, right-handed"),
        ("turn clockwise", "turn counterclockwise"),
        ("stay upright in bright light, with the leftover copyright", None),
    ],
)
def test_texts_swap_their_sides_and_nothing_else(text: str, wanted: str | None) -> None:
    assert mirrored_text(text) == (wanted or text)
    assert mirrored_text(mirrored_text(text)) == text


def test_features_are_unit_rows_of_twice_the_length() -> None:
    encoder = SidedEncoder(HashEncoder())
    rows = encoder.encode(["wave", "wave the left hand"])
    assert rows.shape == (2, encoder.dim) == (2, 2 * HashEncoder().dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_the_mirror_negates_what_is_said_of_the_side_and_leaves_the_rest() -> None:
    left, right = SidedEncoder(HashEncoder()).encode(["wave the left hand", "wave the right hand"])
    half = len(left) // 2
    np.testing.assert_array_equal(left[:half], right[:half])
    np.testing.assert_array_equal(left[half:], -right[half:])
    assert np.abs(left[half:]).max() > 0.01


def test_a_text_without_a_side_says_nothing_of_one_and_is_encoded_once() -> None:
    plain = Counting()
    row = SidedEncoder(plain).encode(["stay upright"])[0]
    np.testing.assert_array_equal(row[: plain.dim], HashEncoder().encode(["stay upright"])[0])
    assert not row[plain.dim :].any()
    assert plain.asked == 1


def test_cosines_are_those_of_both_sides_together() -> None:
    texts = ["wave the left hand", "kick with the right leg", "squat"]
    plain, mirror = HashEncoder().encode(texts), HashEncoder().encode([mirrored_text(t) for t in texts])
    rows = SidedEncoder(HashEncoder()).encode(texts)
    np.testing.assert_allclose(rows @ rows.T, (plain @ plain.T + mirror @ mirror.T) / 2, atol=1e-6)


def test_every_encoder_has_a_sided_form() -> None:
    plain = {name for name in ENCODERS if not name.startswith(SIDED)}
    assert {name.removeprefix(SIDED) for name in ENCODERS if name.startswith(SIDED)} == plain
