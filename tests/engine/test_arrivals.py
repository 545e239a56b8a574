"""What comes over a wire is checked, and what is missing is counted."""

from dataclasses import replace

import numpy as np
import pytest

from engine.arrivals import MOST_TRACKS, TrackLedger, check_arrival, check_stream
from streams.skeleton.errors import ShapeError, TimestampError, WireError
from streams.skeleton.window import Window
from tests.engine.fakes import window

NOW_NS = 10**13


def test_an_honest_window_passes():
    check_arrival(window(captured_ns=NOW_NS), received_ns=NOW_NS)
    check_arrival(window(captured_ns=NOW_NS - 10**9, track=2**53 - 1), received_ns=NOW_NS)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "\ud800", "\x00"])
def test_stream_names_that_are_no_topic_are_refused(name: str):
    with pytest.raises(WireError, match="wanted a stream name"):
        check_stream(name)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (window(captured_ns=NOW_NS, stream=""), WireError),
        (window(captured_ns=NOW_NS, track=-1), WireError),
        (window(captured_ns=NOW_NS, track=10**400), WireError),
        (window(captured_ns=NOW_NS, sequence=2**53), WireError),
        (replace(window(captured_ns=NOW_NS), source_fps=float("nan")), WireError),
        (replace(window(captured_ns=NOW_NS), source_fps=-1.0), WireError),
        (window(captured_ns=NOW_NS + 1), TimestampError),
        (window(captured_ns=NOW_NS - 3601 * 10**9), TimestampError),
        (window(captured_ns=-(10**400)), TimestampError),
        (window(np.ones((48, 25, 3), np.uint8), captured_ns=NOW_NS), ShapeError),
    ],
)
def test_what_no_capture_process_sends_is_refused(wrong: Window, error: type[Exception]):
    with pytest.raises(error, match="wanted"):
        check_arrival(wrong, received_ns=NOW_NS)


def test_gaps_in_a_tracks_sequence_are_what_was_replaced_before_it_was_sent():
    ledger = TrackLedger()
    gaps = [ledger.note(window(sequence=sequence)) for sequence in (3, 4, 7, 8, 20)]
    assert gaps == [0, 0, 2, 0, 11]
    assert ledger.missed(window()) == 13


def test_tracks_and_streams_are_counted_apart():
    ledger = TrackLedger()
    for track, sequence in ((0, 0), (1, 5), (0, 1), (1, 7)):
        ledger.note(window(track=track, sequence=sequence))
    ledger.note(window(stream="other", sequence=9))
    missed = [ledger.missed(window(track=track)) for track in (0, 1)]
    assert missed == [0, 1]


def test_what_was_replaced_here_is_added():
    ledger = TrackLedger()
    ledger.note(window(sequence=0))
    ledger.note(window(sequence=2))
    ledger.replaced(window())
    assert ledger.missed(window()) == 2


def test_a_sequence_that_begins_anew_is_another_process():
    ledger = TrackLedger()
    ledger.note(window(sequence=0))
    ledger.note(window(sequence=5))
    assert ledger.note(window(sequence=0)) == 0
    assert ledger.missed(window()) == 0


def test_the_ledger_forgets_the_track_unheard_of_for_longest():
    ledger = TrackLedger()
    ledger.note(window(track=0, sequence=0))
    for track in range(1, MOST_TRACKS + 1):
        ledger.note(window(track=track))
    assert ledger.note(window(track=0, sequence=9)) == 0
    assert ledger.note(window(track=MOST_TRACKS, sequence=9)) == 8
