import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import ShapeError, TimestampError
from streams.skeleton.resample import check_increasing, resample, uniform_times

steps = st.lists(st.floats(0.001, 1.0), min_size=1, max_size=30)


def walk(gaps: list[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2, 3) values at T irregular times."""
    times = np.cumsum([5.0, *gaps])
    return np.random.default_rng(seed).normal(size=(len(times), 2, 3)).astype(np.float32), times


@given(steps)
def test_samples_come_back_exactly(gaps: list[float]) -> None:
    values, times = walk(gaps)
    np.testing.assert_allclose(resample(values, times, times), values, atol=1e-6)


@given(steps, st.lists(st.floats(-3.0, 40.0), min_size=1, max_size=20))
def test_it_is_numpy_interp_of_every_coordinate(gaps: list[float], targets: list[float]) -> None:
    values, times = walk(gaps)
    found = resample(values, times, np.array(targets))
    for j, c in np.ndindex(2, 3):
        np.testing.assert_allclose(found[:, j, c], np.interp(targets, times, values[:, j, c]), atol=1e-5)


@given(steps, st.floats(-2, 2), st.floats(-2, 2))
def test_straight_movement_stays_straight_at_any_rate(
    gaps: list[float], speed: float, start: float
) -> None:
    times = np.cumsum([0.0, *gaps])
    values = (start + speed * times)[:, None]
    targets = np.linspace(times[0], times[-1], 17)
    np.testing.assert_allclose(resample(values, times, targets)[:, 0], start + speed * targets, atol=1e-4)


def test_both_ends_are_held() -> None:
    values, times = walk([0.1, 0.1])
    found = resample(values, times, np.array([times[0] - 9, times[-1] + 9]))
    np.testing.assert_array_equal(found, values[[0, -1]])


def test_one_sample_is_repeated() -> None:
    values, times = walk([0.1])
    found = resample(values[:1], times[:1], np.array([0.0, 5.0, 10.0]))
    np.testing.assert_array_equal(found, np.repeat(values[:1], 3, axis=0))


@given(st.floats(-100, 100), st.floats(0.1, 30), st.integers(2, 200))
def test_uniform_times_end_at_the_end_and_are_even(end_s: float, length_s: float, frames: int) -> None:
    times = uniform_times(end_s, length_s=length_s, frames=frames)
    assert len(times) == frames
    assert times[-1] == pytest.approx(end_s, abs=1e-9)
    np.testing.assert_allclose(np.diff(times), length_s / frames, atol=1e-9)
    assert times[0] > end_s - length_s


@pytest.mark.parametrize("bad", [[0.0, 0.1, 0.1], [0.0, 0.2, 0.1]])
def test_times_that_do_not_increase_are_named(bad: list[float]) -> None:
    with pytest.raises(TimestampError, match="at frame 2"):
        check_increasing(np.array(bad))


def test_times_that_are_not_finite_are_named() -> None:
    with pytest.raises(TimestampError, match="nan at frame 1"):
        check_increasing(np.array([0.0, np.nan, 1.0]))


@pytest.mark.parametrize(("count", "times"), [(0, 0), (3, 2)])
def test_lengths_must_agree(count: int, times: int) -> None:
    with pytest.raises(ShapeError, match="wanted T values and T times"):
        resample(np.zeros((count, 3)), np.arange(times, dtype=float), np.array([0.0]))
