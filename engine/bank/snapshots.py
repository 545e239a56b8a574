"""Reading a snapshot with distrust: it may be truncated, or another bank's."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import BankSettings, BankSnapshot
from engine.bank.table import ClassTable
from engine.rows import are_unit
from streams.skeleton.errors import SnapshotError


def check_origin(snapshot: BankSnapshot, *, rule: str, settings: BankSettings) -> None:
    """Refuse a snapshot of another rule, bundle, backend or precision.

    Raises:
        SnapshotError: It is one.
    """
    wanted, found = (rule, settings.fingerprint), (snapshot.rule, snapshot.fingerprint)
    if found != wanted:
        raise SnapshotError(
            f"wanted a snapshot of bank {rule!r} for {settings.fingerprint:.40}, got one of "
            f"{snapshot.rule!r:.40} for {snapshot.fingerprint:.40}; let the bank start from its texts"
        )


def read_table(snapshot: BankSnapshot, settings: BankSettings) -> ClassTable:
    """The classes of a snapshot with their texts, no prototype moved yet.

    Raises:
        SnapshotError: Ids are missing, repeat or are no strings, or a text is missing or unsound.
    """
    ids = read_meta(snapshot, "class_ids", list)
    if not all(isinstance(class_id, str) for class_id in ids) or len(set(ids)) != len(ids):
        raise SnapshotError(f"wanted distinct class ids in a snapshot, got {ids!r:.80}; discard it")
    shape = (len(ids), settings.parts, settings.dim)
    texts = read_array(snapshot, "texts", shape, dtype=np.float32, sound=are_unit)
    table = ClassTable(settings.parts, settings.dim)
    for class_id, text in zip(ids, texts, strict=True):
        table.add(class_id, text)
    return table


def read_meta(snapshot: BankSnapshot, name: str, kind: type[Any]) -> Any:
    """One JSON-safe field.

    Raises:
        SnapshotError: Missing or of another type.
    """
    value = snapshot.meta.get(name)
    if not isinstance(value, kind):
        raise SnapshotError(
            f"wanted {name} as {kind.__name__} in a snapshot, got {value!r:.60}; discard it"
        )
    return value


def read_array(
    snapshot: BankSnapshot,
    name: str,
    shape: tuple[int, ...],
    *,
    dtype: type[np.floating[Any]],
    sound: Callable[[NDArray[Any]], bool] = lambda array: bool(np.isfinite(array).all()),
) -> NDArray[Any]:
    """One array, not copied.

    Args:
        snapshot: Where it is.
        name: Its name.
        shape: Wanted.
        dtype: Wanted.
        sound: What its values must satisfy; finite by default.

    Raises:
        SnapshotError: Missing, or of another shape, dtype or content.
    """
    array = snapshot.arrays.get(name)
    if (
        not isinstance(array, np.ndarray)
        or array.shape != shape
        or array.dtype != dtype
        or not sound(array)
    ):
        found = "none" if not isinstance(array, np.ndarray) else f"{array.shape} {array.dtype}"
        raise SnapshotError(
            f"wanted sound {name} {shape} {np.dtype(dtype)} in a snapshot, got {found}; discard it"
        )
    return array


def counts(array: NDArray[Any]) -> bool:
    """Whether every value is a whole number from 0 on."""
    return bool(np.isfinite(array).all() and (array >= 0).all() and (array == np.floor(array)).all())


def masses(array: NDArray[Any]) -> bool:
    """Whether every value is finite and at least 0."""
    return bool(np.isfinite(array).all() and (array >= 0).all())
