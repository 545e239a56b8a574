import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from tests.streams.formats.written import ntu_text, pku_text
from training.datasets.converted import JOURNAL, Item, convert, load_converted
from training.datasets.ctrgcn_npz import npz_items, npz_reader
from training.datasets.ntu import ntu_items, ntu_reader
from training.datasets.pku_mmd import pku_items, pku_reader

ITEMS = [Item(f"take-{n}", n % 3, subject=n) for n in range(6)]


def read(item: Item) -> NDArray[np.float32]:
    if item.name == "take-4":
        raise DataError("wanted frames, got the end in line 7; the file is cut off")
    bodies = np.zeros((2, 20, 25, 3), np.float32)
    bodies[0] = np.random.default_rng(item.subject).normal(size=(20, 25, 3))
    return bodies


def test_a_broken_file_is_named_skipped_and_counted(tmp_path: Path) -> None:
    counts = convert("ntu60", ITEMS, read, out=tmp_path, progress=False)
    assert counts["converted"] == 5
    assert sum(counts.values()) == 6
    found = load_converted(tmp_path)
    assert [item.name for item in found.items] == [i.name for i in ITEMS if i.name != "take-4"]
    assert found.positions.shape == (6, 2, 50, 25, 3)
    assert "line 7" in json.loads((tmp_path / "index.json").read_text())["left_out"]["take-4"]


def test_a_stopped_conversion_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    convert("ntu60", ITEMS, read, out=tmp_path / "whole", progress=False)
    asked: list[str] = []

    def stops(item: Item) -> NDArray[np.float32]:
        asked.append(item.name)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return read(item)

    with pytest.raises(KeyboardInterrupt):
        convert("ntu60", ITEMS, stops, out=tmp_path / "cut", progress=False)
    with pytest.raises(DataError, match="finished"):
        load_converted(tmp_path / "cut")
    with (tmp_path / "cut" / JOURNAL).open("a") as journal:
        journal.write('{"name": "take-')  # killed while it wrote
    (tmp_path / "cut" / JOURNAL).write_text((tmp_path / "cut" / JOURNAL).read_text() + "\n")
    asked.clear()
    convert(
        "ntu60",
        ITEMS,
        lambda item: asked.append(item.name) or read(item),
        out=tmp_path / "cut",
        progress=False,
    )
    assert "take-0" not in asked
    one, other = load_converted(tmp_path / "whole"), load_converted(tmp_path / "cut")
    np.testing.assert_array_equal(one.positions, other.positions)
    assert one.items == other.items


def test_another_conversion_in_the_folder_and_no_items_are_refused(tmp_path: Path) -> None:
    convert("ntu60", ITEMS, read, out=tmp_path, progress=False)
    with pytest.raises(DataError, match="another folder"):
        convert("ntu60", ITEMS[:3], read, out=tmp_path, progress=False)
    with pytest.raises(DataError, match="none"):
        convert("ntu60", [], read, out=tmp_path / "empty", progress=False)


def written_ntu(folder: Path) -> Path:
    for setup, subject, action in ((1, 1, 1), (1, 3, 60), (20, 103, 61)):
        name = f"S{setup:03d}C001P{subject:03d}R001A{action:03d}.skeleton"
        (folder / name).write_text(ntu_text([[(1, 0.1 * n)] for n in range(4)]))
    return folder


def test_ntu_items_come_from_names_within_the_benchmark(tmp_path: Path) -> None:
    folder = written_ntu(tmp_path)
    found = ntu_items(folder, "ntu60")
    assert [(i.label, i.subject, i.camera, i.setup) for i in found] == [(0, 1, 1, 1), (59, 3, 1, 1)]
    assert len(ntu_items(folder, "ntu120")) == 3
    assert ntu_reader(folder)(found[0]).shape == (2, 4, 25, 3)


def test_missing_list_leaves_out_and_a_foreign_list_or_name_is_refused(tmp_path: Path) -> None:
    folder = written_ntu(tmp_path)
    (tmp_path / "missing.txt").write_text("header\nS001C001P001R001A001\n")
    assert len(ntu_items(folder, "ntu60", missing=tmp_path / "missing.txt")) == 1
    (tmp_path / "other.txt").write_text("nothing\n")
    with pytest.raises(DataError, match="another list"):
        ntu_items(folder, "ntu60", missing=tmp_path / "other.txt")
    (folder / "x.skeleton").write_text("0\n")
    with pytest.raises(DataError, match="names like"):
        ntu_items(folder, "ntu60")


def written_pku(folder: Path, label: str = "8,0,9,2\n51,12,19,2\n") -> tuple[Path, Path, Path]:
    skeletons, labels, split = folder / "skeleton", folder / "label", folder / "cross-subject.txt"
    for made in (skeletons, labels):
        made.mkdir()
    for name in ("0001-L", "0002-M"):
        (skeletons / f"{name}.txt").write_text(pku_text([[(0, 0.01 * n)] for n in range(20)]))
        (labels / f"{name}.txt").write_text(label)
    split.write_text("Training videos:\n0001-L, \nValidataion videos:\n0002-M, \n")
    return skeletons, labels, split


def test_pku_actions_are_cut_by_their_labels(tmp_path: Path) -> None:
    folders = written_pku(tmp_path)
    found = pku_items(*folders)
    assert [(i.label, i.camera, i.training) for i in found] == [
        *((7, 1, True), (50, 1, True)),
        *((7, 2, False), (50, 2, False)),
    ]
    assert pku_reader(folders[0])(found[1]).shape == (2, 8, 25, 3)


@pytest.mark.parametrize("label", ["52,0,9,2\n", "8,9,0,2\n", "8;0;9\n"])
def test_pku_labels_that_cannot_be_are_named_with_their_line(tmp_path: Path, label: str) -> None:
    folders = written_pku(tmp_path, "8,0,9,2\n" + label)
    with pytest.raises(DataError, match="line 2 of"):
        pku_items(*folders)


def test_pku_split_of_other_data_is_refused(tmp_path: Path) -> None:
    skeletons, labels, split = written_pku(tmp_path)
    split.write_text("Training videos:\n0300-L\n")
    with pytest.raises(DataError, match="other data"):
        pku_items(skeletons, labels, split)
    (labels / "0002-M.txt").unlink()
    with pytest.raises(DataError, match="0002-M"):
        pku_items(skeletons, labels, split)


def test_npz_of_others_is_read(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(3, 10, 150)).astype(np.float32)
    x[:, 8:] = 0
    one_hot = np.eye(60)[[3, 4, 5]]
    np.savez(tmp_path / "a.npz", x_train=x, y_train=one_hot, x_test=x[:1], y_test=np.array([7]))
    found = npz_items(tmp_path / "a.npz")
    assert [(i.label, i.training) for i in found] == [(3, True), (4, True), (5, True), (7, False)]
    bodies = npz_reader(tmp_path / "a.npz")(found[1])
    assert bodies.shape == (2, 8, 25, 3)
    np.testing.assert_array_equal(bodies[1, 2, 0], x[1, 2, 75:78])
    np.savez(tmp_path / "b.npz", x_train=x)
    with pytest.raises(DataError, match="y_train"):
        npz_items(tmp_path / "b.npz")
