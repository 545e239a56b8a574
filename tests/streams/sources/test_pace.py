import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.pace import Pace, replay
from tests.streams.fakes import WAIT_S, waving

MS = 1_000_000


class Clock:
    """Time that passes only when told, or by waiting."""

    def __init__(self) -> None:
        self.ns = 10**12

    def __call__(self) -> int:
        return self.ns


def live(clock: Clock) -> Pace:
    return told(clock, Pace(fast=False, duration_s=10.0, now_ns=clock))


def told(clock: Clock, pace: Pace) -> Pace:
    def wait(timeout: float) -> bool:
        clock.ns += round(timeout * 1e9)
        return False

    pace._closed.wait = wait  # type: ignore[method-assign]
    return pace


def test_frames_are_held_back_until_they_are_due() -> None:
    clock = Clock()
    pace, start = live(clock), clock.ns
    for i in range(5):
        assert pace.instant(i * 100 * MS) == start + i * 100 * MS
        assert clock.ns == start + i * 100 * MS


def test_the_first_frame_is_due_at_once_wherever_the_file_begins() -> None:
    clock = Clock()
    assert live(clock).instant(7_000 * MS) == clock.ns


@given(st.integers(5, 150))
def test_a_slow_taker_gets_fresh_frames_and_the_rest_is_counted(busy_ms: int) -> None:
    clock = Clock()
    pace = live(clock)
    step = 33 * MS
    ages: list[int] = []
    for i in range(300):
        captured_ns = pace.instant(i * step)
        if captured_ns is not None:
            ages.append(clock.ns - captured_ns)
            clock.ns += busy_ms * MS
    assert len(ages) + pace.dropped == 300
    assert max(ages) <= step + MS
    assert len(ages) >= 300 * 33 / (busy_ms + 2 * 33)


def test_however_slow_the_taker_two_frames_a_second_are_given() -> None:
    clock = Clock()
    pace = live(clock)
    given = []
    for i in range(300):
        # Reading a frame alone takes longer than it lasts.
        clock.ns += 100 * MS
        if pace.instant(i * 33 * MS) is not None:
            given.append(i)
    assert len(given) > 10
    assert max(np.diff(given)) * 33 <= 533


def test_fast_playback_gives_everything_and_never_runs_ahead() -> None:
    clock = Clock()
    pace = Pace(fast=True, duration_s=10.0, now_ns=clock)
    instants = [pace.instant(i * 100 * MS) for i in range(101)]
    assert None not in instants
    assert np.diff(np.array(instants, np.int64)).tolist() == [100 * MS] * 100
    assert instants[-1] == clock.ns
    assert pace.dropped == 0


def test_a_long_recording_is_not_played_further_ahead_than_the_engine_takes() -> None:
    clock = Clock()
    pace = told(clock, Pace(fast=True, duration_s=7200.0, now_ns=clock))
    for second in range(7200):
        captured_ns = pace.instant(second * 1000 * MS)
        assert captured_ns is not None
        assert 0 <= clock.ns - captured_ns <= 3000 * 1000 * MS


def test_a_recording_slower_than_time_stays_within_what_the_engine_takes() -> None:
    clock = Clock()
    pace = told(clock, Pace(fast=True, duration_s=3000.0, now_ns=clock))
    instants: list[int] = []
    for second in range(3000):
        instant = pace.instant(second * 1000 * MS)
        assert instant is not None
        assert 0 <= clock.ns - instant <= 3300 * 1000 * MS
        instants.append(instant)
        clock.ns += 3000 * MS
    steps = np.diff(instants)
    assert (steps >= 1000 * MS).all()
    assert (steps > 1000 * MS).sum() <= 2


def test_closing_ends_the_wait_for_a_frame_far_ahead() -> None:
    pace = Pace(fast=False, duration_s=1e6)
    given: list[int | None] = []

    def take() -> None:
        pace.instant(0)
        given.append(pace.instant(10**15))

    thread = threading.Thread(target=take)
    thread.start()
    pace.close()
    thread.join(WAIT_S)
    assert given == [None]
    assert pace.closed


def test_replay_stops_when_closed_between_frames() -> None:
    pace = Pace(fast=True, duration_s=1.0)
    frames = [(f.captured_ns, f) for f in waving(1.0)]
    for count, _ in enumerate(replay(lambda: frames, pace, loop=True), start=1):
        if count == 3:
            pace.close()
    assert count == 3
