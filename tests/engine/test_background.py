from pathlib import Path

import numpy as np
import pytest

from engine.background import BACKGROUND_FILE, Background, no_background, read_background
from streams.skeleton.errors import BundleError

ROWS = np.eye(4, dtype=np.float32)[:3, None]  # three movements, one part, four numbers


def row(*numbers: float) -> np.ndarray:
    vector = np.array([numbers], np.float32)
    return vector / np.linalg.norm(vector)


def test_the_likeliest_movement_competes() -> None:
    assert Background(ROWS).score(row(3, 4, 0, 0)) == pytest.approx(0.8)


def test_nothing_competes_where_there_are_no_movements() -> None:
    background = no_background()
    background.put("a", row(1, 0, 0, 0))
    assert background.score(row(1, 0, 0, 0)) == -1.0


def test_what_an_action_means_is_left_to_it_until_the_action_goes() -> None:
    background = Background(ROWS)
    background.put("a", row(1, 0.1, 0, 0))
    background.put("b", row(0, 0, 0, 1))
    assert background.score(row(3, 4, 0, 0)) == pytest.approx(0.8)
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(0.0)
    background.remove("b")
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(0.0)
    background.remove("a")
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(1.0)


def test_a_movement_two_actions_mean_competes_when_both_are_gone() -> None:
    background = Background(ROWS)
    background.hold({"a": row(1, 0, 0, 0), "b": row(1, 0.1, 0, 0)})
    background.put("a", row(0, 1, 0, 0))  # the action has another text now
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(0.0)
    assert background.score(row(0, 1, 0, 0)) == pytest.approx(0.0)
    background.hold({"a": row(0, 1, 0, 0)})
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(1.0)


def test_several_parts_count_alike() -> None:
    parts = np.stack([ROWS[0, 0], ROWS[1, 0]])[None]
    embedding = np.stack([ROWS[0, 0], ROWS[2, 0]])
    assert Background(parts).score(embedding) == pytest.approx(0.5)


def test_a_look_beside_another_action_changes_nothing() -> None:
    background = Background(ROWS)
    background.put("a", row(0, 1, 0, 0))
    other = background.beside(row(1, 0, 0, 0))
    assert other.score(row(1, 1, 0, 0)) == pytest.approx(0.0)
    assert background.score(row(1, 0, 0, 0)) == pytest.approx(1.0)


def test_a_file_is_read_and_a_missing_one_is_no_movement(tmp_path: Path) -> None:
    assert read_background(tmp_path, parts=1, dim=4).score(row(1, 0, 0, 0)) == -1.0
    np.save(tmp_path / BACKGROUND_FILE, ROWS)
    assert read_background(tmp_path, parts=1, dim=4).score(row(1, 0, 0, 0)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "content", [ROWS * 2, ROWS[:, :, :3], ROWS.astype(np.float64), np.array(["a"])], ids=str
)
def test_foreign_rows_are_refused(tmp_path: Path, content: np.ndarray) -> None:
    np.save(tmp_path / BACKGROUND_FILE, content)
    with pytest.raises(BundleError, match="wanted unit rows"):
        read_background(tmp_path, parts=1, dim=4)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / BACKGROUND_FILE).write_bytes(b"no array")
    with pytest.raises(BundleError, match="wanted rows of movements"):
        read_background(tmp_path, parts=1, dim=4)
