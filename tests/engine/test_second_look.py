import numpy as np
import pytest
from numpy.typing import NDArray

from engine.background import Background
from engine.bank.contract import BankSettings
from engine.bank.text_only import TextOnlyBank
from engine.bundle import Calibration
from engine.decision import DecisionConfig
from engine.past import MOST_MOMENTS, REMEMBERED_S, Moment, Past, moment_of
from engine.second_look import MOST_LISTED, SecondLook, look_again
from tests.engine.fakes import unit_rows, window

HOP_NS = 200_000_000
WAVE, HOP = unit_rows(1.0), unit_rows(0.0, 1.0)
NOTHING_ELSE = unit_rows(0.0, 0.0, 1.0)[None]


def _moments(*rows: object, idle: bool = False) -> list[Moment]:
    return [Moment("camera", 0, n * HOP_NS, row, idle, 1.0) for n, row in enumerate(rows)]  # type: ignore[arg-type]


def _look(moments: list[Moment], movements: NDArray[np.float32] = NOTHING_ELSE) -> SecondLook:
    bank = TextOnlyBank(BankSettings(parts=1, dim=16, fingerprint="x"))
    bank.add_class("w", WAVE)
    bank.add_class("new", HOP)
    config = DecisionConfig(smoothing_s=0.0)
    return look_again(
        bank,
        "new",
        moments,
        calibration=Calibration(),
        background=Background(movements),
        config=config,
        now_ns=len(moments) * HOP_NS,
    )


def test_what_was_done_before_it_was_named_is_found():
    look = _look(_moments(*[WAVE] * 5, *[HOP] * 5, *[WAVE] * 5, *[HOP] * 3))
    assert (look.total, look.windows) == (2, 18)
    newest, older = look.sightings
    assert (newest.began_ago_s, newest.duration_s) == (pytest.approx(0.6), pytest.approx(0.4))
    assert (older.began_ago_s, older.duration_s) == (pytest.approx(2.6), pytest.approx(0.8))
    assert older.probability > 0.9
    assert look.best_probability > 0.9
    assert look.looked_back_s == pytest.approx(3.6)


def test_what_another_action_is_stays_that():
    look = _look(_moments(*[WAVE] * 8))
    assert (look.sightings, look.total) == ((), 0)
    assert look.best_probability < 0.01


def test_what_nobody_means_is_nothing():
    near = unit_rows(0.0, 1.0, 0.5)
    look = _look(_moments(*[near] * 8), movements=near[None])
    assert (look.sightings, look.total) == ((), 0)


def test_whoever_stands_still_does_nothing():
    look = _look(_moments(*[HOP] * 8, idle=True))
    assert (look.total, look.best_probability, look.best_ago_s) == (0, 0.0, None)


def test_nothing_seen_is_nothing_found():
    assert _look([]) == SecondLook(0.0, 0, (), 0, 0.0, None)


def test_sightings_are_bounded_and_counted():
    look = _look(_moments(*([HOP] * 3 + [WAVE] * 3) * (MOST_LISTED + 5)))
    assert (len(look.sightings), look.total) == (MOST_LISTED, MOST_LISTED + 5)


def test_the_past_is_ten_minutes_long_and_bounded():
    past = Past()
    hop_ns = round(REMEMBERED_S * 1e9 / 100)
    for number in range(150):
        past.remember(moment_of(window(captured_ns=number * hop_ns), WAVE, idle=False))
    now_ns = 149 * hop_ns
    kept = past.last(seconds=REMEMBERED_S, now_ns=now_ns)
    assert [kept[0].captured_ns, kept[-1].captured_ns, len(kept)] == [49 * hop_ns, now_ns, 101]
    assert len(past.last(seconds=REMEMBERED_S / 10, now_ns=now_ns)) == 11
    for _ in range(MOST_MOMENTS + 10):
        past.remember(moment_of(window(captured_ns=now_ns), WAVE, idle=False))
    assert len(past.last(seconds=REMEMBERED_S, now_ns=now_ns)) == MOST_MOMENTS
