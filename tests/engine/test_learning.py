"""An action in progress is one observation, however long it lasts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.bank.contract import BankSettings, Rows
from engine.bank.text_only import TextOnlyBank
from engine.decision import Transition
from engine.embedding import Embedded
from engine.learning import Learner
from tests.engine.fakes import unit_rows, window

WAVE, SQUAT = unit_rows(1.0), unit_rows(0.0, 1.0)
OFFSET = Transition("1", "offset", "camera", 0, "w", peak=0.6, began_ns=0, ended_ns=1)


class WatchedBank(TextOnlyBank):
    """Declines squats, absorbs the rest."""

    lessons: list[Rows]

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        self.lessons.append(embedding)
        return None if np.allclose(embedding, SQUAT) else "w"


@pytest.fixture
def bank() -> WatchedBank:
    bank = WatchedBank(BankSettings(parts=1, dim=16, fingerprint="test"))
    bank.lessons = []
    return bank


def seen(rows: Rows, **fields: Any) -> Embedded:
    return Embedded(window(**fields), rows, motion_m=1.0)


def test_windows_of_one_event_are_learnt_as_their_mean(bank: WatchedBank):
    learner = Learner(bank)
    for rows in (WAVE, SQUAT):
        learner.note("1", seen(rows))
    learner.absorb([replace(OFFSET, phase="onset")])
    assert bank.lessons == []
    learner.absorb([OFFSET])
    np.testing.assert_allclose(bank.lessons[0], (WAVE + SQUAT) / np.sqrt(2), atol=1e-6)
    assert learner.learnt == 1


def test_what_the_bank_declines_is_not_counted(bank: WatchedBank):
    learner = Learner(bank)
    learner.note("1", seen(SQUAT))
    learner.absorb([OFFSET])
    assert (len(bank.lessons), learner.learnt) == (1, 0)


@pytest.mark.parametrize("why", ["told", "frozen", "cancels out"])
def test_some_observations_are_not_learnt(bank: WatchedBank, why: str):
    learner = Learner(bank)
    learner.note("1", seen(WAVE, stream="camera", track=3))
    if why == "told":
        learner.told("camera", 3)
    elif why == "frozen":
        learner.frozen = True
    else:
        learner.note("1", seen(-WAVE, stream="camera", track=3))
    learner.absorb([OFFSET])
    assert bank.lessons == []


def test_being_told_of_one_track_leaves_the_others(bank: WatchedBank):
    learner = Learner(bank)
    learner.note("1", seen(WAVE, track=3))
    learner.told("camera", 4)
    learner.absorb([OFFSET])
    assert len(bank.lessons) == 1


def test_what_is_forgotten_is_not_learnt_later(bank: WatchedBank):
    learner = Learner(bank)
    learner.note("1", seen(WAVE))
    learner.forget([OFFSET])
    with pytest.raises(KeyError):
        learner.absorb([OFFSET])
    assert bank.lessons == []
