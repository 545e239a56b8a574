"""What only one form of file has: units, states of tracking, identities, times."""

import json
from pathlib import Path

import numpy as np
import pytest

from streams.formats.azure_csv import read_azure_csv
from streams.formats.k4abt_json import read_k4abt_json
from streams.formats.kinect_v2_csv import read_kinect_v2_csv
from streams.formats.ntu_skeleton import read_ntu_skeleton
from streams.formats.pku_skeleton import read_pku_skeleton
from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import Joint
from tests.streams.formats.written import (
    at,
    azure_text,
    k4abt_text,
    kinect_v2_line,
    ntu_text,
    pku_text,
)

ONE = ((0, 0.0),)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_inferred_joints_are_not_believed(tmp_path: Path) -> None:
    for state, low, high in ((0, 0, 0), (1, 0.1, 0.49), (2, 1, 1)):
        ntu = read_ntu_skeleton(write(tmp_path / "a", ntu_text([ONE], state=state)))
        table = read_kinect_v2_csv(write(tmp_path / "b", kinect_v2_line(1, state=state)))
        for recording in (ntu, table):
            confidence = recording.persons[0][0].confidence
            assert (confidence >= low).all()
            assert (confidence <= high).all()


def test_a_joint_the_tracker_predicted_is_not_believed(tmp_path: Path) -> None:
    for level, wanted in ((0, 0.0), (1, 0.3), (2, 1.0), (None, 1.0)):
        recording = read_k4abt_json(write(tmp_path / "a", k4abt_text([ONE], level=level)))
        assert recording.persons[0][0].confidence == pytest.approx(np.full(25, wanted, np.float32))


@pytest.mark.parametrize("broken", ["\n25\n", "\n24\n", "\n", "\n-3\n"])
def test_a_body_of_other_joints_is_named(tmp_path: Path, broken: str) -> None:
    text = ntu_text([ONE, ONE]).replace("\n25\n", "\n26\n").replace("\n26\n", broken, 1)
    with pytest.raises(SourceError, match=r"in line \d+ of .*a.skeleton"):
        read_ntu_skeleton(write(tmp_path / "a.skeleton", text))


@pytest.mark.parametrize("count", ["7", "x", "1.0", "9999999999", "-1"])
def test_counts_that_are_none_are_refused(tmp_path: Path, count: str) -> None:
    rest = ntu_text([ONE]).split("\n", 2)[2]
    with pytest.raises(SourceError, match=r"wanted 0 to 6 bodies, got .* in line 2"):
        read_ntu_skeleton(write(tmp_path / "a", f"1\n{count}\n{rest}"))
    with pytest.raises(
        SourceError, match=r"wanted 0 to 1000000 frames, .* in line 1|got the end in line 30"
    ):
        read_ntu_skeleton(write(tmp_path / "a", f"{count}\n1\n{rest}"))


def test_no_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="wanted frames in"):
        read_ntu_skeleton(write(tmp_path / "a", "0\n"))


def test_what_follows_the_last_frame_is_told(tmp_path: Path) -> None:
    recording = read_ntu_skeleton(write(tmp_path / "a", ntu_text([ONE]) + "1\n2\n"))
    assert "2 lines after the last frame are ignored" in recording.notes


def test_millimetres_are_noticed_by_the_size_of_the_body(tmp_path: Path) -> None:
    text = "\n".join(" ".join(f"{v:.2f}" for v in at(0.3).ravel() * 1000) for _ in range(3))
    recording = read_pku_skeleton(write(tmp_path / "a", text))
    assert recording.unit == "mm"
    assert any("millimetres" in note for note in recording.notes)
    np.testing.assert_allclose(recording.persons[0][0].positions, at(0.3), atol=1e-4)


def test_metres_in_the_place_of_millimetres_are_noticed_too(tmp_path: Path) -> None:
    document = json.loads(k4abt_text([ONE]))
    body = document["frames"][0]["bodies"][0]
    body["joint_positions"] = (np.array(body["joint_positions"]) / 1000).tolist()
    recording = read_k4abt_json(write(tmp_path / "a", json.dumps(document)))
    assert recording.unit == "m"
    assert recording.persons[0][0].positions[Joint.HEAD, 1] == pytest.approx(0.72, abs=1e-4)
    assert read_k4abt_json(write(tmp_path / "b", k4abt_text([ONE]))).unit == "mm"


def test_a_single_body_a_line_is_read(tmp_path: Path) -> None:
    text = "\n".join(line.rsplit(" ", 75)[0] for line in pku_text([ONE, ONE]).split("\n") if line)
    recording = read_pku_skeleton(write(tmp_path / "a", text))
    assert [len(persons) for persons in recording.persons] == [1, 1]


def test_a_line_too_long_and_one_too_short_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    lines = pku_text([ONE] * 3).rstrip().split("\n")
    lines[1], lines[2] = lines[1] + " 0.5", lines[2].rsplit(" ", 1)[0]
    with pytest.raises(SourceError, match="wanted 150 numbers, got 151 in line 2"):
        read_pku_skeleton(write(tmp_path / "a", "\n".join(lines)))


def test_frames_that_repeat_a_time_are_left_out(tmp_path: Path) -> None:
    table = "".join(kinect_v2_line(t) for t in (100, 200, 200, 150, 300))
    recording = read_kinect_v2_csv(write(tmp_path / "a", table))
    assert recording.offsets_ns.tolist() == [0, 10_000, 20_000]
    assert "2 lines repeat a time" in recording.notes[0]
    document = json.loads(k4abt_text([ONE] * 3))
    document["frames"][1]["timestamp_usec"] = 0
    recording = read_k4abt_json(write(tmp_path / "b", json.dumps(document)))
    assert len(recording.persons) == 2


def test_a_body_that_is_nowhere_is_nobody(tmp_path: Path) -> None:
    text = pku_text([ONE, ONE]).split("\n")
    text[1] = text[1].replace("0.720000", "nan", 1)
    recording = read_pku_skeleton(write(tmp_path / "a", "\n".join(text)))
    assert [len(persons) for persons in recording.persons] == [1, 0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"timestamp_usec": 8000000',
            '"timestamp_usec": "soon"',
            "wanted microseconds, got 'soon' in frame 0",
        ),
        ('"bodies": [', '"bodies": 3, "were": [', "wanted a list of bodies, got 3 in frame 0"),
        ('"bodies": [', '"bodies": [7, ', "wanted a body, got 7 in frame 0"),
        (
            '"joint_positions": [',
            '"joint_positions": [[1, 2, 3], ',
            r"wanted \(32, 3\) numbers, got \(33, 3\)",
        ),
        ('"frames": [', '"frame": [', "wanted a list of frames, got NoneType"),
        ('"frames": [', '"frames": [[', r"wanted JSON, got .* in line \d+"),
    ],
)
def test_what_is_no_body_tracking_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_k4abt_json(write(tmp_path / "a.json", k4abt_text([ONE]).replace(old, new, 1)))


def test_a_table_may_begin_without_names(tmp_path: Path) -> None:
    named = azure_text([ONE] * 2)
    bare = named.split("\n", 1)[1]
    for text in (named, bare):
        assert len(read_azure_csv(write(tmp_path / "a", text)).persons) == 2
    with pytest.raises(SourceError, match="got only the names of joints"):
        read_azure_csv(write(tmp_path / "b", named.split("\n", 1)[0]))


@pytest.mark.shared
def test_real_people_face_the_sensor_and_stand_upright(shared: Path) -> None:
    for path in sorted((shared / "kinect").glob("Ges*.csv")):
        joints = np.stack([persons[0].positions for persons in read_kinect_v2_csv(path).persons])
        assert np.median(joints[:, Joint.HEAD, 1] - joints[:, Joint.SPINE_BASE, 1]) > 0.4
        assert np.median(joints[:, Joint.SHOULDER_LEFT, 0] - joints[:, Joint.SHOULDER_RIGHT, 0]) < -0.2
    joints = np.stack(
        [p[0].positions for p in read_azure_csv(shared / "kinect" / "azure_26_07_15_56_53.csv").persons]
    )
    assert np.median(joints[:, Joint.HEAD, 1] - joints[:, Joint.SPINE_BASE, 1]) > 0.3
    assert np.median(joints[:, Joint.SPINE_BASE, 2]) > 0.5
