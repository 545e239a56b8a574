"""Nearer class rows are a higher risk, whatever the bundle's spread."""

import numpy as np
import pytest

from engine.text.confusion import CosineScale, confusion_risk, cosine_scale, pair_cosines


def rows(count: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, 2, 8)).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_cosines_are_the_mean_over_the_parts():
    one, other = rows(3, 0), rows(4, 1)
    found = pair_cosines(one, other)
    for k in range(3):
        for m in range(4):
            expected = np.mean([one[k, p] @ other[m, p] for p in range(2)])
            assert found[k, m] == pytest.approx(expected, abs=1e-6)


def test_the_scale_is_that_of_different_classes_alone():
    some = rows(30, 2)
    pairs = [pair_cosines(some[i : i + 1], some[j : j + 1]).item() for i in range(30) for j in range(i)]
    scale = cosine_scale(some)
    assert scale.mean == pytest.approx(np.mean(pairs), abs=1e-5)
    assert scale.deviation == pytest.approx(np.std(pairs), abs=1e-5)


def test_equal_rows_have_a_scale():
    assert np.isfinite(confusion_risk(1.0, cosine_scale(np.repeat(rows(1, 3), 4, axis=0))))


def test_risk_grows_with_the_cosine_and_stays_below_a_coin():
    scale = CosineScale(mean=0.2, deviation=0.25)
    risks = [confusion_risk(cosine, scale) for cosine in np.linspace(-1, 1, 21)]
    assert risks == sorted(risks)
    assert 0 < risks[0] < risks[-1] < 0.5
    wider = CosineScale(mean=0.2, deviation=0.5)
    assert confusion_risk(0.7, wider) < confusion_risk(0.7, scale)
