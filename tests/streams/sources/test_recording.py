from pathlib import Path

import numpy as np
import pytest

from streams.formats.recording import Recording
from streams.skeleton.layouts import NTU_25
from streams.sources.recording import RecordingSource
from tests.streams.fakes import person_at


@pytest.fixture
def recording() -> Recording:
    offsets = np.arange(20, dtype=np.int64) * 33_000_000
    return Recording("test", NTU_25, "m", True, offsets, ((),) + ((person_at(0, track=3),),) * 19)


def test_every_frame_is_given_in_its_time(recording: Recording) -> None:
    source = RecordingSource(Path("a.skeleton"), recording, fast=True)
    frames = list(source)
    assert (source.name, source.live, source.dropped) == ("a.skeleton", False, 0)
    assert np.diff([frame.captured_ns for frame in frames]).tolist() == [33_000_000] * 19
    assert [len(frame.persons) for frame in frames] == [0] + [1] * 19
    assert frames[-1].persons[0].track == 3
    assert not frames[-1].smoothed


def test_a_loop_goes_on_until_it_is_closed(recording: Recording) -> None:
    source = RecordingSource(Path("a"), recording, fast=True, loop=True)
    times = []
    for frame in source:
        times.append(frame.captured_ns)
        if len(times) == 45:
            source.close()
    assert len(times) == 45
    assert (np.diff(times) > 0).all()


def test_in_real_time_it_is_live(recording: Recording) -> None:
    source = RecordingSource(Path("a"), recording)
    assert source.live
    source.close()
    assert list(source) == []
