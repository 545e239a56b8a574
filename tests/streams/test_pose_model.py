import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from streams import pose_model as module
from streams.pose_model import pose_model, prepare_pose_model, task_from_wheel
from streams.skeleton.errors import ModelFileError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def wheel(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pip_that(outcome: Any):
    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        run.commands.append(command)  # type: ignore[attr-defined]
        if isinstance(outcome, BaseException):
            raise outcome
        return subprocess.CompletedProcess(command, 1, "", outcome)

    run.commands = []  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("WARNING: x\nERROR: No matching distribution found", "No matching distribution"),
        ("", "exit code 1"),
        (subprocess.TimeoutExpired("pip", 600), "timed out"),
        (FileNotFoundError("no pip"), "no pip"),
    ],
)
def test_without_a_package_index_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, home: Path, outcome: Any, said: str
) -> None:
    run = pip_that(outcome)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(
        ModelFileError, match=rf"wanted the package mediapipe==0.10.21.*{said}.*--pose-model FILE"
    ):
        prepare_pose_model()
    # Once for a wheel that exists whatever runs here, once for this machine's own.
    assert ["--platform" in c for c in run.commands] == [True, False]
    assert list((home / "models").iterdir()) == []


def test_a_prepared_model_is_used_without_asking_anybody(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(subprocess, "run", pip_that(AssertionError("asked")))
    monkeypatch.setattr(module, "TASK_SHA256", module._sha256(b"the model"))
    (home / "models").mkdir(parents=True)
    (home / "models" / module.FILE_NAME).write_bytes(b"the model")
    assert prepare_pose_model() == home / "models" / module.FILE_NAME


def test_a_damaged_model_is_made_again(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(module, "_download", lambda folder: folder)
    monkeypatch.setattr(module, "task_from_wheel", lambda path: b"the model")
    monkeypatch.setattr(module, "TASK_SHA256", module._sha256(b"the model"))
    (home / "models").mkdir(parents=True)
    target = home / "models" / module.FILE_NAME
    target.write_bytes(b"the mo")
    assert prepare_pose_model().read_bytes() == b"the model"
    assert list((home / "models").iterdir()) == [target]


def test_a_model_that_came_out_different_is_not_kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(module, "_download", lambda folder: folder)
    monkeypatch.setattr(module, "task_from_wheel", lambda path: b"another model")
    with pytest.raises(ModelFileError, match="install the locked versions"):
        prepare_pose_model()
    assert list((home / "models").iterdir()) == []


def test_a_wheel_with_other_networks_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path / "m.whl", **{module._DETECTOR: b"x", module._LANDMARKER: b"y"})
    with pytest.raises(ModelFileError, match=r"wanted pose_detection.tflite of SHA-256 9ba9dd3d42ef"):
        task_from_wheel(path)


def test_a_wheel_without_networks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="wanted the pose networks"):
        task_from_wheel(wheel(tmp_path / "m.whl", readme=b"x"))
    (tmp_path / "n.whl").write_bytes(b"no zip")
    with pytest.raises(ModelFileError, match="wanted the pose networks"):
        task_from_wheel(tmp_path / "n.whl")


def test_files_in_the_task_are_whole_aligned_and_the_same_each_time(tmp_path: Path) -> None:
    files = {"pose_detector.tflite": b"d" * 1001, "pose_landmarks_detector.tflite": b"l" * 77}
    task = module._task(files)
    assert task == module._task(files)
    (tmp_path / "a.task").write_bytes(task)
    with zipfile.ZipFile(tmp_path / "a.task") as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == files
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    for content in files.values():
        assert task.index(content) % 64 == 0


def test_a_file_of_ones_own_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", pip_that(AssertionError("asked")))
    own = wheel(tmp_path / "own.task", a=b"x")
    assert pose_model(own) == own


def test_a_file_of_ones_own_must_be_there_and_a_task(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="got no file at"):
        pose_model(tmp_path / "none.task")
    (tmp_path / "x.task").write_bytes(b"x")
    with pytest.raises(ModelFileError, match="which is no zip; download it again"):
        pose_model(tmp_path / "x.task")
