"""OpenVINO says nothing to its maker, and what it cannot do is said."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from engine.backends import openvino as module
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError

_SCRIPT = """
import socket, sys
def refuse(*args, **named): raise SystemExit("the network was used")
socket.socket.connect = socket.getaddrinfo = refuse
from pathlib import Path
from engine.backends.openvino import OpenVinoBackend
from engine.bundle import load_bundle
backend = OpenVinoBackend(load_bundle(Path(sys.argv[1])))
backend.warm_up()
print([name for name in sys.modules if name.startswith("openvino_telemetry.")])
print("torch" in sys.modules)
"""


def test_it_sends_nothing_and_loads_no_torch(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory):
    try:
        version("openvino-telemetry")
    except PackageNotFoundError:
        pytest.skip("openvino-telemetry is not installed: nothing is there that could send")
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tiny_bundle.folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "PATH": ""},
    )
    assert (done.stdout.split("\n")[:2], done.stderr) == (["[]", "False"], "")
    assert list(home.iterdir()) == []


def test_a_missing_package_is_said(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(BackendUnavailableError, match=r"anymove\[openvino\]"):
        module.OpenVinoBackend(tiny_bundle)


def test_a_processor_without_bfloat16_is_said(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch):
    openvino = pytest.importorskip("openvino")
    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: ["FP32"])
    with pytest.raises(BackendUnavailableError, match="bfloat16, got FP32"):
        module.OpenVinoBackend(tiny_bundle, precision="bfloat16")
