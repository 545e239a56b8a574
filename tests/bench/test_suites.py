"""The benches measure what they say, on a bundle of random weights."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import backends, growth, persons, roofline, scale
from bench.engine_core import synthetic_windows
from bench.short import table
from engine.bundle import Bundle
from engine.client import PredictionReader
from engine.messages import Prediction
from tests.engine.running_engine import RunningEngine
from tests.engine.tiny_bundle import make_tiny_bundle
from tests.engine.wire_peers import short_endpoints


def tiny(folder: Path) -> Bundle:
    return make_tiny_bundle(folder / "bundle")


def test_backends_are_timed_beside_the_reference(tmp_path: Path):
    config = backends.BackendsConfig(
        bundle=tiny(tmp_path).folder, seconds=0.0, real_windows=tmp_path / "none"
    )
    found = backends.run(config)
    assert found["real_windows"] is None
    assert {backends.EAGER, "onnxruntime"} <= set(found["backends"])
    assert found["backends"][backends.EAGER]["speedup"] == 1.0
    assert found["backends"]["onnxruntime"]["distance"] == 0.0
    assert set(found["backends"]) | set(found["not_run"]) == {
        *backends.BACKENDS,
        backends.EAGER,
        backends.EAGER_ON_ONE_CORE,
    }
    assert len(backends.summary(found)) == len(backends.BACKENDS) + 2


def test_cost_is_measured_at_every_number_of_actions(tmp_path: Path):
    config = growth.GrowthConfig(bundle=tiny(tmp_path).folder, classes=(3, 40), repeats=12)
    found = growth.run(config)
    assert list(found["banks"]) == list(config.banks)
    for steps in found["banks"].values():
        assert list(steps) == ["3", "40"]
        assert all(step["score_ms"]["n"] == 2 for step in steps.values())
    assert len(growth.summary(found)) == 2


def test_cost_is_measured_at_every_number_of_people(tmp_path: Path):
    found = persons.run(persons.PersonsConfig(bundle=tiny(tmp_path).folder, tracks=(1, 3), repeats=12))
    assert list(found["tracks"]) == ["1", "3"]
    assert all(step["capture_frame_ms"]["n"] == 12 for step in found["tracks"].values())
    assert [what for what, _, _ in persons.summary(found)] == [
        "1 people side by side",
        "3 people side by side",
        "two persons in a window",
    ]


def test_operations_are_those_of_the_graphs_products(tmp_path: Path):
    bundle = tiny(tmp_path)
    window = np.zeros((1, 1, 48, 25, 3), np.float32)
    one = roofline.operations_of(bundle, window)
    assert roofline.operations_of(bundle, np.concatenate([window] * 3)) == 3 * one > 0
    found = roofline.run(roofline.RooflineConfig(bundle=bundle.folder, seconds=0.0))
    assert found["operations"] == one
    assert found["fraction"] > 0.0


def step_of(
    streams: int, *, age_ms: float = 10.0, fairness: float = 1.0, share: float = 1.0
) -> dict[str, Any]:
    per_s = 4.0 * streams * share
    return {"streams": streams, "age_ms": {"p95": age_ms}, "fairness": fairness, "predictions_per_s": per_s}


@pytest.mark.parametrize("wrong", [{"age_ms": 251.0}, {"fairness": 0.89}, {"share": 0.89}])
def test_the_search_ends_at_the_first_number_that_is_not_served(wrong: dict[str, float]):
    def measure(count: int) -> dict[str, Any]:
        return step_of(count, **(wrong if count > 130 else {}))

    steps = scale.search(measure, scale.ScaleConfig(streams=(1, 60), search_to=800))
    assert [step["streams"] for step in steps] == [1, 60, 90, 135]
    assert scale.most_served(steps, 4.0) == 90


def test_the_search_ends_where_it_was_told_to():
    config = scale.ScaleConfig(streams=(1, 60), search_to=100)
    assert [step["streams"] for step in scale.search(step_of, config)] == [1, 60, 90, 100]
    config = scale.ScaleConfig(streams=(1, 60), search_to=0)
    assert [step["streams"] for step in scale.search(step_of, config)] == [1, 60]


def test_every_stream_of_the_load_is_served(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    bundle = tiny(tmp_path)
    heard, enough = Counter[str](), threading.Event()

    def note(prediction: Prediction, transit_ms: float) -> None:
        heard[prediction.stream] += 1
        if len(heard) == 3 and min(heard.values()) >= 4:
            enough.set()

    with short_endpoints() as endpoints:
        engine = RunningEngine(bundle, endpoints, tmp_path)
        engine.start()
        reader = PredictionReader(endpoints, on_prediction=note)
        reader.start(10)
        load = scale._Load(endpoints, 3, rate=20.0, windows=synthetic_windows(4, bundle.manifest.window))
        load.start()
        assert enough.wait(30)
        load.stop()
        reader.close()
        engine.stop()
    assert set(heard) == set(load.names)
    assert load.counts["sent"] >= 12


def test_the_short_table_lines_up():
    lines = table([("a", "1 ms", "2 ms"), ("a longer one", "10 ms", "")]).split("\n")
    assert lines == [
        "what          measured  target",
        "a             1 ms      2 ms",
        "a longer one  10 ms",
    ]
