"""A labelled data set as one memory-mapped array: written file by file, taken up where it stopped."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from streams.skeleton.errors import DataError, SourceError
from training.datasets.bodies import FRAMES, Preparation, prepared

INDEX, POSITIONS, JOURNAL = "index.json", "positions.npy", "journal.jsonl"


@dataclass(frozen=True)
class Item:
    """One labelled action of a data set.

    Attributes:
        name: Unique within the set; the recording's name.
        label: Class index, from 0.
        subject: Number, 0 where not told.
        camera: Number, 0 where not told.
        setup: Number, 0 where not told.
        training: Whether the set's own split trains on it; None where it is told by numbers.
    """

    name: str
    label: int
    subject: int = 0
    camera: int = 0
    setup: int = 0
    training: bool | None = None


@dataclass(frozen=True, eq=False)
class Converted:
    """A converted data set.

    Attributes:
        data: ``"ntu60"``, ``"ntu120"`` or ``"pku-mmd"``.
        positions: (R, 2, T, 25, 3) float32 on disk, R rows of which ``rows`` are whole.
        rows: (N,) row of each item.
        items: N.
    """

    data: str
    positions: NDArray[np.float32]
    rows: NDArray[np.int64]
    items: tuple[Item, ...]


Read = Callable[[Item], NDArray[np.float32]]
"""An item to its bodies (2, T, 25, 3); raises SourceError or DataError where they cannot be had."""


def convert(
    data: str,
    items: Sequence[Item],
    read: Read,
    *,
    out: Path,
    how: Preparation = "pgfa",
    frames: int | None = None,
    progress: bool = True,
) -> dict[str, int]:
    """Number of items converted and, by reason, left out; the set is in ``out``.

    Every item's row is fixed by its place in ``items`` and journalled once it is written, so a
    conversion that was killed goes on; no more than one item is in memory.

    Args:
        data: Name of the data set.
        items: In any order, names unique.
        read: Of one item.
        out: Folder of the converted set.
        how: Preparation.
        frames: Frames of an item; None for the preparation's own.
        progress: Show a bar.

    Raises:
        DataError: No items, ``out`` holds a conversion of others, or not one item can be read.
    """
    if not items:
        raise DataError(f"wanted recordings of {data}, got none; name the folder they lie in")
    ordered = sorted(items, key=lambda item: item.name)
    length = frames or FRAMES[how]
    head = {"data": data, "how": how, "frames": length, "items": [asdict(item) for item in ordered]}
    done = _begin(out, head)
    positions = _positions(out, (len(ordered), 2, length, 25, 3))
    with (out / JOURNAL).open("a", encoding="utf-8") as journal:
        for row, item in enumerate(tqdm(ordered, f"convert {data}", disable=not progress)):
            if item.name in done:
                continue
            reason = ""
            try:
                positions[row] = prepared(read(item), how, frames=length)
            except (SourceError, DataError, ValueError) as error:
                reason = str(error)
            journal.write(json.dumps({"name": item.name, "reason": reason}) + "\n")
            journal.flush()
            done[item.name] = reason
    positions.flush()
    kept = [row for row, item in enumerate(ordered) if not done[item.name]]
    if not kept:
        raise DataError(f"wanted readable recordings of {data}, got none: {done[ordered[0].name]}")
    left_out = {item.name: done[item.name] for item in ordered if done[item.name]}
    _write(out / INDEX, {**head, "rows": kept, "left_out": left_out})
    return {"converted": len(kept), **Counter("left out: " + _kind(reason) for reason in left_out.values())}


def load_converted(folder: Path) -> Converted:
    """The converted set in a folder; its positions stay on disk.

    Raises:
        DataError: The folder holds none, or an unfinished one.
    """
    try:
        raw = json.loads((folder / INDEX).read_text("utf-8"))
        positions = np.load(folder / POSITIONS, mmap_mode="r", allow_pickle=False)
        rows = np.array(raw["rows"], np.int64)
        items = tuple(Item(**raw["items"][row]) for row in rows)
        data = str(raw["data"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"wanted a finished conversion, got {folder} ({error}); run anymove convert to its end"
        ) from None
    if (
        len(rows) == 0
        or positions.ndim != 5
        or positions.shape[3:] != (25, 3)
        or rows.max() >= len(positions)
    ):
        raise DataError(f"{folder}: {POSITIONS} does not fit {INDEX}; convert again")
    return Converted(data, positions, rows, items)


def _begin(out: Path, head: dict[str, Any]) -> dict[str, str]:
    """Reason by name ("" for none) of the items an earlier conversion of the same has done."""
    path, journal = out / "conversion.json", out / JOURNAL
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        _write(path, head)
        return {}
    if json.loads(path.read_text("utf-8")) != head:
        raise DataError(f"wanted an empty folder or this conversion begun, got {out}; name another folder")
    done: dict[str, str] = {}
    for line in journal.read_text("utf-8").splitlines() if journal.is_file() else ():
        try:
            entry = json.loads(line)
        except ValueError:  # the last line of a killed conversion
            continue
        done[entry["name"]] = entry["reason"]
    return done


def _positions(out: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.float32]]:
    path = out / POSITIONS
    if path.is_file():
        return np.lib.format.open_memmap(path, "r+")
    return np.lib.format.open_memmap(path, "w+", np.float32, shape)


def _kind(reason: str) -> str:
    """The first words of a reason, without names of files."""
    return reason.partition(", got")[0][:60]


def _write(path: Path, content: Any) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    temporary.replace(path)
