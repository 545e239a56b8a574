import pickle  # noqa: TID251 -- the tests write what is read
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anymove
from streams.skeleton.errors import DataError
from training.datasets.converted import load_converted
from training.datasets.pyskl_pickle import pyskl_items

RNG = np.random.default_rng(0)


def annotation(name: str, bodies: int = 1, **changes: Any) -> dict[str, Any]:
    keypoint = RNG.normal(size=(bodies, 9, 25, 3)).astype(np.float16)
    made = {"frame_dir": name, "label": int(name[-3:]) - 1, "keypoint": keypoint, "total_frames": 9}
    return {**made, **changes}


def write(path: Path, *annotations: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps({"split": {}, "annotations": list(annotations)}, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_arrays_come_out_as_they_went_in(protocol: int, tmp_path: Path) -> None:
    one, two = annotation("S001C002P003R001A005"), annotation("S017C001P008R002A061", bodies=2)
    two["keypoint"] = np.asfortranarray(two["keypoint"].astype(">f4"))
    one["label"] = np.int64(4)
    path = write(tmp_path / "a.pkl", one, two, protocol=protocol)
    items, read = pyskl_items(path, "ntu120")
    assert [(i.name, i.label, i.subject, i.camera, i.setup) for i in items] == [
        ("S001C002P003R001A005", 4, 3, 2, 1),
        ("S017C001P008R002A061", 60, 8, 1, 17),
    ]
    np.testing.assert_array_equal(read(items[0])[0], one["keypoint"][0].astype(np.float32))
    assert not read(items[0])[1].any()
    np.testing.assert_array_equal(read(items[1]), two["keypoint"])
    assert len(pyskl_items(path, "ntu60")[0]) == 1


class Bad:
    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('run')",)


class Sneaky:
    """A class of this project is no better."""

    def __reduce__(self) -> Any:
        return Path, ("x",)


@pytest.mark.parametrize("evil", [Bad(), Sneaky(), np.array([Bad()], object), {"a": Bad()}])
def test_nothing_in_it_is_run(evil: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"names|kind"):
        pyskl_items(write(tmp_path / "a.pkl", annotation("S001C001P001R001A001"), evil), "ntu60")


def test_objects_in_arrays_are_refused(tmp_path: Path) -> None:
    entry = annotation("S001C001P001R001A001", keypoint=np.array([None, 1], object))
    with pytest.raises(DataError, match="plain numbers"):
        pyskl_items(write(tmp_path / "a.pkl", entry), "ntu60")


@pytest.mark.parametrize("at", [0, 10, 200, -3])
def test_a_truncated_file_is_one_error(at: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", annotation("S001C001P001R001A001"))
    path.write_bytes(path.read_bytes()[:at])
    with pytest.raises(DataError, match=r"a\.pkl"):
        pyskl_items(path, "ntu60")


def test_damage_anywhere_is_an_error_or_nothing_worse(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", annotation("S001C001P001R001A001"))
    whole = bytearray(path.read_bytes())
    for at in range(400):
        damaged = whole.copy()
        damaged[at % len(damaged)] ^= 0x5A
        path.write_bytes(damaged)
        try:
            pyskl_items(path, "ntu60")
        except DataError as error:
            assert "a.pkl" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"label": 7}, "class less one"),
        ({"frame_dir": "walk"}, "S001C001P001R001A001"),
        ({"keypoint": np.zeros((1, 9, 17, 2), np.float16)}, r"\(1, 9, 17, 2\)"),
        ({"keypoint": [1, 2]}, "keypoint"),
    ],
)
def test_other_data_is_told_apart(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    name = "S001C001P001R001A001"
    path = write(tmp_path / "a.pkl", {**annotation(name), **changes})
    with pytest.raises(DataError, match=told):
        pyskl_items(path, "ntu60")


def test_conversion_takes_it_by_its_name(tmp_path: Path) -> None:
    names = [f"S001C001P00{p}R001A0{a:02d}" for p in (1, 3) for a in (1, 2)]
    path = write(tmp_path / "ntu60_3danno.pkl", *(annotation(name) for name in names))
    assert anymove.main(["convert", "ntu60", str(path), "--out", str(tmp_path / "out")]) == 0
    assert [item.name for item in load_converted(tmp_path / "out").items] == names
