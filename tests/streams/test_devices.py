import json
from pathlib import Path

import pytest

from streams import devices as module
from streams.devices import Device, devices, main


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    dev, names = tmp_path / "dev", tmp_path / "names"
    for number, name in ((10, "Depth"), (2, "Web Cam\n")):
        (dev / f"video{number}").parent.mkdir(exist_ok=True)
        (dev / f"video{number}").touch()
        (names / f"video{number}").mkdir(parents=True)
        (names / f"video{number}" / "name").write_text(name)
    (dev / "video").touch()
    (dev / "videotest").touch()
    (dev / "video3").touch()
    monkeypatch.setattr(module, "DEV", dev)
    monkeypatch.setattr(module, "NAMES", names)
    return tmp_path


def test_cameras_are_listed_by_number_with_their_names(machine: Path) -> None:
    found = devices(machine / "dev", machine / "names")
    assert found == (Device(2, "Web Cam", True), Device(3, "", True), Device(10, "Depth", True))
    assert devices(machine / "none", machine / "names") == ()


def test_the_command_prints_what_source_wants(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "--source 2  Web Cam" in capsys.readouterr().out
    assert main(["--json"]) == 0
    assert [device["number"] for device in json.loads(capsys.readouterr().out)] == [2, 3, 10]


def test_no_camera_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "DEV", tmp_path / "none")
    assert main([]) == 0
    assert "no video device here" in capsys.readouterr().out
