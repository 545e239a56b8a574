"""Counts and times, from any thread, in bounded memory."""

import json
import threading

import numpy as np
import pytest

from engine.telemetry import RESERVOIR, Telemetry


def test_counters_add_up():
    telemetry = Telemetry()
    telemetry.count("a")
    telemetry.count("a", 4)
    telemetry.count("b", 0)
    assert telemetry.counters() == {"a": 5, "b": 0}


def test_percentiles_are_those_of_the_samples():
    telemetry = Telemetry()
    values = np.random.default_rng(0).exponential(5.0, 500)
    for value in values:
        telemetry.observe("embed", value)
    found = telemetry.latencies_ms()["embed"]
    wanted = np.percentile(values, [50, 95, 99, 100])
    assert [found["p50"], found["p95"], found["p99"], found["max"]] == pytest.approx(wanted)
    assert found["n"] == 500


def test_only_the_latest_samples_count_but_all_are_counted():
    telemetry = Telemetry()
    for _ in range(RESERVOIR):
        telemetry.observe("embed", 1000.0)
    for _ in range(RESERVOIR):
        telemetry.observe("embed", 1.0)
    found = telemetry.latencies_ms()["embed"]
    assert (found["max"], found["n"]) == (1.0, 2 * RESERVOIR)


def test_instants_become_milliseconds():
    telemetry = Telemetry()
    telemetry.observe_ns("wait", begun_ns=1_000_000, ended_ns=4_500_000)
    assert telemetry.latencies_ms()["wait"]["p50"] == 3.5


def test_a_snapshot_is_json():
    telemetry = Telemetry()
    assert telemetry.snapshot() == {"counters": {}, "latencies_ms": {}}
    telemetry.count("a")
    telemetry.observe("b", 1.0)
    assert json.loads(json.dumps(telemetry.snapshot())) == telemetry.snapshot()


def test_no_count_of_any_thread_is_lost():
    telemetry = Telemetry()
    threads = [
        threading.Thread(target=lambda: [telemetry.count("a") for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert telemetry.counters() == {"a": 8000}
