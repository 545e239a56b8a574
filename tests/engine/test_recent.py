"""Pointing at what was seen: the right person, the right moments, nobody who stood still."""

import pytest

from engine.recent import MOST_TRACKS, MOST_WINDOWS, Recent
from streams.skeleton.errors import BankError
from tests.engine.fakes import window

HOP_NS = 200_000_000
END_NS = 1000 * HOP_NS


def _seen(recent: Recent, count: int, *, first: int = 0, idle: bool = False, **fields: object) -> int:
    """The instant of the last of ``count`` windows."""
    for number in range(first, first + count):
        recent.remember(
            window(captured_ns=number * HOP_NS, sequence=number, **fields),  # pyright: ignore[reportArgumentType]
            idle=idle,
        )
    return (first + count - 1) * HOP_NS


def test_nobody_is_not_somebody():
    with pytest.raises(BankError, match="got nobody"):
        Recent().last(stream=None, track=None, seconds=2.0, now_ns=0)


def test_the_first_the_middle_and_the_last_window_of_the_time_meant():
    recent = Recent()
    now_ns = _seen(recent, 20)
    found = recent.last(stream=None, track=None, seconds=1.0, now_ns=now_ns)
    assert [seen.sequence for seen in found] == [14, 17, 19]
    assert len(recent.last(stream=None, track=None, seconds=0.1, now_ns=now_ns)) == 1


def test_moments_without_movement_are_not_meant():
    recent = Recent()
    _seen(recent, 5)
    now_ns = _seen(recent, 5, first=5, idle=True)
    assert [w.sequence for w in recent.last(stream=None, track=None, seconds=1.5, now_ns=now_ns)] == [
        2,
        3,
        4,
    ]
    with pytest.raises(BankError, match="stood still"):
        recent.last(stream=None, track=None, seconds=0.5, now_ns=now_ns)


def test_a_person_can_be_named_and_is_else_the_one_seen_last():
    recent = Recent()
    _seen(recent, 3, track=1)
    now_ns = _seen(recent, 3, track=2, stream="other")
    for asked, track in (((None, None), 2), (("camera", None), 1), ((None, 1), 1), (("other", 2), 2)):
        found = recent.last(stream=asked[0], track=asked[1], seconds=1.0, now_ns=now_ns)
        assert {seen.track for seen in found} == {track}
    with pytest.raises(BankError):
        recent.last(stream="other", track=1, seconds=1.0, now_ns=now_ns)


def test_what_is_long_past_cannot_be_meant():
    recent = Recent()
    now_ns = _seen(recent, 3)
    assert recent.last(stream=None, track=None, seconds=1.0, now_ns=now_ns + 10_000_000_000)
    with pytest.raises(BankError, match="got nobody"):
        recent.last(stream=None, track=None, seconds=1.0, now_ns=now_ns + 10_000_000_001)


def test_a_clock_that_jumps_back_breaks_nothing():
    recent = Recent()
    _seen(recent, 3, first=1000)
    now_ns = _seen(recent, 3)
    assert recent.last(stream=None, track=None, seconds=1.0, now_ns=now_ns)


def test_memory_is_bounded():
    recent = Recent()
    for track in range(MOST_TRACKS + 5):
        _seen(recent, 3, track=track)
    held = recent._tracks  # pyright: ignore[reportPrivateUsage]
    assert len(held) == MOST_TRACKS
    _seen(recent, 1000, track=MOST_TRACKS)
    assert max(map(len, held.values())) <= MOST_WINDOWS
