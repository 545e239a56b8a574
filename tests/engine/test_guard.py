"""A poisoned stream is noticed, what it taught is taken back, and what people showed stays."""

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.anchored import AnchoredBank
from engine.bank.constants import BankConstants
from engine.bank.contract import BankSettings
from engine.bank.text_only import TextOnlyBank
from engine.guard import WATCHED, Guard
from engine.learning import Learner

CONSTANTS = BankConstants(within=0.2, text_error=0.6, between=0.8, anchor=0.5, stream_error=0.1)
SETTINGS = BankSettings(parts=1, dim=16, fingerprint="", unknown_cosine=0.2, constants=CONSTANTS)


def unit(*numbers: float) -> NDArray[np.float32]:
    row = np.zeros((1, 16))
    row[0, : len(numbers)] = numbers
    return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.fixture
def bank() -> AnchoredBank:
    bank = AnchoredBank(SETTINGS)
    bank.add_class("walk", unit(1.0))
    bank.add_class("bow", unit(0.0, 1.0))
    return bank


def live(guard: Guard, row: NDArray[np.float32], *, count: int, seed: int = 0) -> list[str | None]:
    """What was learnt of so many observations near a row."""
    rng = np.random.default_rng(seed)
    noisy = (row + 0.08 * rng.normal(size=(count, *row.shape)) for _ in range(1))
    return [guard.learn_one((x / np.linalg.norm(x)).astype(np.float32)) for rows in noisy for x in rows]


# What walking and bowing look like: both off their texts. Poison: bowing whose text label is "walk".
WALKING, BOWING, POISON = unit(0.7, 0.0, 0.7), unit(0.0, 0.7, 0.0, 0.7), unit(0.5, 0.4, 0.0, 0.75)


def test_a_sound_stream_is_left_alone(bank: AnchoredBank):
    guard = Guard(bank, least_cosine=0.2)
    for part in range(4):
        assert set(live(guard, WALKING, count=WATCHED, seed=part)) == {"walk"}
        assert set(live(guard, BOWING, count=WATCHED, seed=part)) == {"bow"}
    assert guard.rolled_back == 0


def test_a_poisoned_class_goes_back_to_what_it_knew_before(
    bank: AnchoredBank, caplog: pytest.LogCaptureFixture
):
    guard = Guard(bank, least_cosine=-1.0)
    live(guard, WALKING, count=WATCHED + 10)
    live(guard, BOWING, count=WATCHED + 10)
    before = bank.score_one(POISON)
    assert before.argmax() == 1
    with caplog.at_level(logging.WARNING, logger="engine.guard"):
        taught = live(guard, POISON, count=WATCHED)
    assert taught.count("walk") > 0.8 * WATCHED
    assert guard.rolled_back >= 1
    assert "walk" in caplog.text
    assert "agreement fell" in caplog.text
    assert bank.provenance("walk").observations < 1.8 * WATCHED
    assert bank.score_one(POISON).argmax() == 1


def test_a_mean_that_turns_away_from_its_text_goes_back_to_it(bank: AnchoredBank):
    guard = Guard(bank, least_cosine=0.9)
    live(guard, WALKING, count=WATCHED)
    assert guard.rolled_back >= 1
    assert bank.provenance("walk").moved <= 0.1


def test_what_people_showed_may_turn_a_mean_as_far_as_they_like(bank: AnchoredBank):
    guard = Guard(bank, least_cosine=0.9)
    bank.show_example("walk", unit(0.0, 0.0, 1.0))
    live(guard, WALKING, count=3)
    assert guard.rolled_back == 0


def test_what_somebody_has_reset_does_not_come_back(bank: AnchoredBank):
    guard = Guard(bank, least_cosine=-1.0)
    live(guard, WALKING, count=WATCHED + 10)
    live(guard, BOWING, count=WATCHED + 10)
    bank.reset("walk")
    live(guard, POISON, count=WATCHED - 1)
    assert bank.provenance("walk").observations < WATCHED


def test_a_learner_guards_a_bank_whose_classes_can_go_back_and_no_other(bank: AnchoredBank):
    learner = Learner(bank, least_cosine=0.9)
    assert learner.rolled_back == 0
    assert Learner(TextOnlyBank(SETTINGS)).rolled_back == 0


def test_recalling_nothing_leaves_text_and_examples(bank: AnchoredBank):
    bank.learn_one(WALKING)
    known = bank.absorbed("walk")
    bank.show_example("walk", BOWING)
    bank.recall("walk", None)
    assert bank.provenance("walk").observations == 0
    assert bank.provenance("walk").examples == 1
    bank.recall("walk", known)
    assert bank.provenance("walk").observations == pytest.approx(known.mass)
    assert bank.snapshot().arrays["totals"][0] == pytest.approx(known.total)
