import numpy as np
import pytest

from engine.bank.contract import BankSettings
from engine.bank.pgfa_streaming import PgfaStreamingBank
from training.grammar import motion_of
from training.open_world import open_world
from training.sequences import Sequences

NAMES = ("raise arm", "wave")
AXES = np.eye(6, dtype=np.float32)[:, None]


def class_rows(names: list[str]) -> np.ndarray:
    """An axis for each name; those that say a side have one of their own."""
    place = {"raise arm": 0, "wave": 1, "wave with the left arm": 2, "wave with the right arm": 3}
    return AXES[[place[name] for name in names]]


def made(rows: np.ndarray) -> tuple[Sequences, np.ndarray]:
    rng = np.random.default_rng(0)
    deeds = [("raise arm", "left")] * 2 + [("wave", "left"), ("wave", "right"), ("wave", "right")]
    motions = [motion_of(key, side, rng) for key, side in deeds]
    sequences = Sequences(
        positions=tuple(m.positions[slice(*m.active)] for m in motions),
        fps=np.full(5, 30.0),
        labels=tuple(key for key, _ in deeds),
        subjects=("a",) * 5,
    )
    return sequences, rows


def unit(rows: list[list[float]]) -> np.ndarray:
    array = np.array(rows, np.float32)
    return (array / np.linalg.norm(array, axis=1, keepdims=True))[:, None]


def test_scores_are_those_worked_out_by_hand() -> None:
    sequences, rows = made(
        unit(
            [
                [1.0, 0, 0, 0, 0, 0],
                [1.0, 0, 0, 0, 2.0, 0],  # nearer to a class of the training
                [0, 1.0, 0.5, 0, 0, 0],
                [0, 1.0, 0, 0.5, 0, 0],
                [0, 1.0, 0.5, 0, 0, 0],  # the wrong side
            ]
        )
    )
    found = open_world(
        sequences,
        rows,
        class_rows=class_rows,  # pyright: ignore[reportArgumentType]
        seen_rows=AXES[[4]],
        new_bank=lambda: PgfaStreamingBank(BankSettings(parts=1, dim=6, fingerprint="x")),
        sided={"wave": "arm", "kick": "leg"},
    )
    assert found.among_seen_top1 == pytest.approx(4 / 5)
    assert found.sides == {"wave": pytest.approx(2 / 3)}
    assert found.sides_all == pytest.approx(2 / 3)
    assert found.unknown_auroc == 1.0
    assert set(found.shown_top1) == {0, 1}
    assert found.shown_top1[0] == 1.0
