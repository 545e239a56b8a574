import numpy as np
import pytest

from engine.bank.contract import BankSettings
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bank.text_only import TextOnlyBank
from streams.skeleton.errors import DataError
from training.few_shot import shown_accuracy

SETTINGS = BankSettings(parts=1, dim=4, fingerprint="x")


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two classes whose texts are swapped and whose samples lie on axes of their own."""
    samples = np.eye(4, dtype=np.float32)[[0, 0, 0, 1, 1, 1]][:, None]
    texts = np.eye(4, dtype=np.float32)[[1, 0]][:, None]
    return samples, texts, np.array([0, 0, 0, 1, 1, 1])


def test_text_alone_is_wrong_and_one_example_puts_it_right() -> None:
    samples, texts, truth = data()
    bank = PgfaStreamingBank(SETTINGS)
    assert shown_accuracy(bank, samples, texts, truth, shots=0) == 0.0
    assert shown_accuracy(bank, samples, texts, truth, shots=1) == 1.0
    assert bank.class_ids == ()


def test_a_bank_that_does_not_learn_gains_nothing() -> None:
    samples, texts, truth = data()
    right = texts[::-1].copy()
    bank = TextOnlyBank(SETTINGS)
    assert shown_accuracy(bank, samples, right, truth, shots=0) == 1.0


def test_too_few_samples_are_refused() -> None:
    samples, texts, truth = data()
    with pytest.raises(DataError, match="more than 3 samples"):
        shown_accuracy(TextOnlyBank(SETTINGS), samples, texts, truth, shots=3)
