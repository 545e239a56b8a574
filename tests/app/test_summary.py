import pytest

from app.summary import Summary
from engine.messages import Action
from tests.app.fakes import prediction

WAVE = Action("a1", "wave", ("A person waves.",), "library")
IDLE = Action("a2", "idle", ("A person is called idle.",), "user")


def test_nothing_seen() -> None:
    assert Summary().result() == {
        "windows": 0,
        "most_frequent": None,
        "captions": {},
        "idle": 0.0,
        "unknown": 0.0,
        "latency_ms": None,
    }


def test_shares_sum_to_one_and_a_name_is_not_a_state() -> None:
    summary = Summary()
    for action, state, times in (
        (WAVE, "action", 5),
        (IDLE, "action", 2),
        (WAVE, "idle", 2),
        (WAVE, "unknown", 1),
    ):
        for _ in range(times):
            summary.add(prediction(action, state=state))
    result = summary.result()
    assert result["windows"] == 10
    assert result["most_frequent"] == "wave"
    assert result["captions"] == {"wave": 0.5, "idle": 0.2}
    assert (result["idle"], result["unknown"]) == (0.2, 0.1)


def test_latency_includes_the_way_here() -> None:
    summary = Summary()
    for decided_ms in (10.0, 20.0, 30.0):
        summary.add(prediction(WAVE, decided_ms=decided_ms), transit_ms=5.0)
    assert summary.result()["latency_ms"] == {"p50": 25.0, "p95": pytest.approx(34.0)}
