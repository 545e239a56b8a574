from dataclasses import dataclass

import pytest

from streams.command_line import parse
from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class _Settings:
    """Some settings."""

    hop_s: float = 0.2
    """Seconds."""

    def __post_init__(self) -> None:
        if self.hop_s <= 0:
            raise ConfigError(f"wanted a hop above 0 s, got {self.hop_s}; change --hop-s")


def test_arguments_become_settings() -> None:
    assert parse(_Settings, ["--hop-s", "0.5"], prog="x") == _Settings(0.5)
    assert parse(_Settings, [], prog="x") == _Settings()


def test_what_the_settings_refuse_is_one_typed_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="above 0 s, got -1"):
        parse(_Settings, ["--hop-s", "-1"], prog="x")
    assert capsys.readouterr().err == ""


def test_arguments_of_nobody_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(_Settings, ["--hup-s", "1"], prog="x")
    assert stopped.value.code == 2
    assert "hup" in capsys.readouterr().err
