"""What the tests of capture share: settings, the shared folder, private addresses."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine must not make a test fail, nor one run differ from the next.
settings.register_profile("anymove", deadline=None, derandomize=True)
settings.load_profile("anymove")

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def shared() -> Path:
    """The folder of recordings beside the repository; tests that read it are skipped without it."""
    folder = Path(os.environ.get("ANYMOVE_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared recordings at {folder}; ANYMOVE_SHARED names another place")
    return folder


@pytest.fixture
def address() -> Iterator[str]:
    """An ipc address nobody else has; short, because its length is limited."""
    with tempfile.TemporaryDirectory(prefix="am") as folder:
        yield f"ipc://{folder}/s"
