import numpy as np
import pytest

from engine.bank.contract import BankSettings
from engine.bank.text_only import TextOnlyBank
from engine.bundle import Calibration
from engine.decision import Decider, DecisionConfig, Standing
from engine.open_set import probabilities
from engine.tuning import MOST_ODDS, TunedScores, Tuning
from streams.skeleton.errors import InputError
from tests.engine.fakes import unit_rows

TEMPERATURE = 0.07
TAUGHT, TYPED = unit_rows(1.0, 0.2), unit_rows(0.2, 1.0)
BETWEEN = unit_rows(1.0, 1.0)


@pytest.fixture
def bank() -> TextOnlyBank:
    made = TextOnlyBank(BankSettings(parts=1, dim=16, fingerprint="x"))
    made.add_class("taught", TAUGHT)
    made.add_class("typed", TYPED)
    made.show_example("taught", TAUGHT)
    return made


@pytest.mark.parametrize(("balance", "held"), [(0.5, [1, 0]), (-1.0, [0, 2]), (0.0, [0, 0])])
def test_the_kind_that_is_not_favoured_is_held_back(bank: TextOnlyBank, balance: float, held: list[int]):
    tuned = TunedScores(bank, temperature=TEMPERATURE)
    tuned.balance(balance)
    wanted = bank.score_one(BETWEEN) - np.array(held) * 0.5 * MOST_ODDS * TEMPERATURE
    np.testing.assert_allclose(tuned.of(BETWEEN), wanted, atol=1e-6)


@pytest.mark.parametrize("balance", [-1.0, -0.2, 0.2, 1.0])
def test_no_balance_makes_a_class_likelier_than_the_unnamed_one_was(bank: TextOnlyBank, balance: float):
    tuned, calibration = TunedScores(bank, temperature=TEMPERATURE), Calibration()
    _, before = probabilities(tuned.of(BETWEEN), calibration)
    tuned.balance(balance)
    _, after = probabilities(tuned.of(BETWEEN), calibration)
    assert after >= before


def test_teaching_is_noticed_once_told(bank: TextOnlyBank):
    tuned = TunedScores(bank, temperature=TEMPERATURE)
    tuned.balance(1.0)
    before = tuned.of(BETWEEN)
    bank.show_example("typed", TYPED)
    tuned.refresh()
    np.testing.assert_allclose(tuned.of(BETWEEN) - before, [0.0, -MOST_ODDS * TEMPERATURE], atol=1e-6)


def _begins(decider: Decider, probability: float, *, windows: int = 3) -> bool:
    state = "unknown"
    for number in range(windows):
        standing = Standing("s", 0, number * 10**8, ("w",), np.array([probability]), 1 - probability, False)
        state = decider.step(standing).state
    return state == "action"


def test_an_action_begins_at_its_own_threshold():
    config = DecisionConfig(smoothing_s=0.0)
    assert _begins(Decider(config), 0.6)
    strict = Decider(config)
    strict.thresholds = {"w": 0.8}
    assert not _begins(strict, 0.75)
    assert _begins(strict, 0.81)
    # It ends as far below its own threshold as others do below the standard one.
    assert _begins(strict, 0.71)
    assert not _begins(strict, 0.69)


@pytest.mark.parametrize(
    "raw",
    [
        {"balance": 2, "thresholds": {}},
        {"balance": 0, "thresholds": {"w": 0.2}},
        {"balance": float("nan"), "thresholds": {}},
        {"balance": 0},
        {"balance": "x", "thresholds": {}},
        [],
        None,
    ],
)
def test_what_is_no_tuning_is_refused(raw: object):
    with pytest.raises(InputError):
        Tuning.read(raw)
