import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from streams.inspection import inspect, main, table
from streams.skeleton.errors import ConfigError, SourceError
from streams.skeleton.layouts import NTU_25
from tests.streams.fakes import waving, write_session
from tests.streams.formats.written import FORMS, Written, ntu_text

ONE = ((0, 0.0),)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
def test_every_form_is_told_with_frames_bodies_layout_and_unit(form: Written, tmp_path: Path) -> None:
    path = tmp_path / "anything"
    path.write_text(form.text([ONE] * 31))
    finding = inspect(path)
    assert (finding.kind, finding.frames, finding.bodies_at_once) == (form.kind, 31, 1)
    assert finding.duration_s == pytest.approx(1.0, abs=0.01)
    assert finding.fps == pytest.approx(30, abs=0.01)
    assert finding.joints == {"ntu25": 25, "k4abt32": 32, "coco17": 17}[finding.layout or ""]
    assert finding.body_size_m == pytest.approx(1.32, abs=0.08)
    assert form.kind in table(finding)


def test_a_session_is_told_with_its_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_session(path, waving(0.5), each=5)
    path.write_bytes(path.read_bytes()[:-7])
    finding = inspect(path)
    assert (finding.kind, finding.frames) == ("recorded session", 10)
    assert finding.notes[0] == "recorded from test"
    assert "torn" in finding.notes[1]


def test_frames_with_nobody_and_people_told_apart_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(ntu_text([(), ONE, ((0, -1.0), (5, 1.0)), ()]))
    finding = inspect(path)
    assert (finding.bodies_at_once, finding.identities, finding.empty_frames) == (2, 2, 2)


def test_nobody_at_all_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(ntu_text([(), ()]))
    finding = inspect(path)
    assert (finding.bodies_at_once, finding.body_size_m, finding.empty_frames) == (0, None, 2)
    assert "nobody" in table(finding)


def test_mirrored_people_are_told(tmp_path: Path) -> None:
    names = NTU_25.mirrored()
    lines = ntu_text([ONE] * 20).split("\n")
    out = lines[:1]
    for start in range(1, len(lines) - 1, 28):
        joints = lines[start + 3 : start + 28]
        out += [*lines[start : start + 3], *(joints[i] for i in names)]
    path = tmp_path / "a"
    path.write_text("\n".join(out))
    assert any("look mirrored" in note for note in inspect(path).notes)


def test_the_command_prints_a_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.skeleton"
    path.write_text(ntu_text([ONE]))
    assert main([str(path)]) == 0
    assert "NTU RGB+D" in capsys.readouterr().out
    assert main([str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layout"] == "ntu25"


@pytest.mark.parametrize(
    ("content", "message"), [(None, "got none"), (b"", "empty"), (b"hello\n", "line 1")]
)
def test_what_is_nothing_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        inspect(path)


@pytest.mark.shared
def test_real_videos_are_told(shared: Path) -> None:
    finding = inspect(shared / "video" / "carlge_squat.mp4")
    assert (finding.kind, finding.frames, finding.size) == ("video", 85, (720, 1280))


def test_a_body_is_drawn_to_check_its_layout_by(tmp_path: Path) -> None:
    write_session(tmp_path / "a.session", waving(0.5))
    assert main([str(tmp_path / "a.session"), "--draw", str(tmp_path / "a.png")]) == 0
    picture = cv2.imread(str(tmp_path / "a.png"))
    assert picture is not None
    blue, orange = (
        np.argwhere(np.abs(picture[:, :720].astype(int) - colour).sum(axis=2) < 10)[:, 1].mean()
        for colour in ((255, 196, 88), (107, 159, 255))
    )
    # Who faces the sensor has the left on the right of the picture.
    assert blue > orange + 20


@pytest.mark.parametrize("name", ["a.nothing", "missing/a.png"])
def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    write_session(tmp_path / "a.session", waving(0.2))
    with pytest.raises(ConfigError, match="change --draw"):
        main([str(tmp_path / "a.session"), "--draw", str(tmp_path / name)])
