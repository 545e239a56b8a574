"""The histogram keeps sums by confidence, whatever the order, in bounded memory."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bank.histogram import FINEST, ConfidenceHistogram

BINS = 8
Observation = tuple[float, float]
observations = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.floats(0.01, 1.0)), min_size=1, max_size=60
)  # entropy, weight


def filled(seen: list[Observation], features: np.ndarray, bins: int = BINS) -> ConfidenceHistogram:
    histogram = ConfidenceHistogram(bins, features.shape[1])
    for (entropy, weight), feature in zip(seen, features, strict=True):
        histogram.add(entropy, feature, weight=weight)
    return histogram


def features_for(seen: list[Observation]) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(seen), 3)).astype(np.float32)


def by_key(histogram: ConfidenceHistogram) -> tuple[int, list[int], np.ndarray, np.ndarray]:
    order = np.argsort(histogram.keys)
    keys = histogram.keys[order].tolist()
    return histogram.level, keys, histogram.masses[order], histogram.sums[order]


@given(observations, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(seen: list[Observation], random: Random):
    features = features_for(seen)
    shuffled = list(range(len(seen)))
    random.shuffle(shuffled)
    one, other = filled(seen, features), filled([seen[i] for i in shuffled], features[shuffled])
    assert by_key(one)[:2] == by_key(other)[:2]
    np.testing.assert_allclose(by_key(one)[2], by_key(other)[2], atol=1e-9)
    np.testing.assert_allclose(by_key(one)[3], by_key(other)[3], atol=1e-9)


@given(observations)
def test_nothing_is_lost_and_memory_is_bounded(seen: list[Observation]):
    features = features_for(seen)
    histogram = filled(seen, features)
    weights = np.array([weight for _, weight in seen])
    assert len(histogram.keys) <= BINS
    assert len(set(histogram.keys.tolist())) == len(histogram.keys)
    assert histogram.total == pytest.approx(weights.sum())
    np.testing.assert_allclose(histogram.sums.sum(axis=0), weights @ features, atol=1e-6)
    np.testing.assert_allclose(histogram.most_certain(histogram.total), weights @ features, atol=1e-6)


@given(observations, st.floats(0.05, 1.0))
def test_the_most_certain_weigh_what_was_asked(seen: list[Observation], share: float):
    ones = np.ones((len(seen), 1), np.float32)
    histogram = filled(seen, ones)
    wanted = share * histogram.total
    assert histogram.most_certain(wanted)[0] == pytest.approx(wanted)


def test_the_most_certain_come_first_and_the_last_bin_counts_in_part():
    histogram = ConfidenceHistogram(4, 3)
    for entropy, feature in zip((0.9, 0.1, 0.5), np.eye(3, dtype=np.float32), strict=True):
        histogram.add(entropy, feature, weight=1.0)
    np.testing.assert_allclose(histogram.most_certain(1.0), [0, 1, 0])
    np.testing.assert_allclose(histogram.most_certain(1.25), [0, 1, 0.25])
    np.testing.assert_allclose(histogram.most_certain(2.5), [0.5, 1, 1])


def test_few_observations_are_kept_apart_however_close():
    histogram = ConfidenceHistogram(BINS, 1)
    for step in range(BINS):
        histogram.add(0.5 + step * 1e-5, np.ones(1, np.float32), weight=1.0)
    assert len(histogram.keys) == BINS
    assert histogram.level == FINEST


def test_the_ends_of_the_range_have_bins():
    histogram = ConfidenceHistogram(1, 1)
    histogram.add(0.0, np.ones(1, np.float32), weight=1.0)
    histogram.add(1.0, np.ones(1, np.float32), weight=1.0)
    assert histogram.total == 2.0
    assert histogram.keys.tolist() == [0]
