"""``anymove doctor``: a plain table of what is there and what is missing."""

import hashlib
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from streams.config import home, models_folder
from streams.skeleton.errors import AnymoveError, ConfigError, ModelFileError

PACKAGES = (
    "numpy",
    "pyzmq",
    "onnxruntime",
    "mediapipe",
    "tokenizers",
    "gradio",
    "fastapi",
    "uvicorn",
    "websockets",
)
PORT = 7860
LEAST_FREE_GB = 0.5


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    look: Callable[[], str]
    """What was found. It raises ``AnymoveError`` where something is wrong."""
    needed: bool = True
    """Nothing works without it."""


def python() -> str:
    """Version and system."""
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def packages() -> str:
    """Versions of the libraries that do the work."""
    found: list[str] = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            raise ConfigError(f"wanted the Python package {name}, found none; run make setup") from None
    return ", ".join(found)


def folder() -> str:
    """Where models and state are kept, and the room there is."""
    place = home()
    free_gb = shutil.disk_usage(place).free / 1e9
    if free_gb < LEAST_FREE_GB or not os.access(place, os.W_OK):
        raise ConfigError(
            f"wanted to write to {place} and {LEAST_FREE_GB} GB of room, got {free_gb:.1f} GB; "
            "make room, or name another folder with ANYMOVE_HOME"
        )
    return f"{place}, {free_gb:.0f} GB free"


def pose_model() -> str:
    """The pose model, checked by its hash."""
    from streams.pose_model import FILE_NAME, TASK_SHA256  # noqa: PLC0415 - only what is looked at is loaded

    path = models_folder() / FILE_NAME
    if not path.is_file():
        raise ModelFileError(f"wanted {path}, found none; run anymove setup")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != TASK_SHA256:
        raise ModelFileError(f"wanted SHA-256 {TASK_SHA256[:12]}…, got {found[:12]}…; run anymove setup")
    return f"{path.name}, SHA-256 as expected"


def text_encoder() -> str:
    """The exported text encoder, checked by its hashes."""
    from engine.text.sentence import MINILM, read_export  # noqa: PLC0415 - as above

    record = read_export(MINILM, MINILM.folder)
    return f"{record.id}, hashes as recorded"


def bundle() -> str:
    """The model bundle, checked by its hashes."""
    found = load_bundle(DEFAULT_BUNDLE)
    manifest = found.manifest
    seen = f"{len(manifest.seen_classes)} seen classes"
    return f"{manifest.name}, {manifest.method}, {seen}, {found.fingerprint[:12]}"


def backend() -> str:
    """What runs the encoder here, and why nothing else does; measured if it has not been."""
    from engine.backends.select import choose_backend  # noqa: PLC0415 - as above

    taken, choice = choose_backend(load_bundle(DEFAULT_BUNDLE))
    taken.close()
    others = [f"{name}: {why}" for name, why in choice.passed_over().items()]
    return "; ".join([f"{taken.name} in {taken.precision}, {choice.why}", *others])


def camera() -> str:
    """Cameras the system knows, and whether the first one opens."""
    known = sorted(path.name for path in Path("/dev").glob("video*")) if Path("/dev").is_dir() else []
    if sys.platform == "linux" and not known:
        raise ConfigError("no video device; the synthetic person stands in")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    from streams.sources.camera import open_device  # noqa: PLC0415 - as above

    first = open_device(0)
    opened = first.isOpened()
    first.release()
    if not opened:
        raise ConfigError(f"camera 0 does not open ({', '.join(known)}); the synthetic person stands in")
    return f"camera 0 opens ({', '.join(known) or 'no list of devices here'})"


def port() -> str:
    """Whether the page's usual port is free."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as error:
            raise ConfigError(f"127.0.0.1:{PORT}: {error.strerror}; run with --port 0 or another") from None
    return f"127.0.0.1:{PORT} is free"


CHECKS = (
    Check("Python", python),
    Check("packages", packages),
    Check("folder", folder),
    Check("pose model", pose_model),
    Check("text encoder", text_encoder),
    Check("model bundle", bundle),
    Check("backend", backend),
    Check("camera", camera, needed=False),
    Check("port", port, needed=False),
)


def examine(checks: tuple[Check, ...] = CHECKS) -> tuple[str, bool]:
    """The table, and whether everything needed is there."""
    rows: list[tuple[str, str, str]] = []
    sound = True
    for check in checks:
        try:
            rows.append(("ok", check.name, check.look()))
        except AnymoveError as error:
            rows.append(("missing" if check.needed else "note", check.name, str(error)))
            sound = sound and not check.needed
    width = max(len(name) for _, name, _ in rows)
    return "".join(f"{mark:8}{name:{width}}  {found}\n" for mark, name, found in rows), sound


def main(argv: list[str]) -> int:
    """0 if everything needed is there, else 1; the table goes to stdout."""
    if argv:
        sys.stdout.write("usage: anymove doctor\n\nLooks whether everything is there; no options.\n")
        return 0 if argv[0] in ("-h", "--help") else 2
    table, sound = examine()
    sys.stdout.write(table)
    return 0 if sound else 1
