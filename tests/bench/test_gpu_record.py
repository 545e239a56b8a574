"""The lines for docs/gpu-checks.md, made without a GPU."""

from pathlib import Path

import pytest

from bench.common import ROOT
from bench.gpu_record import BATCHES, Measured, measure, record
from engine.backends.select import REFERENCE
from streams.skeleton.errors import BackendUnavailableError
from tests.engine.tiny_bundle import make_tiny_bundle


def test_a_backend_is_timed_at_every_batch(tmp_path: Path):
    found = measure(make_tiny_bundle(tmp_path / "bundle"), REFERENCE, seconds=0.0)
    assert tuple(found.per_s) == BATCHES
    assert found.per_s[1] == pytest.approx(1e3 / found.one_ms)
    assert found.distance < 1e-5


def test_the_fraction_is_that_of_the_best_batch():
    measured = {"a": Measured(0.5, {1: 2e3, 64: 1e5}, 1e-4), "b": "no plan"}
    with_it, without = record(measured, {"a": 2e4}, 10**8).split("\n")
    # 1e5 windows of 1e8 operations are 1e13 of 2e13 a second.
    assert "| a | 0.500 | 100,000 at 64 | 1.0e-04 | 20,000 | 50.0% |" in with_it
    assert "| b | not run: no plan |" in without


def test_lines_fit_the_table_of_the_page():
    page = (ROOT / "docs" / "gpu-checks.md").read_text("utf-8")
    (head,) = [line for line in page.splitlines() if line.startswith("| date | commit |")]
    lines = record({"a": Measured(1.0, {1: 1e3}, 0.0), "b": "x"}, {"a": 1.0}, 1).split("\n")
    assert {line.count("|") for line in lines} == {head.count("|")}


def test_a_backend_that_is_not_here_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def missing() -> None:
        raise BackendUnavailableError("wanted an NVIDIA GPU, found none; it runs on the processor")

    monkeypatch.setattr("engine.backends.nvidia.require_gpu", missing)
    with pytest.raises(BackendUnavailableError):
        measure(make_tiny_bundle(tmp_path / "bundle"), "tensorrt")
