"""What is said of a target follows from what was found."""

import pytest

from bench.bank_targets import Target, targets
from bench.common import RESULTS
from bench.report import read_results


@pytest.mark.parametrize(
    ("missed", "on_average", "verdict"),
    [
        (0.0, None, "reached"),
        (-1.0, -2.0, "reached"),
        (0.5, -0.2, "on average; the interval misses by 0.5"),
        (3.0, 1.25, "missed by 1.2"),
        (30.0, None, "missed by 30.0"),
    ],
)
def test_a_verdict_says_by_how_much(missed: float, on_average: float | None, verdict: str) -> None:
    assert Target("w", "f", missed, on_average).verdict == verdict


def test_every_line_of_the_results_at_hand_is_judged() -> None:
    assert (RESULTS / "bank.json").exists()
    found = targets(read_results()["bank"]["results"])
    assert len(found) == 16
    assert len({target.wanted for target in found}) == 16
