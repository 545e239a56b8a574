"""A recorded session gives the events it gave when they were last looked at."""

import json

import pytest

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.text.encoders import TextEncoder, load_text_encoder
from streams.session_file import summarize
from tests.golden.replay import EVENTS, SESSION, replay


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return load_text_encoder(load_bundle(DEFAULT_BUNDLE).manifest.text_encoder.id)


def test_session_is_whole() -> None:
    summary = summarize(SESSION)
    assert summary.frames == 1800
    assert summary.torn_bytes == 0


def test_replay_gives_the_golden_events(encoder: TextEncoder) -> None:
    assert replay(SESSION, encoder) == json.loads(EVENTS.read_text("utf-8"))


def test_every_end_has_its_beginning(encoder: TextEncoder) -> None:
    open_name = None
    for event in replay(SESSION, encoder):
        if event["phase"] == "onset":
            assert open_name is None
            open_name = event["name"]
        else:
            assert event["name"] == open_name
            open_name = None
    assert open_name is None
