import numpy as np
import pytest

from app.meter import Percentiles, Rate

SECOND = 1_000_000_000


def test_rate_counts_intervals_not_events() -> None:
    rate = Rate(window_s=3.0)
    for frame in range(31):
        rate.count(frame * SECOND // 30)
    assert rate.per_second(SECOND) == pytest.approx(30.0)


def test_rate_needs_two_events_and_forgets() -> None:
    rate = Rate(window_s=2.0)
    rate.count(0)
    assert rate.per_second(0) == 0.0
    rate.count(SECOND)
    assert rate.per_second(SECOND) == pytest.approx(1.0)
    assert rate.per_second(4 * SECOND) == 0.0


def test_rate_of_events_at_one_instant_is_finite() -> None:
    rate = Rate()
    rate.count(5)
    rate.count(5)
    assert np.isfinite(rate.per_second(5))


def test_rate_keeps_a_bounded_number_of_instants() -> None:
    rate = Rate(window_s=1000.0, capacity=10)
    for frame in range(90):
        rate.count(frame * SECOND)
    for frame in range(10):
        rate.count(90 * SECOND + frame * SECOND // 10)
    # Were the slow ones before still there, the rate would be about 1.
    assert rate.per_second(91 * SECOND) == pytest.approx(10.0)


def test_percentiles_match_numpy_on_the_newest_samples() -> None:
    samples = np.random.default_rng(0).normal(size=300)
    percentiles = Percentiles(capacity=100)
    for sample in samples:
        percentiles.add(sample)
    assert percentiles.at(50, 95) == pytest.approx(tuple(np.percentile(samples[-100:], [50, 95])))


def test_percentiles_of_nothing() -> None:
    assert Percentiles().at(50) is None
