"""The anchored bank against a slow reference, and what it promises beyond the contract."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank import reservoir
from engine.bank.anchored import AnchoredBank
from engine.bank.constants import BankConstants
from engine.bank.contract import BankSettings
from engine.bank.gathered import MOST_REJECTED
from streams.skeleton.errors import ConfigError

CONSTANTS = BankConstants(within=0.2, text_error=0.6, between=0.8, anchor=0.4, stream_error=0.3)
SETTINGS = BankSettings(
    parts=1, dim=32, fingerprint="", temperature=0.14, unknown_cosine=0.45, constants=CONSTANTS
)


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def drawn(
    seed: int, *, classes: int = 6, count: int = 200
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Texts (K, D) half right about the means, a stream (n, D), and its classes."""
    rng = np.random.default_rng(seed)
    means = unit(rng.normal(size=(classes, 32)))
    texts = unit(means + 0.9 * unit(rng.normal(size=means.shape)))
    truth = rng.integers(0, classes, count)
    return texts, unit(means[truth] + 0.6 * unit(rng.normal(size=(count, 32)))), truth


def bank_of(texts: NDArray[np.float32], settings: BankSettings = SETTINGS) -> AnchoredBank:
    bank = AnchoredBank(settings)
    for number, text in enumerate(texts):
        bank.add_class(f"c{number:03}", text[None])
    return bank


def odds_of(bank: AnchoredBank, seen: NDArray[np.float32]) -> NDArray[np.float64]:
    scores = bank.score_one(seen[None]).astype(np.float64)
    return (scores - SETTINGS.unknown_cosine) / SETTINGS.temperature


class Reference:
    """The formulas as they are written, over everything it was ever given."""

    def __init__(self, texts: NDArray[np.float32]) -> None:
        self.texts = texts.astype(np.float64)
        self.absorbed: list[list[tuple[float, NDArray[np.float64]]]] = [[] for _ in texts]
        self.shown: list[list[NDArray[np.float64]]] = [[] for _ in texts]

    def odds(self, x: NDArray[np.float32], *, stream: bool = True) -> NDArray[np.float64]:
        k = CONSTANTS
        at_the_threshold = 1 + k.anchor**2 - 2 * k.anchor * SETTINGS.unknown_cosine
        unnamed = self._log_likelihood(at_the_threshold, k.text_error)
        found: list[float] = []
        for text, absorbed, shown in zip(self.texts, self.absorbed, self.shown, strict=True):
            sensors = [(k.anchor * text, k.text_error)]
            if absorbed and stream:
                mass = sum(share for share, _ in absorbed)
                mean = np.sum([share * row for share, row in absorbed], axis=0) / mass
                sensors.append((mean, k.within / mass + k.stream_error))
            if shown:
                sensors.append((np.mean(shown, axis=0), k.within / len(shown)))
            variance = 1.0 / sum(1.0 / v for _, v in sensors)
            mean = variance * np.sum([m / v for m, v in sensors], axis=0)
            found.append(self._log_likelihood(((x - mean) ** 2).sum(), variance) - unnamed)
        return np.array(found)

    def learn(self, x: NDArray[np.float32]) -> int | None:
        odds = self.odds(x, stream=False)
        named = 1 / (1 + math.exp(-odds.max()))
        if named <= 0.05:
            return None
        self.absorbed[int(odds.argmax())].append((named, x.astype(np.float64)))
        return int(odds.argmax())

    def _log_likelihood(self, distance: float, variance: float) -> float:
        k = CONSTANTS
        sharpness = (k.within + k.text_error) / (k.anchor * SETTINGS.temperature)
        spread = k.within + variance
        return -sharpness / 2 * (distance / spread + math.log(spread))


def test_scores_and_lessons_are_those_of_the_formulas():
    texts, stream, _ = drawn(0)
    bank, reference = bank_of(texts), Reference(texts)
    declined = 0
    for number, seen in enumerate(stream):
        np.testing.assert_allclose(odds_of(bank, seen), reference.odds(seen), atol=2e-3)
        expected = reference.learn(seen)
        assert bank.learn_one(seen[None]) == (None if expected is None else f"c{expected:03}")
        declined += expected is None
        if number % 40 == 0:
            bank.show_example("c002", seen[None])
            reference.shown[2].append(seen.astype(np.float64))
    assert 0 < declined < len(stream) / 2


def test_the_stream_sharpens_and_the_texts_keep_labelling():
    texts, stream, truth = drawn(1, count=400)
    bank = bank_of(texts)
    before = np.mean([bank.score_one(x[None]).argmax() == y for x, y in zip(stream, truth, strict=True)])
    labels = [bank.learn_one(x[None]) for x in stream]
    after = np.mean([bank.score_one(x[None]).argmax() == y for x, y in zip(stream, truth, strict=True)])
    assert after > before
    again = bank_of(texts)
    # What the bank has learnt never changes a label: a bank that has learnt labels the same.
    assert [bank.learn_one(x[None]) for x in stream] == labels
    assert [again.learn_one(x[None]) for x in stream] == labels


@pytest.mark.parametrize("order", ["backwards", "sorted", "shuffled"])
def test_u1_the_order_of_the_stream_never_matters_in_the_end(order: str):
    texts, stream, truth = drawn(2)
    orders = {
        "backwards": np.arange(len(stream))[::-1],
        "sorted": np.argsort(truth, kind="stable"),
        "shuffled": np.random.default_rng(3).permutation(len(stream)),
    }
    one, other = bank_of(texts), bank_of(texts)
    for seen in stream:
        one.learn_one(seen[None])
    for seen in stream[orders[order]]:
        other.learn_one(seen[None])
    for seen in stream:
        np.testing.assert_allclose(odds_of(one, seen), odds_of(other, seen), atol=1e-4)


def test_u3_without_a_stream_it_ranks_as_the_texts_do():
    texts, stream, _ = drawn(4)
    bank = bank_of(texts)
    for seen in stream:
        assert bank.score_one(seen[None]).argmax() == (texts @ seen).argmax()


def test_u5_a_new_class_that_claims_nothing_never_changes_the_ranking_of_the_old():
    texts, stream, _ = drawn(5)
    bank = bank_of(texts)
    for seen in stream:
        bank.learn_one(seen[None])
    before = [bank.score_one(seen[None]) for seen in stream]
    bank.add_class("late", unit(-stream.sum(axis=0))[None])
    assert bank.provenance("late").observations == 0
    for seen, scores in zip(stream, before, strict=True):
        np.testing.assert_array_equal(bank.score_one(seen[None])[:-1], scores)


def test_a_class_added_late_claims_what_it_would_have_been_given():
    texts, stream, _ = drawn(6, count=reservoir.SIZE)
    early, late = bank_of(texts), bank_of(texts[:-1])
    for seen in stream:
        early.learn_one(seen[None])
        late.learn_one(seen[None])
    late.add_class("c005", texts[-1][None])
    assert early.provenance("c005").observations > 5
    for class_id in early.class_ids:
        found, expected = (bank.provenance(class_id).observations for bank in (late, early))
        assert found == pytest.approx(expected, abs=1e-5)
    for seen in stream:
        np.testing.assert_allclose(odds_of(late, seen), odds_of(early, seen), atol=1e-3)


def test_what_is_hardly_named_counts_little_and_what_is_not_counts_nothing():
    bank = bank_of(unit(np.eye(32)[:2]))
    near, far = unit(np.array([[1.0, *np.zeros(31)]])), unit(np.array([[*np.zeros(31), 1.0]]))
    assert bank.learn_one(near) == "c000"
    between = unit(near + 2.0 * far)
    assert 0 < 1 / (1 + math.exp(-odds_of(bank, between[0])[0])) < 1
    mass = bank.provenance("c000").observations
    bank.learn_one(between)
    assert 0 < bank.provenance("c000").observations - mass < 0.5 < mass < 1
    assert bank.learn_one(far) is None


def test_one_example_outweighs_its_text():
    bank = bank_of(drawn(7)[0])
    example = unit(np.random.default_rng(8).normal(size=32))
    assert odds_of(bank, example).max() < 0
    bank.show_example("c003", example[None])
    odds = odds_of(bank, example)
    assert (odds.argmax(), bool(odds.max() > 0)) == (3, True)
    assert bank.learn_one(example[None]) == "c003"


def test_what_a_person_rejected_is_no_longer_the_class_and_the_rest_still_is():
    texts, stream, _ = drawn(9)
    bank = bank_of(texts)
    for seen in stream:
        bank.learn_one(seen[None])
    wrong = max(stream, key=lambda seen: odds_of(bank, seen)[0])
    others = [seen for seen in stream if odds_of(bank, seen).argmax() == 1]
    assert odds_of(bank, wrong)[0] > 0
    bank.reject_example("c000", wrong[None])
    assert odds_of(bank, wrong)[0] < 0
    assert bank.learn_one(wrong[None]) != "c000"
    assert all(odds_of(bank, seen).argmax() == 1 for seen in others)


def test_a_long_stream_ends_between_text_and_its_mean_and_examples_in_theirs():
    bank = bank_of(unit(np.eye(32)[:1]))
    seen, k = unit(np.array([[0.8, 0.6, *np.zeros(30)]])), CONSTANTS
    for _ in range(5_000):
        bank.learn_one(seen)
    share = (1 / k.stream_error) / (1 / k.stream_error + 1 / k.text_error)
    mean = bank._means.rows[0]  # pyright: ignore[reportPrivateUsage]
    expected = share * seen[0] + (1 - share) * k.anchor * np.eye(32)[0]
    np.testing.assert_allclose(mean, expected, atol=1e-3)
    for _ in range(5_000):
        bank.show_example("c000", seen)
    mean = bank._means.rows[0]  # pyright: ignore[reportPrivateUsage]
    np.testing.assert_allclose(mean, seen[0], atol=1e-3)


def test_memory_is_bounded():
    texts, stream, _ = drawn(10, count=400)
    bank = bank_of(texts)
    for seen in stream:
        bank.learn_one(seen[None])
        bank.reject_example("c001", seen[None])
    snapshot = bank.snapshot()
    assert len(snapshot.arrays["reservoir"]) == reservoir.SIZE
    assert len(snapshot.arrays["rejected"]) == MOST_REJECTED
    assert bank.provenance("c001").rejections == len(stream)


@pytest.mark.parametrize(
    "change",
    [
        {"within": 0.0},
        {"text_error": -1.0},
        {"text_error": float("nan")},
        {"between": 5.0},
        {"anchor": 0.0},
        {"anchor": 1.5},
        {"stream_error": 0.0},
    ],
)
def test_constants_out_of_range_are_refused(change: dict[str, float]):
    with pytest.raises(ConfigError):
        BankConstants(**change)
