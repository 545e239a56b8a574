from pathlib import Path

import pytest

from training import board
from training.board import open_board


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("events.out.tfevents.*")))


def test_values_are_on_disk_once_it_is_closed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    with open_board(tmp_path, begin=0) as found:
        found.add("loss", [3.0, 2.0], first=0)
    assert written(tmp_path).count(b"loss") == 2
    with open_board(tmp_path, begin=1) as again:  # as a run that goes on
        again.add("loss", [2.0], first=1)
    assert written(tmp_path).count(b"loss") == 3


@pytest.mark.parametrize("installed", [True, False])
def test_nothing_is_written_where_it_is_not_installed_or_not_wanted(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "find_spec", lambda _name: "there" if installed else None)
    with open_board(None if installed else tmp_path, begin=0) as found:
        found.add("loss", [1.0], first=0)
    assert not list(tmp_path.iterdir())
