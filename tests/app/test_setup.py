from pathlib import Path

import pytest

from app import setup
from streams.skeleton.errors import ModelFileError


def test_every_step_says_what_it_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        setup, "STEPS", {"pose model": lambda: Path("a.task"), "text encoder": lambda: Path("b")}
    )
    assert setup.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" … ")[0] for line in lines] == ["pose model", "text encoder"]
    assert lines[0].endswith("a.task")


def test_a_step_that_fails_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise ModelFileError("wanted a package, got no network; connect once")

    monkeypatch.setattr(setup, "STEPS", {"pose model": fail})
    with pytest.raises(ModelFileError):
        setup.main([])


def test_it_takes_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["--help"]) == 0
    assert setup.main(["--fast"]) == 2
    assert "usage: anymove setup" in capsys.readouterr().out
