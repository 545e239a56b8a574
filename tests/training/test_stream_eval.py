"""The evaluation of banks, against slow references and streams whose outcome is known."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.select import BANKS
from training.bank_constants import fit_bank
from training.features import Features
from training.stream_eval import (
    OFFLINE,
    REJECTING,
    YARDSTICKS,
    Orders,
    compare,
    follow,
    follow_batches,
    follow_offline,
    new_bank,
    rules_of,
    settings_by_encoder,
)
from training.stream_metrics import CURVE, curve, judge, oscr, paired
from training.streams import MAIN, STREAMS


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


def test_encoders_that_hid_the_same_classes_are_not_measured_for_each_other():
    found = settings_by_encoder({"a.1": drawn(0), "a.2": drawn(1), "b.1": drawn(2)})
    assert found["a.1"] == found["a.2"] != found["b.1"]


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
    settings = settings_by_encoder(encoders)
    found = compare(encoders, settings, orders=Orders(yardsticks=2, others=1), tell=steps.append)
    assert json.loads(json.dumps(found)).keys() == {"settings", "streams"}
    assert len(steps) == sum(len(rules_of(stream)) for stream in STREAMS)
    for stream, rules in found["streams"].items():
        expected = {*BANKS, OFFLINE, REJECTING} - {"stata-1"} if stream in MAIN else set(YARDSTICKS)
        assert set(rules) == expected
        assert rules["text-only"]["balanced_less_text"] == (0.0, 0.0, 0.0)
        assert rules[OFFLINE]["regret"] == 0.0
        assert all(len(row["curve"]) == CURVE for row in rules.values())


def test_batches_are_named_with_what_is_in_them(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    order = STREAMS["shuffled"](features, np.random.default_rng(0))
    followed = follow_batches(features, order, settings, batch=16)
    assert followed.online.shape == followed.final.shape == (80, 5)
    text = (features.events[order, 0] @ features.classes[:, 0].T).argmax(axis=1)
    right = followed.online.argmax(axis=1) == features.truth[order]
    assert right.mean() >= (text == features.truth[order]).mean()
    # One sample more than fits goes with the last batch.
    assert len(follow_batches(features, order[:17], settings, batch=16).online) == 17


def test_offline_pgfa_that_rejects_leaves_out_what_is_below_the_threshold(encoders: dict[str, Features]):
    features = encoders["e0"]
    order = STREAMS["30 % unknown"](features, np.random.default_rng(0))
    everything = follow_offline(features, order, above=-1.0)
    np.testing.assert_array_equal(everything.final, follow_offline(features, order).final)
    assert (follow_offline(features, order, above=0.6).final != everything.final).any()


def test_a_curve_tells_of_each_stretch_what_was_right_there(encoders: dict[str, Features]):
    features, settings = encoders["e0"], settings_by_encoder(encoders)["e0"]
    order = STREAMS["30 % unknown"](features, np.random.default_rng(0))
    followed = follow(new_bank("text-only", features, settings), features, order)
    truth = np.append(features.truth, np.full(20, -1))[order]
    right = followed.online.argmax(axis=1) == truth
    first = np.arange(len(order)) < len(np.array_split(order, CURVE)[0])
    known = first & (truth >= 0)
    assert curve(followed, features, order)[0] == pytest.approx(right[known].mean())
