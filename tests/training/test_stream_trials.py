"""Streams that are more than an order of samples, on features whose outcome is known."""

from dataclasses import replace

import numpy as np
import pytest

from engine.decision import Transition
from tests.training.test_stream_eval import drawn
from training.features import Features
from training.stream_eval import settings_by_encoder
from training.stream_trials import Recording, continuous, event_f1, generalised, growth, one_shot, soak


@pytest.fixture(scope="module")
def encoders() -> dict[str, Features]:
    return {f"e{seed}": drawn(seed) for seed in range(2)}


def test_examples_help_and_late_classes_catch_up(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    taught = one_shot(features, settings, draws=2)
    assert taught["example"] > taught["text"]
    grown = growth(features, settings, draws=2)
    assert grown["late"] > 0.5


def test_a_long_stream_holds_no_more_numbers_than_a_short_one(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    short, long = (soak(features, settings, updates=updates) for updates in (1000, 3000))
    assert len({*short["numbers_held"][2:], *long["numbers_held"][2:]}) == 1
    assert min(long["tenths"]) > 0.5


def test_events_of_a_continuous_stream_are_found_and_learnt(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    # Three windows a recording: long enough to be named.
    windows = np.repeat(features.windows, 3, axis=0)
    long = replace(features, windows=windows, owners=np.repeat(features.owners, 3))
    found = continuous(long, settings, draws=1)
    assert found["text-only"]["learnt"] == 0.0 < found["anchored"]["learnt"] <= found["anchored"]["events"]
    assert 0.2 < found["anchored"]["f1"] <= 1.0


def test_an_event_is_right_where_class_and_time_agree_and_once():
    second = 10**9

    def event(class_id: str, begun: int, ended: int) -> Transition:
        return Transition("e", "offset", "s", 0, class_id, 1.0, begun * second, ended * second)

    recordings = [Recording("a", 10 * second, 20 * second), Recording("b", 30 * second, 40 * second)]
    assert event_f1(recordings, [event("a", 10, 20), event("b", 31, 39)]) == 1.0
    assert event_f1(recordings, [event("b", 10, 20), event("b", 50, 60)]) == 0.0
    assert event_f1(recordings, [event("a", 10, 14), event("a", 15, 20)]) == 0.5
    assert event_f1(recordings, []) == 0.0


def test_seen_classes_compete_where_they_are_known(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    assert generalised(features, settings, draws=1) == {}
    other = drawn(7)
    both = replace(features, others=other.events, seen_classes=other.classes, seen_truth=other.truth)
    found = generalised(both, settings, draws=2)["anchored"]
    assert 0 <= found["ausuc"] <= 1
    assert min(found["seen"], found["unseen"]) <= found["h"] + 1e-9 <= 1
