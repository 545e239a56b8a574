"""The same features as the encoder's, asked for once."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.text.remembering import RememberingEncoder
from streams.skeleton.errors import InputError
from tests.engine.fakes import FakeEncoder


class Counting(FakeEncoder):
    def __init__(self) -> None:
        super().__init__("0" * 64)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if isinstance(texts, str):
            raise InputError("a lone string")
        self.asked += texts
        return super().encode(texts)


def test_features_are_the_encoders_and_computed_once():
    inner = Counting()
    encoder = RememberingEncoder(inner)
    expected = FakeEncoder("0" * 64).encode(["wave", "bow", "wave"])
    np.testing.assert_array_equal(encoder.encode(["wave", "bow", "wave"]), expected)
    np.testing.assert_array_equal(encoder.encode(["bow", "wave"]), expected[[1, 0]])
    assert inner.asked == ["wave", "bow"]
    assert (encoder.id, encoder.sha256, encoder.dim) == (inner.id, inner.sha256, inner.dim)


def test_what_is_known_is_never_asked_for():
    inner, row = Counting(), np.eye(1, 384, dtype=np.float32)[0]
    encoder = RememberingEncoder(inner, known={"wave": row}, capacity=1)
    np.testing.assert_array_equal(encoder.encode(["wave"]), row[None])
    assert inner.asked == []


def test_the_longest_unused_is_forgotten():
    inner = Counting()
    encoder = RememberingEncoder(inner, capacity=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        encoder.encode([text])
    assert inner.asked == ["a", "b", "c", "b"]
    assert encoder.encode(["p", "q", "r"]).shape == (3, 384)


def test_no_texts_have_no_features():
    assert RememberingEncoder(Counting()).encode([]).shape == (0, 384)


def test_a_lone_string_is_refused_as_the_encoder_does():
    with pytest.raises(InputError, match="lone"):
        RememberingEncoder(Counting()).encode("wave")
