from pathlib import Path

import pytest

from tests.training.small_data import write_packed
from training.__main__ import main


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(tmp_path / "none.npz")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("anymove: wanted a packed motion set")
    assert captured.err.count("\n") == 1


def test_folder_that_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_packed(tmp_path / "a.npz", ["wave"])
    assert main(["eval", str(path), "--bundle", str(tmp_path)]) == 2
    assert "wanted a model bundle" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "export", "eval"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert command in capsys.readouterr().out
