"""PYSKL's annotation pickles of NTU RGB+D, read without running anything that is in them.

A pickle is a program that may call what it can name. Here it can name a few things, all of them stand-ins
of this module that hold numbers: whatever else it asks for is refused (decision 0057).
"""

import pickle  # noqa: TID251 -- only as the base of a reader that may name nothing of the outside
import re
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.errors import DataError
from training.benchmarks import class_names
from training.datasets.converted import Item, Read

_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")
_KINDS = re.compile(r"[<>|=]?[fiub][1248]")
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")


class _Kind:
    """In place of ``numpy.dtype``: the name of a number's kind, without fields or objects."""

    def __init__(self, name: str, *_: Any) -> None:
        if not isinstance(name, str) or not _KINDS.fullmatch(name):
            raise DataError(f"wanted arrays of plain numbers, got the kind {name!r:.40}")
        self.name = name
        self.order: Literal["<", ">"] = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.name).newbyteorder(self.order)


class _Array:
    """In place of ``numpy.ndarray``: shape, kind and bytes, checked against each other."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, raw = state
        if not (
            isinstance(kind, _Kind) and isinstance(raw, (bytes, bytearray)) and isinstance(shape, tuple)
        ):
            raise DataError("wanted an array of plain numbers, got one of objects")
        if len(raw) != int(np.prod(shape, dtype=np.int64)) * kind.dtype.itemsize:
            raise DataError(f"wanted the bytes of an array {shape} of {kind.name}, got {len(raw)}")
        self.values = np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if fortran else "C")


def _new_array(*_: Any) -> _Array:
    return _Array()


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> _Array:
    """An array as pickles of protocol 5 write it."""
    made = _Array()
    made.__setstate__((1, shape, kind, order == "F", raw))
    return made


def _scalar(kind: _Kind, raw: bytes) -> int | float:
    return np.frombuffer(raw, kind.dtype, count=1)[0].item()


def _encoded(text: str, encoding: str) -> bytes:
    """What Python 2's strings of bytes come as."""
    if encoding != "latin1":
        raise DataError(f"wanted bytes as latin1, got {encoding!r:.20}")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _encoded,
    **{(module, "_reconstruct"): _new_array for module in _MODULES},
    **{(module, "scalar"): _scalar for module in _MODULES},
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """One of the stand-ins."""
        if (module_name, global_name) not in _KNOWN:
            raise DataError(
                f"wanted numbers, texts, lists and dicts alone, got a file that names {module_name}."
                f"{global_name}; it was not run. Convert the raw recordings instead"
            )
        return _KNOWN[module_name, global_name]

    def persistent_load(self, pid: Any) -> NoReturn:
        """Nothing: there is no store that a file could name things in."""
        raise DataError("wanted a file that is whole, got one that refers to others")


def pyskl_items(path: Path, data: Literal["ntu60", "ntu120"]) -> tuple[list[Item], Read]:
    """Every annotated recording of the benchmark, and the reader of its bodies; all are held in memory.

    Args:
        path: ``ntu60_3danno.pkl`` or ``ntu120_3danno.pkl``: a dict whose ``annotations`` have
            ``frame_dir``, ``label`` and ``keypoint`` (M, T, 25, 3) metres.
        data: NTU-60 takes the first 60 classes.

    Raises:
        DataError: It is missing, damaged, of another form, or asks for anything to be run.
    """
    found: dict[str, NDArray[Any]] = {}
    items: list[Item] = []
    classes = len(class_names(data))
    for number, entry in enumerate(_annotations(path)):
        try:
            name, label, array = str(entry["frame_dir"]), entry["label"], entry["keypoint"]
        except (TypeError, KeyError) as error:
            raise DataError(f"{path}: annotation {number} lacks {error}") from None
        match = _NAME.fullmatch(name)
        if match is None or not isinstance(label, int) or int(match[5]) != label + 1:
            raise DataError(
                f"wanted a name like S001C001P001R001A001 and its class less one, got {name!r:.40} and "
                f"{label!r:.20} in annotation {number} of {path}; it is of other data"
            )
        values = array.values if isinstance(array, _Array) else None
        if values is None or values.ndim != 4 or values.shape[2:] != (25, 3) or not values.size:
            shape = None if values is None else values.shape
            raise DataError(
                f"wanted keypoint (M, T, 25, 3) of {name} in {path}, got {shape}; take 3D annotations"
            )
        if label < classes:
            setup, camera, subject = (int(part) for part in match.groups()[:3])
            items.append(Item(name, label, subject=subject, camera=camera, setup=setup))
            found[name] = values
    if len(found) != len(items):
        raise DataError(f"wanted names that occur once, got {len(items) - len(found)} again in {path}")

    def read(item: Item) -> NDArray[np.float32]:
        bodies = np.zeros((2, *found[item.name].shape[1:]), np.float32)
        some = found[item.name][:2].astype(np.float32)
        bodies[: len(some)] = some
        if not np.isfinite(bodies).all() or not bodies.any():
            raise DataError(f"wanted somebody in {item.name}, got nobody or no numbers")
        return bodies

    return items, read


def _annotations(path: Path) -> list[Any]:
    try:
        with path.open("rb") as file:
            content = _Reader(file).load()
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except OSError as error:
        raise DataError(f"wanted PYSKL's annotations, got {path} ({error.strerror})") from None
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        MemoryError,
        OverflowError,
        ImportError,
    ) as error:
        raise DataError(
            f"wanted PYSKL's annotations, got {path} ({error!r:.100}); fetch it again"
        ) from None
    annotations = content.get("annotations") if isinstance(content, dict) else None
    if not isinstance(annotations, list) or not annotations:
        raise DataError(f"wanted a dict with a list of annotations, got another form in {path}")
    return annotations
