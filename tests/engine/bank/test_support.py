"""What the support rules hold, beyond the contract."""

import numpy as np
import pytest

from engine.bank.contract import BankSettings
from engine.bank.support import SupportBank, T3aBank, TdaBank

SETTINGS = BankSettings(parts=1, dim=3, fingerprint="", temperature=0.1)


def _unit(*numbers: float) -> np.ndarray:
    row = np.array([numbers], np.float32)
    return (row / np.linalg.norm(row)).astype(np.float32)


def _filled(kind: type[SupportBank]) -> SupportBank:
    bank = kind(SETTINGS)
    bank.add_class("a", _unit(1, 0, 0))
    bank.add_class("b", _unit(0, 1, 0))
    return bank


def test_t3a_predicts_by_the_mean_of_text_and_support():
    bank = _filled(T3aBank)
    seen = _unit(0.9, 0.1, 0.4)
    assert bank.learn_one(seen) == "a"
    mean = _unit(*(_unit(1, 0, 0) + seen)[0])
    assert bank.score_one(seen)[0] == pytest.approx(float((mean * seen).sum()), abs=1e-6)


def test_tda_adds_to_the_cosines_what_lies_near_its_samples():
    bank = _filled(TdaBank)
    held, asked = _unit(0.9, 0.1, 0.4), _unit(0.8, 0.3, 0.4)
    bank.learn_one(held)
    near = float((held * asked).sum())
    expected = float(asked[0, 0]) + 2.0 * 0.1 * np.exp(-5.0 * (1.0 - near))
    assert bank.score_one(asked) == pytest.approx([expected, float(asked[0, 1])], abs=1e-6)


@pytest.mark.parametrize("kind", [T3aBank, TdaBank])
def test_the_least_certain_sample_gives_way_and_a_shown_one_last(kind: type[SupportBank]):
    bank = _filled(kind)
    bank.show_example("a", _unit(0, 0, 1))
    for step in range(kind.most + 5):
        assert bank.learn_one(_unit(1, 0.5 - 0.01 * step, 0)) == "a"
    snapshot = bank.snapshot()
    assert snapshot.meta["supported"].count("a") == kind.most
    assert (snapshot.arrays["entropies"] < 0).sum() == 1
    assert bank.learn_one(_unit(1, 0.6, 0)) is None
