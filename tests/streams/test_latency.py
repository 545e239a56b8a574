import numpy as np
import pytest

from streams.latency import StageTimes


def test_the_summary_is_that_of_the_durations() -> None:
    times = StageTimes()
    for ms in range(1, 101):
        times.add("pose", float(ms))
    assert times.summary()["pose"] == {
        "p50": pytest.approx(np.percentile(range(1, 101), 50)),
        "p95": pytest.approx(np.percentile(range(1, 101), 95)),
        "max": 100.0,
    }


def test_only_the_latest_count() -> None:
    times = StageTimes()
    for ms in (*[1e6] * 10, *[1.0] * 2048):
        times.add("pose", ms)
    assert times.summary()["pose"]["max"] == 1.0


def test_a_block_that_fails_is_measured_too() -> None:
    times = StageTimes()
    with pytest.raises(KeyError), times.measured("pose"):
        raise KeyError
    assert times.summary()["pose"]["max"] >= 0


def test_nothing_measured_is_nothing_said() -> None:
    assert StageTimes().summary() == {}
