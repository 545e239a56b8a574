import json
from pathlib import Path

import pytest

from streams.record_command import RecordConfig, main, record
from streams.session_file import read_frames, read_header, summarize
from streams.skeleton.errors import ConfigError, SourceError
from tests.streams.formats.written import ntu_text


def test_a_file_of_skeletons_is_recorded_whole(tmp_path: Path) -> None:
    source, path = tmp_path / "a.skeleton", tmp_path / "a.session"
    source.write_text(ntu_text([(), *[((0, -1.0), (1, 1.0))] * 20]))
    counters = record(RecordConfig(path, source=str(source), fast=True))
    assert counters["frames_recorded"] == summarize(path).frames == 21
    with path.open("rb") as file:
        header = read_header(file, path)
        frames = [frame for _, frame in read_frames(file, header)]
    assert [len(frame.persons) for frame in frames] == [0] + [2] * 20
    assert all(frame.identified for frame in frames)


def test_a_recording_ends_when_its_time_is_over_and_is_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.session"
    for _ in range(2):
        assert main([str(path), "--source", "synthetic:standing", "--seconds", "0.3"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["recorded"] == str(path)
    assert summarize(path).frames == first["frames_recorded"] + second["frames_recorded"]
    assert second["frames_recorded"] > 0


def test_what_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="check the spelling"):
        record(RecordConfig(tmp_path / "a", source="nothing"))
    assert not (tmp_path / "a").exists()
    with pytest.raises(ConfigError, match="up to a month"):
        RecordConfig(tmp_path / "a", seconds=0.0)
