from pathlib import Path

import pytest

from streams.config import CaptureConfig, Endpoints, home, models_folder
from streams.skeleton.errors import ConfigError


def test_the_home_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b"
    assert models_folder() == tmp_path / "a" / "b" / "models"
    assert models_folder().is_dir()


def test_everything_stays_on_this_machine_unless_someone_decides_otherwise() -> None:
    endpoints = Endpoints()
    addresses = [endpoints.windows, endpoints.predictions, endpoints.control, endpoints.preview]
    assert all(address.startswith("tcp://127.0.0.1:") for address in addresses)
    assert len(set(addresses)) == 4


def test_a_private_folder_gives_four_addresses() -> None:
    endpoints = Endpoints.in_folder(Path("/run/x"))
    assert endpoints.windows == "ipc:///run/x/windows"
    assert endpoints.preview == "ipc:///run/x/preview"


@pytest.mark.parametrize(
    "bad",
    [
        {"stream": ""},
        {"stream": "x" * 65},
        {"stream": "a\nb"},
        {"hop_s": 0.0},
        {"hop_s": float("nan")},
        {"preview_fps": 0.0},
        {"engine_wait_s": 0.0},
    ],
    ids=str,
)
def test_settings_nobody_can_run_with_say_what_to_change(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"wanted .*, got .*; change --"):
        CaptureConfig(**bad)  # type: ignore[arg-type]
