"""A bounded number of damaged files; ``make fuzz`` takes a million."""

from pathlib import Path

from tests.streams.formats.fuzz import fuzz


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    read, refused, _ = fuzz(800, seed=7, folder=tmp_path)
    assert read > 5
    assert refused > 250
