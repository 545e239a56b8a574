"""What every bank promises; a new rule in ``BANKS`` is picked up without an edit here."""

import copy
import json
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.bank.contract import Bank, BankSettings, BankSnapshot, Provenance
from engine.bank.select import BANKS, open_bank
from streams.skeleton.errors import BankError, ConfigError, SnapshotError

DIM = 24
TOGETHER = {"onzeta", "dota", "stata-16", "stata-128"}
"""Published rules by which the score of a class depends on what all classes have learnt together."""
Make = Callable[[], Bank]


def unit_rows(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    rows = rng.normal(size=shape)
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=[1, 2], ids=["P1", "P2"])
def parts(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(params=list(BANKS))
def make(request: pytest.FixtureRequest, parts: int) -> Make:
    return lambda: open_bank(request.param, BankSettings(parts=parts, dim=DIM, fingerprint="bundle/cpu"))


@pytest.fixture
def texts(parts: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(1)
    return {class_id: unit_rows(rng, parts, DIM) for class_id in ("walk", "bow", "squat", "wave", "kick")}


@pytest.fixture
def stream(texts: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    rows = list(texts.values())
    noisy = [rows[i] + 0.15 * rng.normal(size=rows[i].shape) for i in rng.integers(0, len(rows), 60)]
    return [(x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32) for x in noisy]


def filled(make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]) -> Bank:
    bank = make()
    for class_id, text in texts.items():
        bank.add_class(class_id, text)
    for embedding in stream:
        bank.score_one(embedding)
        bank.learn_one(embedding)
    bank.show_example("kick", stream[0])
    bank.reject_example("wave", stream[1])
    return bank


def by_id(bank: Bank, embedding: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(bank.class_ids, bank.score_one(embedding).tolist(), strict=True))


def state(bank: Bank) -> tuple[str, str, dict[str, bytes], str]:
    snapshot = bank.snapshot()
    arrays = {name: f"{a.dtype}{a.shape}".encode() + a.tobytes() for name, a in snapshot.arrays.items()}
    return snapshot.rule, snapshot.fingerprint, arrays, json.dumps(snapshot.meta, sort_keys=True)


def test_an_empty_bank_scores_nothing_and_learns_nothing(make: Make, stream: list[NDArray[np.float32]]):
    bank = make()
    scores = bank.score_one(stream[0])
    assert (scores.shape, scores.dtype) == ((0,), np.float32)
    assert bank.learn_one(stream[0]) is None
    assert bank.class_ids == ()


def fresh(make: Make, **texts: NDArray[np.float32]) -> Bank:
    bank = make()
    for class_id, text in texts.items():
        bank.add_class(class_id, text)
    return bank


def test_scores_before_anything_is_learnt_are_mean_cosines_to_the_texts(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = fresh(make, **texts)
    assert bank.class_ids == tuple(texts)
    for embedding in stream:
        cosines = [float((text * embedding).sum(axis=-1).mean()) for text in texts.values()]
        np.testing.assert_allclose(bank.score_one(embedding), cosines, atol=1e-5)


def test_scores_are_finite_after_learning(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    for embedding in (*stream, *(-x for x in stream), *texts.values()):
        scores = bank.score_one(embedding)
        assert scores.shape == (len(texts),)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


def test_scoring_changes_nothing(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = state(bank)
    first = bank.score_one(stream[0])
    np.testing.assert_array_equal(bank.score_one(stream[0]), first)
    assert state(bank) == before


def test_the_order_of_the_classes_never_matters(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    forwards = filled(make, texts, stream)
    backwards = filled(make, dict(reversed(texts.items())), stream)
    for embedding in stream:
        assert by_id(forwards, embedding) == pytest.approx(by_id(backwards, embedding), abs=1e-5)


def test_two_classes_with_one_text_score_alike_and_learn_in_any_order(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    twins = {**texts, "walk again": texts["walk"]}
    bank = make()
    for class_id, text in twins.items():
        bank.add_class(class_id, text)
    scores = by_id(bank, stream[0])
    assert scores["walk"] == pytest.approx(scores["walk again"], abs=1e-5)
    one, other = filled(make, twins, stream), filled(make, dict(reversed(twins.items())), stream)
    assert by_id(one, stream[5]) == pytest.approx(by_id(other, stream[5]), abs=1e-5)


def test_removing_a_class_keeps_what_the_others_learnt(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = by_id(bank, stream[7])
    kept = {class_id: bank.provenance(class_id) for class_id in texts if class_id != "bow"}
    bank.remove_class("bow")
    del before["bow"]
    if bank.rule not in TOGETHER:
        assert by_id(bank, stream[7]) == pytest.approx(before, abs=1e-5)
    assert {class_id: bank.provenance(class_id) for class_id in bank.class_ids} == kept


def test_a_class_added_again_starts_from_its_text(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    bank.remove_class("kick")
    bank.add_class("kick", texts["kick"])
    assert bank.provenance("kick") == Provenance()
    if bank.rule not in TOGETHER:
        alone = fresh(make, kick=texts["kick"])
        assert by_id(bank, texts["kick"])["kick"] == pytest.approx(
            by_id(alone, texts["kick"])["kick"], abs=1e-6
        )


def test_hundreds_of_classes_come_and_go(make: Make, parts: int):
    bank, rng = make(), np.random.default_rng(3)
    rows = unit_rows(rng, 300, parts, DIM)
    for index, row in enumerate(rows):
        bank.add_class(f"c{index}", row)
        bank.learn_one(row)
    for index in range(0, 300, 2):
        bank.remove_class(f"c{index}")
    assert bank.class_ids == tuple(f"c{index}" for index in range(1, 300, 2))
    for index in range(1, 300, 14):
        assert np.argmax(bank.score_one(rows[index])) == index // 2


def test_reset_goes_back_to_the_text(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    others = {class_id: bank.provenance(class_id) for class_id in texts if class_id != "kick"}
    bank.reset("kick")
    assert bank.provenance("kick") == Provenance()
    assert {class_id: bank.provenance(class_id) for class_id in others} == others
    bank.reset()
    assert by_id(bank, stream[0]) == pytest.approx(by_id(fresh(make, **texts), stream[0]), abs=1e-5)
    assert all(bank.provenance(class_id) == Provenance() for class_id in texts)


def test_another_text_keeps_what_was_learnt(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = bank.provenance("kick")
    bank.set_text("kick", -texts["kick"])
    after = bank.provenance("kick")
    assert (after.observations, after.examples) == (before.observations, before.examples)
    bank.reset("kick")
    assert bank.provenance("kick") == Provenance()
    if bank.rule not in TOGETHER:
        alone = fresh(make, kick=-texts["kick"])
        assert by_id(bank, texts["kick"])["kick"] == pytest.approx(
            by_id(alone, texts["kick"])["kick"], abs=1e-6
        )


def test_another_text_moves_a_class_that_has_learnt_nothing(
    make: Make, texts: dict[str, NDArray[np.float32]]
):
    bank = make()
    bank.add_class("walk", texts["walk"])
    bank.set_text("walk", texts["bow"])
    alone = fresh(make, walk=texts["bow"])
    assert by_id(bank, texts["bow"]) == by_id(alone, texts["bow"])
    assert bank.provenance("walk") == Provenance()


def test_examples_are_counted(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    bank.show_example("kick", stream[1])
    assert bank.provenance("kick").examples == 2
    assert 0.0 <= bank.provenance("kick").moved <= 2.0


def test_rejections_are_counted_and_teach_no_other_class(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = by_id(bank, stream[4])
    bank.reject_example("wave", stream[4])
    assert bank.provenance("wave").rejections == 2
    after = by_id(bank, stream[4])
    assert after.pop("wave") <= before.pop("wave") + 1e-6
    assert after == pytest.approx(before, abs=1e-5)


def _broken(rows: NDArray[np.float32]) -> dict[str, NDArray[np.floating]]:
    nan, infinite = rows.copy(), rows.copy()
    nan[0, 3], infinite[0, 3] = np.nan, np.inf
    return {
        "NaN": nan,
        "infinite": infinite,
        "huge": rows * np.float32(1e30),
        "zero": np.zeros_like(rows),
        "too long": rows * np.float32(1.004),
        "too short": rows * np.float32(0.5),
        "float64": rows.astype(np.float64),
        "flat": rows.reshape(-1),
        "one dimension more": rows[None],
        "other dim": rows[:, :-1],
        "empty": rows[:0],
    }


@pytest.mark.parametrize("how", list(_broken(np.ones((1, DIM), np.float32))))
def test_embeddings_that_are_no_unit_rows_are_refused_and_nothing_changes(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]], how: str
):
    bank = filled(make, texts, stream)
    before, bad = state(bank), _broken(stream[0])[how].astype(None if how == "float64" else np.float32)
    calls: list[Callable[[], object]] = [
        lambda: bank.score_one(bad),
        lambda: bank.learn_one(bad),
        lambda: bank.show_example("bow", bad),
        lambda: bank.reject_example("bow", bad),
        lambda: bank.add_class("new", bad),
        lambda: bank.set_text("bow", bad),
    ]
    for call in calls:
        with pytest.raises(BankError, match="wanted finite unit rows"):
            call()
    assert state(bank) == before


@pytest.mark.parametrize("weight", [0.0, -1.0, 1.001, float("nan"), float("inf")])
def test_weights_out_of_range_are_refused(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]], weight: float
):
    bank = filled(make, texts, stream)
    before = state(bank)
    with pytest.raises(BankError, match="weight"):
        bank.learn_one(stream[0], weight=weight)
    assert state(bank) == before


def test_unknown_and_repeated_classes_are_refused(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = state(bank)
    calls: list[Callable[[], object]] = [
        lambda: bank.set_text("nobody", texts["bow"]),
        lambda: bank.remove_class("nobody"),
        lambda: bank.show_example("nobody", stream[0]),
        lambda: bank.reject_example("nobody", stream[0]),
        lambda: bank.provenance("nobody"),
        lambda: bank.reset("nobody"),
        lambda: bank.add_class("bow", texts["bow"]),
    ]
    for call in calls:
        with pytest.raises(BankError):
            call()
    assert state(bank) == before


def test_a_snapshot_restores_bit_for_bit_and_learns_on_alike(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    twin = make()
    twin.add_class("something else", texts["bow"])
    twin.restore(bank.snapshot())
    assert state(twin) == state(bank)
    for embedding in reversed(stream):
        assert bank.score_one(embedding).tobytes() == twin.score_one(embedding).tobytes()
        assert bank.learn_one(embedding) == twin.learn_one(embedding)
    assert state(twin) == state(bank)


def test_a_snapshot_of_an_empty_bank_restores(make: Make, texts: dict[str, NDArray[np.float32]]):
    bank = make()
    bank.add_class("bow", texts["bow"])
    bank.restore(make().snapshot())
    assert bank.class_ids == ()


def test_a_snapshot_is_independent_of_the_bank(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = filled(make, texts, stream)
    before = state(bank)
    snapshot = bank.snapshot()
    bank.remove_class("bow")
    for embedding in stream:
        bank.learn_one(embedding)
    bank.restore(snapshot)
    assert state(bank) == before
    for embedding in stream:
        bank.learn_one(embedding)
    bank.restore(snapshot)
    assert state(bank) == before


def test_snapshots_hold_plain_numbers_and_json(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    snapshot = filled(make, texts, stream).snapshot()
    assert json.loads(json.dumps(snapshot.meta)) == snapshot.meta
    assert {array.dtype for array in snapshot.arrays.values()} <= {
        np.dtype(np.float32),
        np.dtype(np.float64),
    }


def _damaged(snapshot: BankSnapshot) -> dict[str, BankSnapshot]:
    damaged = {
        "other rule": BankSnapshot("another", snapshot.fingerprint, snapshot.arrays, snapshot.meta),
        "other fingerprint": BankSnapshot(snapshot.rule, "another", snapshot.arrays, snapshot.meta),
        "no content": BankSnapshot(snapshot.rule, snapshot.fingerprint),
    }
    for name, array in snapshot.arrays.items():
        without = {key: value for key, value in snapshot.arrays.items() if key != name}
        shorter, spoilt = {**without, name: array[:-1]}, array.copy()
        spoilt.flat[0] = np.nan
        for how, arrays in (
            ("without", without),
            ("shorter", shorter),
            ("NaN in", {**without, name: spoilt}),
        ):
            damaged[f"{how} {name}"] = BankSnapshot(
                snapshot.rule, snapshot.fingerprint, arrays, snapshot.meta
            )
        other = {**without, name: array.astype(np.float16)}
        damaged[f"float16 {name}"] = BankSnapshot(snapshot.rule, snapshot.fingerprint, other, snapshot.meta)
    for name in snapshot.meta:
        without = {key: value for key, value in snapshot.meta.items() if key != name}
        for value in (None, 3, [1], {"a": 1}, ["walk", "walk"]):
            meta = {**without, name: value}
            damaged[f"{name} is {value}"] = BankSnapshot(
                snapshot.rule, snapshot.fingerprint, snapshot.arrays, meta
            )
    return damaged


def test_truncated_and_foreign_snapshots_are_refused_and_nothing_changes(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    snapshot = filled(make, texts, stream).snapshot()
    bank = make()
    bank.add_class("bow", texts["bow"])
    bank.show_example("bow", stream[0])
    before = state(bank)
    for how, damaged in _damaged(copy.deepcopy(snapshot)).items():
        with pytest.raises(SnapshotError):
            bank.restore(damaged)
        assert state(bank) == before, how


def test_a_snapshot_of_other_dimensions_is_refused(make: Make, parts: int):
    snapshot = make().snapshot()
    other = open_bank(snapshot.rule, BankSettings(parts=parts, dim=DIM * 2, fingerprint="bundle/cpu"))
    other.add_class("walk", unit_rows(np.random.default_rng(0), parts, DIM * 2))
    with pytest.raises(SnapshotError):
        make().restore(other.snapshot())


def test_an_unknown_rule_is_refused():
    with pytest.raises(ConfigError, match="text-only"):
        open_bank("magic", BankSettings(parts=1, dim=DIM, fingerprint=""))


@pytest.mark.parametrize(
    "change",
    [
        {"parts": 0},
        {"dim": 0},
        {"alpha": 0.0},
        {"alpha": 1.1},
        {"alpha": float("nan")},
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"bins": 0},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, float]):
    fields = {"parts": 1, "dim": DIM, "fingerprint": "", **change}
    with pytest.raises(ConfigError):
        BankSettings(**fields)  # pyright: ignore[reportArgumentType]


def test_many_classes_score_as_few_do():
    bank = open_bank("text-only", BankSettings(parts=2, dim=8, fingerprint="x"))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2500, 2, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    for number, row in enumerate(rows):
        bank.add_class(str(number), row)
    found = bank.score_one(rows[3])
    np.testing.assert_allclose(found, np.einsum("kpd,pd->k", rows, rows[3]) / 2, atol=1e-6)
    bank.remove_class("7")
    assert bank.class_ids[6:8] == ("6", "8")


def test_a_prototype_is_the_text_until_something_is_shown(
    make: Make, texts: dict[str, NDArray[np.float32]], stream: list[NDArray[np.float32]]
):
    bank = fresh(make, **texts)
    for class_id, text in texts.items():
        np.testing.assert_allclose(bank.prototype(class_id), text, atol=1e-6)
    for _ in range(3):
        bank.show_example("kick", stream[0])
    np.testing.assert_allclose(np.linalg.norm(bank.prototype("kick"), axis=-1), 1.0, atol=1e-5)
    moved = 1.0 - float((bank.prototype("kick") * texts["kick"]).sum(axis=-1).mean())
    assert moved == pytest.approx(bank.provenance("kick").moved, abs=0.02)
    np.testing.assert_allclose(bank.prototype("walk"), texts["walk"], atol=1e-6)
    with pytest.raises(BankError):
        bank.prototype("nobody")
