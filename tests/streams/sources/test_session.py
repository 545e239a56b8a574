from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from streams.recorder import SessionRecorder
from streams.session_block import as_stored
from streams.skeleton.errors import SourceError
from streams.sources.session import SessionSource
from tests.streams.fakes import waving, write_session


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "a.session"
    write_session(path, waving(0.5), each=5)
    return path


def test_two_replays_have_the_same_joints_bit_by_bit(session: Path) -> None:
    first, second = (list(SessionSource(session, fast=True)) for _ in range(2))
    assert len(first) == 15
    live = [as_stored(frame, begin_ns=0) for frame in waving(0.5)]
    for a, b, seen in zip(first, second, live, strict=True):
        assert a.persons[0].positions.tobytes() == b.persons[0].positions.tobytes()
        assert a.persons[0].positions.tobytes() == seen.persons[0].positions.tobytes()
        assert a.persons[0].confidence.tobytes() == b.persons[0].confidence.tobytes()


def test_time_goes_as_it_was_recorded(session: Path) -> None:
    source = SessionSource(session, fast=True)
    assert not source.live
    times = [frame.captured_ns for frame in source]
    assert (
        np.diff(times).tolist()
        == np.diff([as_stored(f, begin_ns=0).captured_ns for f in waving(0.5)]).tolist()
    )


def test_in_real_time_no_frame_comes_before_it_is_due(session: Path) -> None:
    source = SessionSource(session)
    assert source.live
    given = [frame.captured_ns for frame in source]
    assert len(given) + source.dropped == 15
    assert (given[-1] - given[0]) / 1e9 <= 14 / 30 + 1e-6


def test_a_loop_goes_on_in_time(session: Path) -> None:
    source = SessionSource(session, fast=True, loop=True)
    times: list[int] = []
    for frame in source:
        times.append(frame.captured_ns)
        if len(times) == 40:
            source.close()
    assert len(times) == 40
    assert (np.diff(times) > 0).all()
    assert times[15] - times[14] == 1_000_000_000


def test_a_torn_session_is_played_and_says_so(session: Path) -> None:
    session.write_bytes(session.read_bytes()[:-7])
    source = SessionSource(session, fast=True)
    assert source.summary.frames == 10
    assert source.summary.torn_bytes > 0
    assert len(list(source)) == 10


def test_a_session_without_frames_is_refused(tmp_path: Path) -> None:
    with closing(SessionRecorder(tmp_path / "a.session", source="test")):
        pass
    with pytest.raises(SourceError, match="wanted frames in"):
        SessionSource(tmp_path / "a.session")
