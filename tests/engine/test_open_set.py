"""Probabilities sum to one, with the unnamed class among them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle import Calibration
from engine.open_set import probabilities

SCORES = st.lists(st.floats(-1, 1, width=32), max_size=20)
CALIBRATIONS = st.builds(Calibration, temperature=st.floats(0.01, 1.0), unknown_cosine=st.floats(-0.5, 0.9))


@given(SCORES, CALIBRATIONS)
def test_it_is_the_softmax_with_one_class_more(scores: list[float], calibration: Calibration):
    shares, unknown = probabilities(np.array(scores, np.float32), calibration)
    # Independent of the implementation: each share against each other one, by definition.
    logits = [s / calibration.temperature for s in (*scores, calibration.unknown_cosine)]
    wanted = [1.0 / sum(math.exp(min(700.0, other - mine)) for other in logits) for mine in logits]
    assert [*shares, unknown] == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert math.fsum([*shares, unknown]) == pytest.approx(1.0)


@given(SCORES, CALIBRATIONS)
def test_unknown_is_likeliest_where_no_class_is_above_its_constant(
    scores: list[float], calibration: Calibration
):
    shares, unknown = probabilities(np.array(scores, np.float32), calibration)
    best = max(scores, default=-math.inf)
    if best < calibration.unknown_cosine:
        assert unknown >= shares.max(initial=0.0)
    elif best > calibration.unknown_cosine:
        assert unknown <= shares.max()


@given(SCORES)
def test_better_scores_have_higher_shares(scores: list[float]):
    shares, _ = probabilities(np.array(scores, np.float32), Calibration())
    ranked = shares[np.argsort(scores)]
    assert all(low <= high for low, high in pairwise(ranked))


def test_without_classes_everything_is_unknown():
    shares, unknown = probabilities(np.empty(0, np.float32), Calibration())
    assert shares.shape == (0,)
    assert unknown == 1.0


def test_a_worked_number():
    shares, unknown = probabilities(np.array([0.3, 0.1]), Calibration(temperature=0.1, unknown_cosine=0.2))
    total = math.e**3 + math.e + math.e**2
    assert shares == pytest.approx([math.e**3 / total, math.e / total])
    assert unknown == pytest.approx(math.e**2 / total)
