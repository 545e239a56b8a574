"""The real processes, around a bundle that names whatever moves."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.bundle import Calibration, load_bundle, write_manifest
from engine.text.encoders import load_text_encoder, prepare_text_encoder
from streams.config import models_folder
from streams.skeleton.errors import ModelFileError
from tests.engine.tiny_bundle import make_tiny_bundle


@pytest.fixture(scope="session")
def easy_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, and an unnamed class that always loses: a single action is always named."""
    folder = tmp_path_factory.mktemp("bundle")
    made = make_tiny_bundle(folder)
    write_manifest(folder, replace(made.manifest, calibration=Calibration(unknown_cosine=-1.0)))
    return load_bundle(folder).folder


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh data folder with the text encoder that set-up has made, or one made now."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        try:
            load_text_encoder("minilm")
            prepared = models_folder()
        except ModelFileError:
            patch.setenv("ANYMOVE_HOME", str(tmp_path_factory.mktemp("prepared")))
            prepare_text_encoder("minilm")
            prepared = models_folder()
    (folder / "models").symlink_to(prepared, target_is_directory=True)
    return folder


@pytest.fixture
def home(prepared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without actions, which every process started from here uses."""
    (tmp_path / "models").symlink_to(prepared_home / "models", target_is_directory=True)
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_orphans() -> Iterator[Callable[[], list[psutil.Process]]]:
    """Gives the processes started since the test began; none may be left when it ends."""
    before = {process.pid for process in psutil.Process(os.getpid()).children(recursive=True)}

    def started() -> list[psutil.Process]:
        children = psutil.Process(os.getpid()).children(recursive=True)
        return [child for child in children if child.pid not in before]

    yield started
    _, left = psutil.wait_procs(started(), timeout=20)
    for process in left:
        process.kill()
    assert left == []
