from contextlib import closing
from pathlib import Path

import pytest

from streams.recorder import SessionRecorder
from streams.skeleton.errors import ConfigError, SourceError
from streams.sources import select
from streams.sources.recording import RecordingSource
from streams.sources.remote import RemoteSource
from streams.sources.returning import ReturningSource
from streams.sources.select import gives_pictures, open_source
from streams.sources.session import SessionSource
from streams.sources.synthetic import SyntheticSource
from streams.sources.synthetic_pair import SyntheticPairSource
from tests.streams.fakes import waving
from tests.streams.formats.written import kinect_v2_line


class FakeCamera:
    def __init__(self, index: int) -> None:
        if index == 9:
            raise SourceError("wanted camera 9, got none")
        self.name = f"camera:{index}"
        self.dropped = 0


@pytest.fixture(autouse=True)
def _no_real_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "CameraSource", FakeCamera)


@pytest.mark.parametrize(("text", "index"), [("0", 0), ("camera:0", 0), ("2", 2), ("camera:12", 12)])
def test_numbers_are_cameras(text: str, index: int) -> None:
    source = open_source(text)
    assert isinstance(source, ReturningSource)
    assert source.name == f"camera:{index}"
    assert gives_pictures(source)


@pytest.mark.parametrize("text", ["synthetic", "synthetic:standing", "synthetic:squat"])
def test_the_synthetic_person(text: str) -> None:
    source = open_source(text)
    assert isinstance(source, SyntheticSource)
    assert not gives_pictures(source)


@pytest.mark.parametrize("text", ["synthetic:two", "synthetic:two:squat,clap"])
def test_two_synthetic_people(text: str) -> None:
    assert isinstance(open_source(text), SyntheticPairSource)


def test_auto_is_a_camera_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_source("auto").name == "camera:0"
    monkeypatch.setattr(select, "CameraSource", lambda index: FakeCamera(9))
    assert isinstance(open_source("auto"), SyntheticSource)


def test_a_camera_asked_for_is_not_replaced_by_anything() -> None:
    with pytest.raises(SourceError, match="camera 9"):
        open_source("9")


def test_sensors_and_network_cameras_are_known_by_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_source("kinect:tcp://127.0.0.1:*")) as source:
        assert isinstance(source, RemoteSource)
        assert not gives_pictures(source)
    monkeypatch.setattr(select, "network_camera", lambda address: FakeCamera(len(address)))
    source = open_source("rtsp://a/b")
    assert isinstance(source, ReturningSource)
    assert gives_pictures(source)


def test_files_are_known_by_their_content(tmp_path: Path) -> None:
    session, table = tmp_path / "a.mp4", tmp_path / "b.session"
    with closing(SessionRecorder(session, source="test")) as recorder:
        recorder.write(waving(0.1)[0])
    table.write_text(kinect_v2_line(1) + kinect_v2_line(2))
    assert isinstance(open_source(str(session)), SessionSource)
    assert isinstance(open_source(str(table)), RecordingSource)
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"got text that begins 'a,b.* in line 1"):
        open_source(str(tmp_path / "c.csv"))
    (tmp_path / "d.mp4").write_bytes(bytes(range(256)))
    with pytest.raises(SourceError, match="no picture can be decoded"):
        open_source(str(tmp_path / "d.mp4"))


@pytest.mark.parametrize(
    "text", ["", "nonsense", "camera:", "camera:x", "-1", "/no/such/file.mp4", "kinect", "ftp://a/b"]
)
def test_what_is_no_source_is_answered_with_what_is(text: str) -> None:
    with pytest.raises(SourceError, match=r"wanted a camera .* check the spelling"):
        open_source(text)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(SourceError, match="is empty"):
        open_source(str(tmp_path / "a.mp4"))


@pytest.mark.parametrize(
    "text", ["0", "camera:1", "synthetic", "auto", "rtsp://a/b", "kinect:tcp://127.0.0.1:*"]
)
def test_only_files_can_be_played_fast(text: str) -> None:
    with pytest.raises(ConfigError, match="leave out --fast"):
        open_source(text, fast=True)


def test_an_endless_loop_is_not_played_fast(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a loop, which never ends"):
        open_source(str(tmp_path), fast=True, loop=True)
