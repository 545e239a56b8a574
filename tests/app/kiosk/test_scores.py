from pathlib import Path

import pytest

from app.kiosk.scores import Score, ScoreBoard


def test_the_best_ten_of_today_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    board = ScoreBoard(path, today=lambda: "2026-11-24")
    places = [board.add(Score(f"n{points}", points, 1.0)) for points in (50, 70, 60, *range(10, 20))]
    assert places[:3] == [1, 1, 2]
    again = ScoreBoard(path, today=lambda: "2026-11-24").today()
    assert [score.points for score in again] == [70, 60, 50, 19, 18, 17, 16, 15, 14, 13]
    assert board.add(Score("late", 5, 1.0)) is None


def test_who_was_sooner_comes_first(tmp_path: Path) -> None:
    board = ScoreBoard(tmp_path / "scores.json", today=lambda: "2026-11-24")
    board.add(Score("slow", 50, 3.0))
    assert board.add(Score("soon", 50, 1.0)) == 1
    assert board.add(Score("as slow", 50, 3.0)) == 3


def test_a_new_day_begins_empty(tmp_path: Path) -> None:
    days = iter(["2026-11-24", "2026-11-24", "2026-11-25", "2026-11-25", "2026-11-25"])
    board = ScoreBoard(tmp_path / "scores.json", today=lambda: next(days))
    board.add(Score("wave", 50, 1.0))
    assert board.today() == ()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"day": 1, "scores": [{"action": 1}]}', "[" * 100_000]
)
def test_a_damaged_file_is_an_empty_board(tmp_path: Path, content: str) -> None:
    (tmp_path / "scores.json").write_text(content)
    board = ScoreBoard(tmp_path / "scores.json")
    assert board.today() == ()
    assert board.add(Score("wave", 50, 1.0)) == 1


def test_a_board_that_cannot_be_written_is_still_shown(tmp_path: Path) -> None:
    board = ScoreBoard(tmp_path / "missing" / "scores.json")
    assert board.add(Score("wave", 50, 1.0)) == 1
    assert len(board.today()) == 1
