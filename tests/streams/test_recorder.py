import itertools
import lzma
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.recorder import SessionRecorder
from streams.session_block import FILTERS, MAX_PERSONS, decode_block, stored_quality
from streams.session_file import (
    MAGIC,
    SessionHeader,
    read_frames,
    read_header,
    summarize,
)
from streams.skeleton.errors import SourceError, StoreError
from streams.sources.base import Picture, SkeletonFrame
from streams.sources.synthetic import SyntheticSource
from tests.streams.conftest import REPOSITORY
from tests.streams.fakes import person_at, waving, write_session

FRAME = 1_000_000_000 // 30


def record(path: Path, frames: list[SkeletonFrame]) -> None:
    with closing(SessionRecorder(path, source="test")) as recorder:
        for frame in frames:
            recorder.write(frame)


def read(path: Path) -> list[tuple[int, SkeletonFrame]]:
    with path.open("rb") as file:
        header = read_header(file, path)
        return list(read_frames(file, header))


def assert_same(read: SkeletonFrame, written: SkeletonFrame) -> None:
    assert len(read.persons) == len(written.persons)
    for ours, theirs in zip(read.persons, written.persons, strict=True):
        assert ours.positions.tobytes() == theirs.positions.tobytes()
        assert ours.confidence.tobytes() == theirs.confidence.tobytes()
        assert ours.quality == theirs.quality
        assert ours.track == theirs.track
    assert read.smoothed == written.smoothed
    assert read.identified == written.identified


def moving(count: int, *, begin_ns: int = 10**15) -> list[SkeletonFrame]:
    rng = np.random.default_rng(0)
    frames: list[SkeletonFrame] = []
    for i in range(count):
        people = tuple(
            replace(
                person_at(rng.normal(), track=None if k else i % 4),
                confidence=rng.random(25).astype(np.float32),
                quality=None if k else stored_quality(rng.random()),
            )
            for k in range(i % 3)
        )
        now_ns = begin_ns + i * FRAME + int(rng.integers(0, 9999))
        frames.append(SkeletonFrame(people, now_ns, smoothed=i % 2 == 0, identified=i % 3 == 0))
    return frames


def test_what_is_read_is_what_the_recorder_said_it_would_store(tmp_path: Path) -> None:
    frames = moving(50)
    with closing(SessionRecorder(tmp_path / "a.session", source="test")) as recorder:
        stored = [recorder.as_stored(frame) for frame in frames]
        for frame in frames:
            recorder.write(frame)
    found = read(tmp_path / "a.session")
    assert [t for t, _ in found] == [f.captured_ns - frames[0].captured_ns for f in stored]
    for (_, ours), theirs, seen in zip(found, stored, frames, strict=True):
        assert_same(ours, theirs)
        for person, before in zip(ours.persons, seen.persons, strict=True):
            np.testing.assert_allclose(person.positions, before.positions, atol=0.0005001)
            np.testing.assert_allclose(person.confidence, before.confidence, atol=0.005001)


def test_storing_what_is_stored_changes_nothing(tmp_path: Path) -> None:
    with closing(SessionRecorder(tmp_path / "a.session", source="test")) as recorder:
        for frame in moving(20):
            once = recorder.as_stored(frame)
            assert_same(recorder.as_stored(once), once)


def test_a_day_of_one_person_stays_below_200_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    source = SyntheticSource("synthetic", realtime=False)
    write_session(path, list(itertools.islice(source, 30 * 20)))
    assert path.stat().st_size / 20 * 86_400 < 200e6


def test_the_summary_says_how_much_there_is(tmp_path: Path) -> None:
    record(tmp_path / "a.session", waving(2.0))
    summary = summarize(tmp_path / "a.session")
    assert summary.header == SessionHeader(source="test")
    assert (summary.frames, summary.torn_bytes) == (60, 0)
    assert summary.duration_s == pytest.approx(59 / 30)


def test_no_picture_reaches_the_file(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    frames = [
        SkeletonFrame(f.persons, f.captured_ns, picture=Picture(rgb, f.captured_ns)) for f in waving(1.0)
    ]
    record(tmp_path / "a.session", frames)
    content = (tmp_path / "a.session").read_bytes()
    assert len(content) < 30 * 450
    assert rgb[0, :4].tobytes() not in content


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_torn_tail_costs_the_last_second(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.session"
    write_session(path, waving(4.0))
    path.write_bytes(path.read_bytes()[:-cut])
    summary = summarize(path)
    assert summary.frames == 90
    assert summary.torn_bytes > 0
    assert len(read(path)) == 90


def test_damage_in_the_middle_ends_the_session_there(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    write_session(path, waving(10.0))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(bytes(content))
    summary = summarize(path)
    assert 90 <= summary.frames <= 180
    assert summary.torn_bytes > 0


def test_a_recording_goes_on_behind_a_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    write_session(path, waving(2.0))
    path.write_bytes(path.read_bytes()[:-5])
    record(path, waving(1.0, begin_ns=77))
    times = [t for t, _ in read(path)]
    assert len(times) == 60
    assert summarize(path).torn_bytes == 0
    assert times[30] - times[29] == 1_000_000_000
    assert (np.diff(times) > 0).all()


def test_a_session_of_the_first_version_is_read_and_not_continued(tmp_path: Path) -> None:
    old = Path(__file__).parent / "first_version.session"
    summary = summarize(old)
    assert (summary.header.version, summary.frames, summary.torn_bytes) == (1, 60, 0)
    path = tmp_path / "old.session"
    path.write_bytes(old.read_bytes())
    with pytest.raises(SourceError, match="got one of version 1"):
        SessionRecorder(path, source="test")
    assert path.read_bytes() == old.read_bytes()


def test_a_killed_process_loses_a_second_at_most(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    script = (
        "import os, signal, sys; from pathlib import Path; from streams.recorder import SessionRecorder\n"
        "from tests.streams.fakes import waving\n"
        "path = Path(sys.argv[1]); recorder = SessionRecorder(path, source='test')\n"
        "header = path.stat().st_size\n"
        "for frame in waving(2.0): recorder.write(frame)\n"
        "while path.stat().st_size == header: pass\n"
        "for frame in waving(1.0, begin_ns=3 * 10**9): recorder.write(frame)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=REPOSITORY, check=False)
    assert done.returncode < 0
    assert summarize(path).frames in (60, 90)
    assert summarize(path).torn_bytes == 0


@given(st.binary(max_size=300))
def test_noise_is_no_block(noise: bytes) -> None:
    assert decode_block(noise) is None
    assert decode_block(lzma.compress(noise, format=lzma.FORMAT_RAW, filters=FILTERS)) is None


def test_a_crowd_beyond_the_format_is_counted(tmp_path: Path) -> None:
    people = tuple(person_at(float(i)) for i in range(MAX_PERSONS + 3))
    with closing(SessionRecorder(tmp_path / "a.session", source="test")) as recorder:
        recorder.write(SkeletonFrame(people, captured_ns=0))
        assert recorder.persons_left_out == 3
    assert len(read(tmp_path / "a.session")[0][1].persons) == MAX_PERSONS


def test_only_the_owner_may_read_a_recording(tmp_path: Path) -> None:
    record(tmp_path / "a.session", waving(0.1))
    if os.name == "posix":
        assert (tmp_path / "a.session").stat().st_mode & 0o077 == 0


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious.txt"
    path.write_text("precious")
    with pytest.raises(SourceError, match="wanted a recorded session"):
        SessionRecorder(path, source="test")
    assert path.read_text() == "precious"


def test_a_folder_that_is_missing_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"wanted to record to .*No such file.*--record"):
        SessionRecorder(tmp_path / "none" / "a.session", source="test")


def test_a_full_disk_is_an_error_in_words_and_tears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.session"
    write = os.write
    frames = waving(0.2)
    with closing(SessionRecorder(path, source="test")) as recorder:
        recorder.write(frames[0])
        recorder.flush()
        recorder.write(frames[1])
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
            recorder.flush()
        with pytest.raises(StoreError, match=r"No space left.* after 2 frames; make room"):
            recorder.write(frames[2])
    summary = summarize(path)
    assert (summary.frames, summary.torn_bytes) == (1, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is none"),
        (b"anymove", "is none"),
        (MAGIC + b"\x09\x00\x02\x00\x00\x00{}", "version 1 to 2, got 9"),
        (MAGIC + b"\x01\x00\x02\x00\x00\x00{}\x00\x00\x00\x00", "damage"),
        (MAGIC + b"\x01\x00\xff\xff\xff\xff{}", "damage"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.session"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        summarize(path)
