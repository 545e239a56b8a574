import subprocess
import sys
from types import SimpleNamespace

import pytest

import anymove
from streams.skeleton.errors import ConfigError

# What help must not load: it would make a newcomer wait.
HEAVY = ("torch", "mediapipe", "cv2", "gradio", "onnxruntime", "zmq", "numpy")


def test_help_lists_every_command_and_loads_nothing() -> None:
    code = (
        "import sys, anymove; anymove.main(['--help']);"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules];"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for command in anymove.COMMANDS:
        assert f"  {command} " in done.stdout


def test_no_command_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert anymove.main([]) == 0
    assert "usage: anymove" in capsys.readouterr().out


def test_an_unknown_command_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert anymove.main(["fly"]) == 2
    error = capsys.readouterr().err
    assert "'fly'" in error
    assert "run" in error


@pytest.mark.parametrize(
    ("arguments", "module", "passed_on"),
    [
        (["capture", "--source", "0"], "streams.__main__", ["--source", "0"]),
        (["engine"], "engine.__main__", []),
        (["eval", "set.npz", "--json"], "training.__main__", ["eval", "set.npz", "--json"]),
    ],
)
def test_options_reach_their_package(
    arguments: list[str], module: str, passed_on: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, list[str]]] = []

    def load(name: str) -> SimpleNamespace:
        return SimpleNamespace(main=lambda options: seen.append((name, options)))

    monkeypatch.setattr(anymove, "import_module", load)
    assert anymove.main(arguments) == 0
    assert seen == [(module, passed_on)]


def test_a_typed_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(options: list[str]) -> int:
        raise ConfigError("wanted a port, got 'x'; give a number")

    monkeypatch.setattr(anymove, "import_module", lambda name: SimpleNamespace(main=refuse))
    assert anymove.main(["run"]) == 2
    assert capsys.readouterr().err == "anymove: wanted a port, got 'x'; give a number\n"


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(anymove, "import_module", lambda name: SimpleNamespace(main=interrupted))
    assert anymove.main(["run"]) == 130
