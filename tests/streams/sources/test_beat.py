import itertools

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.sources import beat
from streams.sources.beat import Beat


def test_as_fast_as_taken_no_frame_is_left_out() -> None:
    due = list(itertools.islice(Beat(30, realtime=False).due_ns(), 100))
    assert None not in due
    assert set(np.diff(np.array(due, np.int64))) == {round(1e9 / 30)}


def test_in_real_time_a_late_frame_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = itertools.chain([0, 0], itertools.repeat(10**9))
    monkeypatch.setattr(beat.time, "monotonic_ns", lambda: next(now_ns))
    made = Beat(10, realtime=True)
    found = list(itertools.islice(made.due_ns(), 12))
    assert found == [0, *[None] * 8, 900_000_000, 1_000_000_000, 1_100_000_000]
    assert made.dropped == 8


def test_it_ends_when_closed() -> None:
    made = Beat(30, realtime=True)
    due = made.due_ns()
    next(due)
    made.close()
    assert list(due) == []


@pytest.mark.parametrize("fps", [0.0, 241.0, float("nan")])
def test_rates_no_source_has_are_refused(fps: float) -> None:
    with pytest.raises(SourceError, match="1 to 240 frames a second"):
        Beat(fps, realtime=False)
