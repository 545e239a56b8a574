"""The benches measure what they say, on a bundle of random weights."""

import threading
from collections import Counter
from pathlib import Path

from bench import backends, growth, scale
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
    assert set(found["backends"]) | set(found["not_run"]) == {*backends.BACKENDS, backends.EAGER}
    assert len(backends.summary(found)) == len(backends.BACKENDS) + 1


def test_cost_is_measured_at_every_number_of_actions(tmp_path: Path):
    found = growth.run(growth.GrowthConfig(bundle=tiny(tmp_path).folder, classes=(3, 40), repeats=12))
    for steps in found["banks"].values():
        assert list(steps) == ["3", "40"]
        assert all(step["score_ms"]["n"] == 2 for step in steps.values())
    assert len(growth.summary(found)) == 3


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
