import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from streams.recorder import SessionRecorder
from streams.session_file import MAGIC, MAX_PERSONS, SessionHeader, read_frames, read_header, summarize
from streams.skeleton.errors import SourceError, StoreError
from streams.sources.base import Picture, SkeletonFrame
from tests.streams.conftest import REPOSITORY
from tests.streams.fakes import person_at, waving

FRAME = 1_000_000_000 // 30


def record(path: Path, frames: list[SkeletonFrame]) -> None:
    with closing(SessionRecorder(path, source="test")) as recorder:
        for frame in frames:
            recorder.write(frame)


def read(path: Path) -> list[tuple[int, SkeletonFrame]]:
    with path.open("rb") as file:
        read_header(file, path)
        return list(read_frames(file))


def assert_same(read: SkeletonFrame, written: SkeletonFrame) -> None:
    assert len(read.persons) == len(written.persons)
    for ours, theirs in zip(read.persons, written.persons, strict=True):
        np.testing.assert_array_equal(ours.positions, theirs.positions)
        np.testing.assert_array_equal(ours.confidence, theirs.confidence)
        assert ours.track == theirs.track
    assert read.smoothed == written.smoothed
    assert read.identified == written.identified


def test_what_was_written_is_read_bit_by_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames: list[SkeletonFrame] = []
    for i in range(50):
        people = tuple(person_at(rng.normal(), track=None if k else i) for k in range(i % 3))
        frames.append(
            SkeletonFrame(
                people, captured_ns=10**15 + i * FRAME, smoothed=i % 2 == 0, identified=i % 3 == 0
            )
        )
    record(tmp_path / "a.session", frames)
    found = read(tmp_path / "a.session")
    assert [t for t, _ in found] == [f.captured_ns - 10**15 for f in frames]
    for (_, ours), theirs in zip(found, frames, strict=True):
        assert_same(ours, theirs)


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


@pytest.mark.parametrize("cut", range(1, 430, 37))
def test_a_torn_tail_costs_one_frame(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.session"
    record(path, waving(1.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    summary = summarize(path)
    record_bytes = (len(whole) - summarize_header(path)) // 30
    assert summary.frames == 30 - -(-cut // record_bytes)
    assert summary.torn_bytes == -cut % record_bytes
    assert len(read(path)) == summary.frames


def summarize_header(path: Path) -> int:
    with path.open("rb") as file:
        read_header(file, path)
        return file.tell()


def test_damage_in_the_middle_ends_the_session_there(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    record(path, waving(1.0))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(bytes(content))
    summary = summarize(path)
    assert 10 < summary.frames < 16
    assert summary.torn_bytes > 0


def test_a_recording_goes_on_behind_a_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    record(path, waving(1.0))
    path.write_bytes(path.read_bytes()[:-5])
    record(path, waving(1.0, begin_ns=77))
    times = [t for t, _ in read(path)]
    assert len(times) == 59
    assert summarize(path).torn_bytes == 0
    assert times[29] - times[28] == 1_000_000_000
    assert (np.diff(times) > 0).all()


def test_a_killed_process_loses_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    script = (
        "import os, signal, sys; from pathlib import Path; from streams.recorder import SessionRecorder\n"
        "from tests.streams.fakes import waving\n"
        "recorder = SessionRecorder(Path(sys.argv[1]), source='test')\n"
        "for frame in waving(2.0): recorder.write(frame)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=REPOSITORY, check=False)
    assert done.returncode < 0
    assert (summarize(path).frames, summarize(path).torn_bytes) == (60, 0)


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
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
            with pytest.raises(StoreError, match=r"No space left.* after 1 frames; make room"):
                recorder.write(frames[1])
        recorder.write(frames[2])
    summary = summarize(path)
    assert (summary.frames, summary.torn_bytes) == (2, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is none"),
        (b"anymove", "is none"),
        (MAGIC + b"\x09\x00\x02\x00\x00\x00{}", "version 1, got 9"),
        (MAGIC + b"\x01\x00\x02\x00\x00\x00{}\x00\x00\x00\x00", "damage"),
        (MAGIC + b"\x01\x00\xff\xff\xff\xff{}", "damage"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.session"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        summarize(path)
