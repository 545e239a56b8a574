import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import ConfigError, TimestampError
from streams.smoothing import OneEuro, OneEuroConfig, Smoother
from tests.streams.fakes import standing


def published(
    values: list[float], times: list[float], *, min_cutoff: float, beta: float, d_cutoff: float
) -> list[float]:
    """One coordinate by the paper's algorithm 1, line by line."""

    def alpha(step: float, cutoff: float) -> float:
        tau = 1.0 / (2 * math.pi * cutoff)
        return 1.0 / (1.0 + tau / step)

    x_hat, dx_hat, out = values[0], 0.0, [values[0]]
    for i in range(1, len(values)):
        step = times[i] - times[i - 1]
        dx = (values[i] - x_hat) / step
        dx_hat = alpha(step, d_cutoff) * dx + (1 - alpha(step, d_cutoff)) * dx_hat
        share = alpha(step, min_cutoff + beta * abs(dx_hat))
        x_hat = share * values[i] + (1 - share) * x_hat
        out.append(x_hat)
    return out


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.002, 0.4)), min_size=2, max_size=30),
    st.floats(0.1, 5),
    st.floats(0, 10),
)
def test_along_one_axis_it_is_the_published_filter(
    steps: list[tuple[float, float]], cutoff: float, beta: float
) -> None:
    values = [value for value, _ in steps]
    times = np.cumsum([step for _, step in steps]).tolist()
    one_euro = OneEuro(OneEuroConfig(min_cutoff_hz=cutoff, beta_per_m=beta, speed_cutoff_hz=1.0))
    found = [
        float(one_euro(np.array([[0.0, v, 0.0]]), t)[0, 1]) for v, t in zip(values, times, strict=True)
    ]
    expected = published(values, times, min_cutoff=cutoff, beta=beta, d_cutoff=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_still_joint_stays_where_it_is() -> None:
    one_euro = OneEuro()
    for i in range(30):
        np.testing.assert_array_equal(one_euro(standing(), i / 30), standing())


def test_jitter_of_a_still_body_shrinks_to_a_third() -> None:
    rng = np.random.default_rng(1)
    noisy = standing() + rng.normal(0, 0.01, (150, 25, 3)).astype(np.float32)
    one_euro = OneEuro()
    smooth = np.stack([one_euro(frame, i / 30) for i, frame in enumerate(noisy)])
    jitter, left = (np.linalg.norm(np.diff(x[30:], axis=0), axis=-1).mean() for x in (noisy, smooth))
    assert left < jitter / 3


def test_a_fast_joint_is_followed_closer_than_a_slow_one() -> None:
    def lag_s(speed_m_s: float) -> float:
        one_euro = OneEuro()
        for i in range(90):
            found = one_euro(np.full((1, 3), speed_m_s * i / 30), i / 30)
        return float((speed_m_s * 89 / 30 - found[0, 0]) / speed_m_s)

    assert lag_s(3.0) < lag_s(0.05) / 3
    assert lag_s(3.0) < 0.05


@given(st.floats(-np.pi, np.pi))
def test_no_direction_of_movement_is_favoured(angle: float) -> None:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    walk = np.random.default_rng(3).normal(0, 0.05, (20, 4, 3)).cumsum(axis=0)
    straight, turned = OneEuro(), OneEuro()
    for i, frame in enumerate(walk):
        expected = straight(frame, i / 30) @ turn.T
        np.testing.assert_allclose(turned(frame @ turn.T, i / 30), expected, atol=1e-5)


@pytest.mark.parametrize("again", [1.0, 0.5, float("nan")])
def test_time_must_go_on(again: float) -> None:
    one_euro = OneEuro()
    one_euro(standing(), 1.0)
    with pytest.raises(TimestampError, match="wanted a time after"):
        one_euro(standing(), again)


@pytest.mark.parametrize(
    "bad", [{"min_cutoff_hz": 0.0}, {"speed_cutoff_hz": -1.0}, {"beta_per_m": -0.1}], ids=str
)
def test_filters_that_pass_nothing_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        OneEuroConfig(**bad)


def test_tracks_do_not_disturb_each_other() -> None:
    both, alone = Smoother(), Smoother()
    far = standing() + np.float32(3)
    for i in range(5):
        moved = standing() + np.float32(0.1 * i)
        both(2, far, i / 30)
        np.testing.assert_array_equal(both(1, moved, i / 30), alone(1, moved, i / 30))


def test_a_track_that_was_away_starts_afresh() -> None:
    smoother = Smoother(forget_s=0.5)
    smoother(1, standing(), 0.0)
    far = standing() + np.float32(2)
    np.testing.assert_array_equal(smoother(1, far, 0.6), far)


def test_forgotten_tracks_take_no_memory() -> None:
    smoother = Smoother(forget_s=0.5)
    for i in range(200):
        smoother(i, standing(), float(i))
    assert len(smoother._filters) == 1
