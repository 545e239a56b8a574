import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.assignment import assign


@given(
    st.integers(0, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.floats(0, 1.5), min_size=columns, max_size=columns), min_size=0, max_size=5
        )
    )
)
def test_the_assignment_is_the_best_of_all(costs: list[list[float]]) -> None:
    columns = len(costs[0]) if costs else 0

    def worth(pairs: dict[int, int]) -> float:
        return sum(costs[row][column] - 1.0 for column, row in pairs.items())

    best = 0.0
    for choice in itertools.product(range(-1, len(costs)), repeat=columns):
        pairs = {column: row for column, row in enumerate(choice) if row >= 0}
        if len(set(pairs.values())) == len(pairs) and all(costs[r][c] < 1 for c, r in pairs.items()):
            best = min(best, worth(pairs))
    found = assign(costs)
    assert len(set(found.values())) == len(found)
    assert all(costs[row][column] < 1 for column, row in found.items())
    assert worth(found) == pytest.approx(best, abs=1e-9)
