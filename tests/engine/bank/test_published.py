"""OnZeta, DOTA and StatA against their formulas, written out slowly."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.contract import Bank, BankSettings
from engine.bank.dota import DotaBank
from engine.bank.onzeta import OnZetaBank
from engine.bank.stata import StatA16Bank, infer

Rows = NDArray[np.float64]
T = 0.1
K, D = 4, 12
SETTINGS = BankSettings(parts=1, dim=D, fingerprint="", temperature=T)


def unit(rows: Rows) -> Rows:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def drawn(seed: int, count: int = 60) -> tuple[Rows, Rows, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    means, truth = unit(rng.normal(size=(K, D))), rng.integers(0, K, count)
    texts = unit(means + 0.7 * unit(rng.normal(size=(K, D))))
    # Rows as a bank is given them: in single precision.
    stream = unit(means[truth] + 0.8 * unit(rng.normal(size=(count, D)))).astype(np.float32)
    return texts.astype(np.float32).astype(np.float64), stream.astype(np.float64), truth


def filled(bank: Bank, texts: Rows) -> Bank:
    for k, text in enumerate(texts):
        bank.add_class(f"c{k}", text[None].astype(np.float32))
    return bank


def softmax(logits: Rows) -> Rows:
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def test_onzeta_gives_the_published_probabilities():
    texts, stream, _ = drawn(0)
    bank, proxies, dual = filled(OnZetaBank(SETTINGS), texts), texts.copy(), np.zeros(K)
    for i, x in enumerate(stream):
        told = softmax(texts @ x / T) * np.exp(dual)
        told /= told.sum()
        seen = softmax(proxies @ x / (4 * T))
        beta = 0.8 * np.sqrt(i / 1000)
        found = softmax(bank.score_one(x[None].astype(np.float32)).astype(np.float64) / T)
        np.testing.assert_allclose(found, beta * seen + (1 - beta) * told, atol=1e-4)
        bank.learn_one(x[None].astype(np.float32))
        dual = np.maximum(dual - 20 / np.sqrt(i + 1) * (told - 1 / K), 0)
        for k in range(K):
            proxies[k] = unit(proxies[k] - 0.5 / np.sqrt(i + 1) / (4 * T) * (seen[k] - told[k]) * x)


def test_dota_takes_in_soft_labels_and_adds_the_discriminant():
    texts, stream, _ = drawn(1)
    bank, means, counts = filled(DotaBank(SETTINGS), texts), texts.copy(), np.ones(K)
    scatter, precision = 0.002 * np.eye(D), np.linalg.inv(0.999 * 0.002 * np.eye(D) + 0.001 * np.eye(D))
    for i, x in enumerate(stream):
        seen = np.array([x @ precision @ mean - 0.5 * mean @ precision @ mean for mean in means])
        expected = texts @ x + T * min(0.02 * i / K, 0.2) * seen
        found = bank.score_one(x[None].astype(np.float32))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        bank.learn_one(x[None].astype(np.float32))
        share = softmax(texts @ x / T)
        scatter *= K + i
        for k in range(K):
            scatter += share[k] * np.outer(x - means[k], x - means[k])
            means[k] = (counts[k] * means[k] + share[k] * x) / (counts[k] + share[k])
            counts[k] += share[k]
        scatter /= K + i + 1
        if (i + 1) % 32 == 0:
            precision = np.linalg.inv(0.999 * scatter + 0.001 * np.eye(D))


def slow_stata(rows: Rows, texts: Rows) -> Rows:
    """The published loops, a sample and a class at a time."""
    count = len(rows)
    told = np.stack([softmax(texts @ x / T) for x in rows])
    near = np.zeros((count, count))
    for n, x in enumerate(rows):
        order = [int(m) for m in np.argsort(-(rows @ x), kind="stable") if m != n]
        for m in order[:3]:
            near[n, m] = x @ rows[m]
    spread = sum(told[n, k] * (rows[n] - texts[k]) ** 2 for n in range(count) for k in range(K)) / count
    first = np.tile(spread, (K, 1))
    z, means, spreads = told.copy(), texts.copy(), first.copy()
    for turn in range(11):
        likely = np.array([-0.5 * ((x - means) ** 2 / spreads).sum(axis=1) for x in rows])
        for _ in range(5):
            raised = likely + 50 / 6 * (near.T @ z + near @ z)
            raised = told * np.exp((raised - raised.max(axis=1, keepdims=True)) / 50)
            z = raised / raised.sum(axis=1, keepdims=True)
        if turn == 10:
            break
        for k in range(K):
            nearest = (z.argmax(axis=1) == k).sum()
            beta = nearest / (1 + nearest)
            means[k] = unit(beta * unit(z[:, k] @ rows) + (1 - beta) * texts[k])
            inner = (z[:, k, None] * (rows - means[k]) ** 2).sum(axis=0) / z[:, k].sum()
            spreads[k] = beta * inner + (1 - beta) * (first[k] + (texts[k] - means[k]) ** 2)
    return z


def test_stata_infers_a_batch_as_the_published_loops_do():
    texts, stream, truth = drawn(2, 24)
    found = infer(stream, texts, temperature=T)
    np.testing.assert_allclose(found, slow_stata(stream, texts), atol=1e-6)
    told = (stream @ texts.T).argmax(axis=1)
    assert (found.argmax(axis=1) == truth).mean() >= (told == truth).mean()


def test_statas_bank_answers_with_the_last_of_its_batch():
    texts, stream, _ = drawn(3, 24)
    bank = filled(StatA16Bank(SETTINGS), texts)
    for n, x in enumerate(stream):
        found = softmax(bank.score_one(x[None].astype(np.float32)).astype(np.float64) / T)
        together = stream[max(0, n - 15) : n + 1]
        if n:
            np.testing.assert_allclose(found, infer(together, texts, temperature=T)[-1], atol=1e-4)
        bank.learn_one(x[None].astype(np.float32))


@pytest.mark.parametrize("kind", [OnZetaBank, DotaBank])
def test_a_shown_example_moves_its_class_alone(kind: type[OnZetaBank] | type[DotaBank]):
    texts, stream, _ = drawn(4)
    bank = filled(kind(SETTINGS), texts)
    bank.show_example("c2", stream[0][None].astype(np.float32))
    assert bank.provenance("c2").moved > bank.provenance("c1").moved == 0.0
