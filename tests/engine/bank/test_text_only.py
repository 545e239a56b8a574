"""The text-only bank never learns."""

import numpy as np

from engine.bank.contract import BankSettings
from engine.bank.text_only import TextOnlyBank


def test_neither_the_stream_nor_examples_change_a_score():
    bank = TextOnlyBank(BankSettings(parts=1, dim=3, fingerprint=""))
    text, other = np.eye(3, dtype=np.float32)[:1], np.eye(3, dtype=np.float32)[1:2]
    bank.add_class("a", text)
    bank.add_class("b", other)
    seen = np.array([[0.6, 0.8, 0.0]], np.float32)
    before = bank.score_one(seen)
    assert bank.learn_one(seen) is None
    bank.show_example("a", seen)
    np.testing.assert_array_equal(bank.score_one(seen), before)
    assert bank.provenance("a").observations == 0.0
    assert bank.provenance("a").moved == 0.0


def test_scores_are_mean_cosines_to_the_texts():
    bank = TextOnlyBank(BankSettings(parts=2, dim=2, fingerprint=""))
    bank.add_class("a", np.eye(2, dtype=np.float32))
    seen = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    np.testing.assert_allclose(bank.score_one(seen), [0.3], atol=1e-6)
