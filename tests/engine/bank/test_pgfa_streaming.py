"""The streaming bank against the offline rule it is the streaming form of."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.contract import BankSettings
from engine.bank.pgfa_streaming import PgfaStreamingBank
from streams.skeleton.errors import SnapshotError

TEMPERATURE = 0.07


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def clustered(
    seed: int, *, classes: int, dim: int, count: int, noise: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Texts (K, D) away from, and a stream (n, D) around, random class means."""
    rng = np.random.default_rng(seed)
    means = unit(rng.normal(size=(classes, dim)))
    gap = unit(rng.normal(size=dim))
    texts = unit(means + rng.normal(size=means.shape) / np.sqrt(dim) + 0.7 * gap)
    chosen = means[rng.integers(0, classes, count)]
    return texts, unit(chosen + noise * rng.normal(size=chosen.shape) / np.sqrt(dim))


def offline_prototypes(
    stream: NDArray[np.float32], texts: NDArray[np.float32], *, alpha: float
) -> NDArray[np.float32]:
    """The published rule over a whole test set, with the entropy our bank uses."""
    cosines = stream @ texts.T
    logits = cosines / TEMPERATURE
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    entropies = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1)
    labels = cosines.argmax(axis=1)
    prototypes = texts.copy()
    for label in range(len(texts)):
        members = np.flatnonzero(labels == label)
        kept = members[np.argsort(entropies[members], kind="stable")[: int(len(members) * alpha)]]
        if len(kept) >= 1:
            prototypes[label] = stream[kept].mean(axis=0)
    return unit(prototypes)


def online(
    stream: NDArray[np.float32],
    texts: NDArray[np.float32],
    *,
    alpha: float,
    ids: list[str] | None = None,
    bins: int = 64,
) -> PgfaStreamingBank:
    settings = BankSettings(
        parts=1, dim=texts.shape[1], fingerprint="", temperature=TEMPERATURE, alpha=alpha, bins=bins
    )
    bank = PgfaStreamingBank(settings)
    for class_id, text in zip(ids or [f"c{index:03}" for index in range(len(texts))], texts, strict=True):
        bank.add_class(class_id, text[None])
    for embedding in stream:
        bank.learn_one(embedding[None])
    return bank


def prototypes_of(bank: PgfaStreamingBank) -> NDArray[np.float32]:
    return bank.snapshot().arrays["prototypes"][:, 0]


def scores_of(bank: PgfaStreamingBank, stream: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([bank.score_one(embedding[None]) for embedding in stream])


@pytest.mark.parametrize("order", ["as it came", "backwards", "sorted by class", "shuffled"])
def test_u1_with_alpha_1_any_order_ends_in_the_offline_prototypes(order: str):
    texts, stream = clustered(0, classes=12, dim=48, count=700, noise=2.0)
    stream = stream[(stream @ texts.T).argmax(axis=1) != 3]  # one class stays without samples
    expected = offline_prototypes(stream, texts, alpha=1.0)
    if order == "backwards":
        stream = stream[::-1]
    elif order == "sorted by class":
        stream = stream[np.argsort((stream @ texts.T).argmax(axis=1), kind="stable")]
    elif order == "shuffled":
        stream = np.random.default_rng(9).permutation(stream)
    bank = online(stream, texts, alpha=1.0)
    np.testing.assert_allclose(prototypes_of(bank), expected, atol=1e-5)
    np.testing.assert_array_equal(prototypes_of(bank)[3], texts[3])


@pytest.mark.parametrize(("alpha", "agreement"), [(0.9, 0.99), (0.4, 0.98)])
@pytest.mark.parametrize(
    ("classes", "dim", "count", "noise"), [(10, 64, 2000, 2.0), (40, 128, 4000, 2.5), (100, 128, 6000, 2.0)]
)
def test_u2_with_64_bins_predictions_agree_with_the_offline_rule(
    alpha: float, agreement: float, classes: int, dim: int, count: int, noise: float
):
    texts, stream = clustered(1, classes=classes, dim=dim, count=count, noise=noise)
    expected = (stream @ offline_prototypes(stream, texts, alpha=alpha).T).argmax(axis=1)
    by_text = (stream @ texts.T).argmax(axis=1)
    found = scores_of(online(stream, texts, alpha=alpha), stream).argmax(axis=1)
    assert (found == expected).mean() >= agreement
    assert (by_text == expected).mean() < agreement, "the stream must be hard enough to tell"


@pytest.mark.parametrize("alpha", [0.9, 0.4])
def test_up_to_as_many_observations_as_bins_the_offline_rule_is_met_exactly(alpha: float):
    texts, stream = clustered(2, classes=6, dim=32, count=200, noise=2.0)
    expected = offline_prototypes(stream, texts, alpha=alpha)
    bank = online(stream, texts, alpha=alpha, bins=200)
    np.testing.assert_allclose(prototypes_of(bank), expected, atol=1e-5)


def test_u3_without_a_stream_it_is_the_text():
    texts, stream = clustered(3, classes=7, dim=16, count=50, noise=2.0)
    bank = online(stream[:0], texts, alpha=0.9)
    np.testing.assert_allclose(scores_of(bank, stream), stream @ texts.T, atol=1e-6)


def test_u4_permuting_the_classes_changes_nothing():
    texts, stream = clustered(4, classes=11, dim=32, count=600, noise=2.5)
    texts = np.concatenate([texts, texts[:2]])  # twins: ties must not depend on the order either
    ids = [f"c{index}" for index in range(len(texts))]
    mixed = np.random.default_rng(5).permutation(len(texts))
    one = online(stream, texts, alpha=0.9, ids=ids)
    other = online(stream, texts[mixed], alpha=0.9, ids=[ids[index] for index in mixed])
    np.testing.assert_allclose(scores_of(one, stream)[:, mixed], scores_of(other, stream), atol=1e-5)
    assert [one.provenance(ids[index]).observations for index in mixed] == [
        other.provenance(ids[index]).observations for index in mixed
    ]


def test_u5_a_new_class_without_samples_never_changes_the_ranking_of_the_old():
    texts, stream = clustered(6, classes=9, dim=32, count=400, noise=2.0)
    bank = online(stream, texts, alpha=0.9)
    before = scores_of(bank, stream)
    bank.add_class("late", unit(texts.sum(axis=0))[None])
    np.testing.assert_array_equal(
        np.argsort(scores_of(bank, stream)[:, :-1], axis=1), np.argsort(before, axis=1)
    )


def test_the_text_labels_even_where_a_prototype_is_nearer():
    text_a, text_b = np.array([[1.0, 0.0, 0.0]], np.float32), np.array([[0.0, 1.0, 0.0]], np.float32)
    bank = PgfaStreamingBank(BankSettings(parts=1, dim=3, fingerprint="", alpha=1.0))
    bank.add_class("a", text_a)
    bank.add_class("b", text_b)
    for _ in range(5):
        bank.show_example("b", np.array([[0.8, 0.6, 0.0]], np.float32))
    seen = np.array([[0.8, 0.6, 0.0]], np.float32)
    assert bank.score_one(seen).argmax() == 1
    assert bank.learn_one(seen) == "a"
    assert bank.provenance("a").observations == 1.0


def test_an_example_counts_whatever_the_text_says_and_no_gate_drops_it():
    bank = PgfaStreamingBank(BankSettings(parts=1, dim=3, fingerprint="", alpha=0.4))
    bank.add_class("a", np.array([[1.0, 0.0, 0.0]], np.float32))
    bank.add_class("b", np.array([[0.0, 1.0, 0.0]], np.float32))
    shown = np.array([[0.0, 0.6, 0.8]], np.float32)
    bank.show_example("a", shown)
    assert bank.score_one(shown)[0] == pytest.approx(1.0, abs=1e-6)
    assert bank.provenance("a").moved == pytest.approx(1.0, abs=1e-6)
    # Later observations join it: int(0.4 · 5) of them and the example make the mean.
    for _ in range(5):
        assert bank.learn_one(np.array([[1.0, 0.0, 0.0]], np.float32)) == "a"
    expected = unit(np.array([2.0, 0.6, 0.8]))
    np.testing.assert_allclose(prototypes_of(bank)[0], expected, atol=1e-6)


def test_the_prototype_stays_the_text_until_a_whole_observation_passes_the_gate():
    bank = PgfaStreamingBank(BankSettings(parts=1, dim=2, fingerprint="", alpha=0.9))
    bank.add_class("a", np.array([[1.0, 0.0]], np.float32))
    seen = np.array([[0.8, 0.6]], np.float32)
    bank.learn_one(seen)
    assert bank.provenance("a").moved == pytest.approx(0.0, abs=1e-6)
    for _ in range(10):
        bank.learn_one(seen, weight=0.1)
    assert bank.provenance("a").observations == pytest.approx(2.0)
    assert bank.provenance("a").moved == pytest.approx(0.2, abs=1e-6)


def test_ten_tenths_weigh_as_much_as_one():
    texts, stream = clustered(7, classes=4, dim=16, count=40, noise=1.0)
    whole, split = online(stream, texts, alpha=1.0), online(stream[:0], texts, alpha=1.0)
    for embedding in stream:
        for _ in range(10):
            split.learn_one(embedding[None], weight=0.1)
    np.testing.assert_allclose(prototypes_of(split), prototypes_of(whole), atol=1e-6)


def test_observations_that_cancel_out_leave_the_text():
    bank = PgfaStreamingBank(BankSettings(parts=1, dim=2, fingerprint="", alpha=1.0))
    bank.add_class("a", np.array([[1.0, 0.0]], np.float32))
    for seen in ([[0.0, 1.0]], [[0.0, -1.0]]):
        bank.learn_one(np.array(seen, np.float32))
    np.testing.assert_array_equal(prototypes_of(bank), [[1.0, 0.0]])


def test_memory_does_not_grow_with_the_stream():
    texts, stream = clustered(8, classes=3, dim=16, count=3000, noise=2.0)
    bank = online(stream, texts, alpha=0.9)
    assert len(bank.snapshot().arrays["masses"]) <= 3 * 64


def test_a_snapshot_made_with_another_alpha_is_refused():
    texts, stream = clustered(8, classes=3, dim=16, count=30, noise=2.0)
    with pytest.raises(SnapshotError, match="alpha"):
        online(stream, texts, alpha=0.9).restore(online(stream, texts, alpha=0.5).snapshot())
