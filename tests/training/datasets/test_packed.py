from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streams.skeleton.errors import DataError
from streams.skeleton.layouts import Joint
from tests.training.small_data import packed_arrays, write_packed
from training.datasets.packed import load_packed

LABELS = ("arm wave", "leg swing", "arm wave")


def test_sequences_arrive_as_ntu(tmp_path: Path) -> None:
    packed = load_packed(write_packed(tmp_path / "toy.npz", LABELS))
    assert packed.name == "toy"
    assert packed.labels == LABELS
    assert packed.fps == 30.0
    assert packed.merged is None
    assert [s.shape for s in packed.sequences] == [(60, 25, 3)] * 3
    raw = packed_arrays(LABELS)["positions"]
    for n, sequence in enumerate(packed.sequences):
        assert sequence.dtype == np.float32
        np.testing.assert_allclose(sequence[:, Joint.HEAD], raw[60 * n : 60 * n + 60, 3], atol=1e-6)


def test_uncut_takes_are_dropped(tmp_path: Path) -> None:
    labels = ("arm wave", "unsegmented: arm wave | leg swing", "leg swing")
    packed = load_packed(write_packed(tmp_path / "toy.npz", labels))
    assert packed.labels == ("arm wave", "leg swing")
    assert packed.subjects == ("s0", "s2")
    assert packed.trials == ("t0", "t2")


def test_sequences_begin_where_the_action_does(tmp_path: Path) -> None:
    starts = np.array([0, 20, 59])
    merged = np.array(["a", "b", "a"])
    path = write_packed(tmp_path / "toy.npz", LABELS, active_start=starts, merged=merged)
    packed = load_packed(path)
    assert [len(s) for s in packed.sequences] == [60, 40, 1]
    assert packed.merged == ("a", "b", "a")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"label": None}, "lacks label"),
    "no fps": ({"fps": None}, "lacks fps"),
    "another joint count": ({"joints": np.array(["hip_center"])}, r"wanted positions \(T, 1, 3\)"),
    "unknown joints": ({"joints": np.array([f"j{n}" for n in range(20)])}, "known layout or rig"),
    "offsets too short": ({"offsets": np.array([0, 60, 120])}, "wanted 4 offsets"),
    "offsets beyond the end": ({"offsets": np.array([0, 60, 120, 999])}, "from 0 to 180"),
    "offsets that fall": ({"offsets": np.array([0, 120, 60, 180])}, "rising"),
    "too few subjects": ({"subject": np.array(["s"])}, "3 entries of subject"),
    "start outside": ({"active_start": np.array([0, 0, 60])}, "active_start within"),
    "no rate": ({"fps": np.array(0.0)}, "frame rate above 0"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused_by_name(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_packed(tmp_path / "bad.npz", LABELS, **changes)
    with pytest.raises(DataError, match=message) as caught:
        load_packed(path)
    assert "bad.npz" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_coordinates_must_be_finite(tmp_path: Path, value: float) -> None:
    positions = packed_arrays(LABELS)["positions"]
    positions[70, 3, 1] = value
    path = write_packed(tmp_path / "bad.npz", LABELS, positions=positions)
    with pytest.raises(DataError, match=r"bad\.npz: wanted finite .* frame 70, joint head"):
        load_packed(path)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        load_packed(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DataError, match=r"text\.npz"):
        load_packed(tmp_path / "text.npz")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = write_packed(tmp_path / "bad.npz", LABELS, label=np.array(["a", 1, None], object))
    with pytest.raises(DataError, match="bad"):
        load_packed(path)
