import numpy as np
import pytest
from numpy.typing import NDArray

from engine.motion import motion_extent
from streams.skeleton.window import WindowSpec
from training.calibrate import fit_unknown
from training.rejection import halved
from training.unseen import Unseen, constants, standing_windows

SPEC = WindowSpec()


def drawn(seed: int, *, spread: float, count: int = 120) -> Unseen:
    """Windows of four classes about rows of their own."""
    rng = np.random.default_rng(seed)
    classes, truth = np.eye(6, dtype=np.float32)[:4, None], np.arange(count) % 4
    rows: NDArray[np.float32] = (classes[truth] + rng.normal(0, spread, (count, 1, 6))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    windows = rng.normal(0, 0.5, (count, 1, SPEC.frames, 25, 3)).astype(np.float32)
    return Unseen(f"set {seed}", windows, rows, classes, truth)


def test_one_set_is_measured_as_it_is() -> None:
    one = drawn(0, spread=0.3)
    calibration, summary = constants([one], spec=SPEC)
    assert calibration.unknown_cosine == fit_unknown(*halved(one.table, one.truth))[0]
    assert summary["sets"] == ["set 0"]
    assert summary["windows"] == 120


def test_sets_weigh_the_same_however_large_they_are() -> None:
    small, large = drawn(1, spread=0.2, count=40), drawn(2, spread=0.6, count=400)
    both = constants([small, large], spec=SPEC)[0]
    one, other = (constants([unseen], spec=SPEC)[0] for unseen in (small, large))
    assert both.temperature == pytest.approx((one.temperature * other.temperature) ** 0.5)
    assert both.bank.within == pytest.approx((one.bank.within + other.bank.within) / 2)
    assert both.unknown_cosine != other.unknown_cosine


def test_strangers_may_be_given() -> None:
    one = drawn(3, spread=0.1)
    far = np.full(50, -0.5, np.float32)
    given = Unseen(one.name, one.windows, one.rows, one.classes, one.truth, unknown=far)
    _, summary = constants([given], spec=SPEC)
    assert summary["unknown_auroc"] == 1.0


def test_who_stands_hardly_moves() -> None:
    windows = standing_windows(SPEC)
    assert windows.shape[1:] == (SPEC.frames, 25, 3)
    assert max(motion_extent(window) for window in windows) < 0.1
