import socket
from pathlib import Path

import pytest

from app import doctor
from app.doctor import Check, examine
from streams.skeleton.errors import ModelFileError


def _missing() -> str:
    raise ModelFileError("wanted the model, found none; run anymove setup")


def test_the_table_says_what_is_there_and_what_is_missing() -> None:
    table, sound = examine((Check("Python", lambda: "3.11"), Check("model", _missing)))
    assert not sound
    lines = table.splitlines()
    assert lines[0].split() == ["ok", "Python", "3.11"]
    assert lines[1].startswith("missing")
    assert lines[1].endswith("run anymove setup")


def test_what_is_not_needed_is_only_a_note() -> None:
    table, sound = examine((Check("camera", _missing, needed=False),))
    assert sound
    assert table.startswith("note")


def test_a_taken_port_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(doctor, "PORT", taken.getsockname()[1])
        table, _ = examine((Check("port", doctor.port, needed=False),))
    assert "--port" in table


def test_a_fresh_folder_has_no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    table, sound = examine(
        (Check("pose model", doctor.pose_model), Check("text encoder", doctor.text_encoder))
    )
    assert not sound
    assert table.count("missing") == 2
    (tmp_path / "models" / "pose_landmarker_full.task").write_bytes(b"half a download")
    assert "wanted SHA-256" in examine((Check("pose model", doctor.pose_model),))[0]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package-of-ours"))
    table, sound = examine((Check("packages", doctor.packages),))
    assert not sound
    assert "no-such-package-of-ours" in table


def test_status_follows_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: ("missing model\n", False))
    assert doctor.main([]) == 1
    assert capsys.readouterr().out == "missing model\n"
    assert doctor.main(["--help"]) == 0
    assert doctor.main(["--nonsense"]) == 2
