"""The evaluation of banks, against slow references and streams whose outcome is known."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.select import BANKS
from training.bank_constants import fit_bank
from training.features import Features
from training.stream_eval import (
    OFFLINE,
    compare,
    follow,
    follow_offline,
    growth,
    judge,
    new_bank,
    one_shot,
    oscr,
    paired,
    settings_by_encoder,
    soak,
)
from training.streams import STREAMS


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def drawn(seed: int, *, classes: int = 5, each: int = 16, dim: int = 24) -> Features:
    rng, truth = np.random.default_rng(seed), np.repeat(np.arange(classes), each)
    means = _unit(rng.normal(size=(classes, dim)))
    events = _unit(means[truth] + 0.5 * _unit(rng.normal(size=(len(truth), dim))))[:, None]
    texts = _unit(means + _unit(rng.normal(size=means.shape)))[:, None]
    others = _unit(rng.normal(size=(20, dim)))[:, None]
    names = np.array([f"c{k}" for k in range(classes)])
    return Features(events, truth, events, np.arange(len(truth)), texts, others, names, names[truth])


@pytest.fixture(scope="module")
def encoders() -> dict[str, Features]:
    return {f"e{seed}": drawn(seed) for seed in range(2)}


def test_constants_are_those_of_the_data_and_come_from_the_other_encoders(encoders: dict[str, Features]):
    settings = settings_by_encoder(encoders)
    first, second = encoders.values()
    assert settings["e0"].constants == fit_bank(second.events, second.classes, second.truth)
    assert settings["e1"].constants == fit_bank(first.events, first.classes, first.truth)
    found = settings["e0"].constants
    # |mean + noise|² = 1.25: a fifth is scatter. A text is the mean and as much of something else.
    assert found.within == pytest.approx(0.2, abs=0.03)
    assert found.between == pytest.approx(0.8, abs=0.05)
    assert found.anchor == pytest.approx(np.sqrt(0.8 / 2), abs=0.08)
    assert found.text_error == pytest.approx(0.8 - found.anchor**2, abs=0.05)


def test_a_rule_is_judged_by_what_it_said_before_it_learnt(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    order = STREAMS["shuffled"](features, np.random.default_rng(0))
    followed = follow(new_bank("pgfa-streaming", features, settings), features, order)
    bank = new_bank("pgfa-streaming", features, settings)
    for at, scores in zip(order, followed.online, strict=True):
        np.testing.assert_array_equal(bank.score_one(features.events[at]), scores)
        bank.learn_one(features.events[at])
    row = judge(followed, features, order)
    right = followed.online.argmax(axis=1) == features.truth[order]
    assert row["top1"] == pytest.approx(right.mean())
    by_class = [right[features.truth[order] == k].mean() for k in range(5)]
    assert row["balanced"] == pytest.approx(np.mean(by_class))
    assert row["worst"] == pytest.approx(min(by_class))
    assert "auroc" not in row


def test_offline_pgfa_says_the_same_of_a_sample_whenever_it_is_asked(encoders: dict[str, Features]):
    features = encoders["e0"]
    order = STREAMS["shuffled"](features, np.random.default_rng(0))
    followed = follow_offline(features, order)
    np.testing.assert_allclose(followed.online, followed.final[order], atol=1e-5)


def test_oscr_against_a_slow_reference():
    rng = np.random.default_rng(0)
    known, unknown, right = rng.normal(1, 1, 60), rng.normal(0, 1, 40), rng.random(60) < 0.7
    thresholds = np.sort(np.concatenate([known, unknown, [np.inf, -np.inf]]))[::-1]
    correct = [((known >= t) & right).mean() for t in thresholds]
    false = [(unknown >= t).mean() for t in thresholds]
    assert oscr(known, unknown, right) == pytest.approx(np.trapezoid(correct, false), abs=1e-6)


def test_differences_are_paired_and_their_interval_holds_them():
    text = [[{"x": 0.2}, {"x": 0.4}], [{"x": 0.6}, {"x": 0.8}]]
    better = [[{"x": row["x"] + 0.1} for row in group] for group in text]
    assert paired(better, text, "x") == pytest.approx((0.1, 0.1, 0.1))
    mean, low, high = paired([[{"x": 0.5}, {"x": 0.5}], [{"x": 0.5}, {"x": 0.5}]], text, "x")
    assert low < mean < high


def test_the_whole_comparison_is_json_safe_and_has_every_rule(encoders: dict[str, Features]):
    steps: list[str] = []
    found = compare(encoders, orders=1, tell=steps.append)
    assert json.loads(json.dumps(found)).keys() == {"settings", "streams"}
    assert len(steps) == len(STREAMS) * len(encoders)
    for rules in found["streams"].values():
        assert set(rules) == {*BANKS, OFFLINE}
        assert rules["text-only"]["balanced_less_text"] == (0.0, 0.0, 0.0)


def test_examples_help_and_late_classes_catch_up(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    taught = one_shot(features, settings, draws=2)
    assert taught["example"] > taught["text"]
    grown = growth(features, settings, draws=2)
    assert grown["late"] > 0.5
    assert asdict(settings)["parts"] == 1


def test_a_long_stream_holds_no_more_numbers_than_a_short_one(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    short, long = (soak(features, settings, updates=updates) for updates in (1000, 3000))
    assert short["numbers_held"] == long["numbers_held"]
    assert long["last"] > 0.5
