import re
from pathlib import Path

import numpy as np
import pytest

from streams.formats.recording import (
    MAX_BYTES,
    Identities,
    evenly,
    finite_only,
    joints_in,
    later_only,
    read_text,
    scaled,
    unit_of,
)
from streams.skeleton.errors import SourceError
from streams.sources.base import Person
from tests.streams.fakes import person_at

HERE = Path("a.skeleton")


def of_size(factor: float) -> Person:
    person = person_at(0)
    return Person(person.positions * np.float32(factor), person.confidence)


@pytest.mark.parametrize(("factor", "unit"), [(1, "m"), (0.4, "m"), (1000, "mm"), (1500, "mm")])
def test_the_size_of_bodies_tells_the_unit(factor: float, unit: str) -> None:
    persons = [[of_size(factor)], []]
    assert unit_of(persons, HERE) == unit
    metres = scaled(persons, unit)
    assert metres[1] == ()
    wanted = person_at(0).positions * (factor / 1000 if unit == "mm" else factor)
    np.testing.assert_allclose(metres[0][0].positions, wanted, rtol=1e-5)


@pytest.mark.parametrize("factor", [0.01, 30, 1e5])
def test_bodies_of_no_human_size_are_refused(factor: float) -> None:
    with pytest.raises(SourceError, match=re.escape("in a.skeleton; check the unit")):
        unit_of([[of_size(factor)]], HERE)


def test_nobody_is_as_good_as_metres() -> None:
    assert unit_of([[], []], HERE) == "m"


def test_coordinates_no_sensor_gives_are_not_numbers() -> None:
    assert np.isnan(joints_in(np.array([1e300, -1e7, np.inf, np.nan]))).all()
    assert joints_in(np.array([2500.0])).dtype == np.float32


def test_who_is_nowhere_or_all_at_one_point_is_nobody() -> None:
    here, nowhere, point = person_at(0), person_at(np.nan), person_at(0)
    point = Person(np.zeros((25, 3), np.float32), point.confidence)
    assert finite_only([nowhere, here, point]) == (here,)


def test_only_later_frames_are_new() -> None:
    assert later_only(np.array([5, 5, 7, 6, 7, 8])).tolist() == [True, False, True, False, False, True]
    assert (np.diff(evenly(31)) > 0).all()
    assert evenly(31)[-1] == 1_000_000_000


def test_identities_are_counted_as_they_appear() -> None:
    number = Identities()
    assert [number(name) for name in ("x", 9, "x", "9", 9)] == [0, 1, 0, 2, 1]


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(SourceError, match="split it"):
        read_text(path)
    with pytest.raises(SourceError, match="wanted to read"):
        read_text(tmp_path)
