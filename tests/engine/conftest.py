"""Fixtures shared by the engine's tests."""

import pytest

from engine.bundle import Bundle
from engine.text.encoders import TextEncoder, load_text_encoder, prepare_text_encoder
from streams.skeleton.errors import ModelFileError
from tests.engine.tiny_bundle import make_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of random weights (D 16, P 1, E 384); not to be changed."""
    return make_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    """The real text encoder; exported to a temporary folder where set-up has not been run."""
    try:
        return load_text_encoder("minilm")
    except ModelFileError:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANYMOVE_HOME", str(tmp_path_factory.mktemp("home")))
            prepare_text_encoder("minilm")
            return load_text_encoder("minilm")
