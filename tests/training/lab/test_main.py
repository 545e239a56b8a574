from pathlib import Path

import pytest
import torch

import anymove
from tests.training.test_released import st_gcn_state
from training.released import FILE, read_encoder


def test_import_writes_an_encoder_that_reads_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"encoder": st_gcn_state()}, tmp_path / "c.pt")
    arguments = ["import-checkpoint", "pgfa", str(tmp_path / "c.pt"), "--out", str(tmp_path / "out")]
    assert anymove.main(arguments) == 0
    assert "StGcn" in capsys.readouterr().out
    assert (tmp_path / "out" / FILE).is_file()
    assert read_encoder(tmp_path / "out").encoder.config.features == 12


def test_a_foreign_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.pt").write_bytes(b"not a checkpoint")
    assert anymove.main(["import-checkpoint", "pgfa", str(tmp_path / "c.pt")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("anymove: wanted a checkpoint")
    assert error.count("\n") == 1
