"""The tables people read are those the result files give."""

import json

import numpy as np
import pytest

from bench.common import RESULTS, ROOT, percentiles
from bench.report import BLOCKS, PAGES, read_results, render


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_what_the_results_say(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert "<!-- generated: " in text
    assert render(text, read_results()) == text, "run `python -m bench.report`"


def test_every_result_names_its_command_and_machine() -> None:
    for path in RESULTS.glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        assert content["command"].startswith("python -m bench")
        assert content["machine"]["cpu"]
        assert content["commit"]


def test_without_results_every_block_says_so() -> None:
    for name, block in BLOCKS.items():
        assert name == "model" or block({}).endswith("not run.")


def test_only_blocks_are_replaced() -> None:
    page = "before\n<!-- generated: latency -->\nold\n<!-- end -->\nafter"
    assert render(page, {}) == (
        "before\n<!-- generated: latency -->\nLatency: not run.\n<!-- end -->\nafter"
    )


def test_percentiles_are_those_of_the_sorted_samples() -> None:
    samples = np.random.default_rng(0).permutation(101).astype(float).tolist()
    assert percentiles(samples) == {"n": 101, "p50": 50.0, "p95": 95.0, "p99": 99.0, "iqr": 50.0}
