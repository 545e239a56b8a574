import numpy as np
import pytest

from engine.class_map import class_map
from tests.engine.fakes import unit_rows


def test_what_lies_in_a_plane_keeps_its_distances():
    texts = [unit_rows(np.cos(a), np.sin(a)) for a in (0.1, 0.5, 1.2)]
    prototypes = [texts[0], unit_rows(np.cos(0.7), np.sin(0.7)), texts[2]]
    made = class_map(["a", "b", "c"], ["wave", "bow", "sit"], texts=texts, prototypes=prototypes, total=3)
    assert made.kept == pytest.approx(1.0, abs=1e-6)
    points, rows = np.array([*made.texts, *made.prototypes]), np.concatenate([*texts, *prototypes])
    for one in range(6):
        for other in range(6):
            apart = np.linalg.norm(rows[one] - rows[other])
            assert np.linalg.norm(points[one] - points[other]) == pytest.approx(apart, abs=2e-4)
    assert made.texts[0] == made.prototypes[0]
    assert made.cosines[0][2] == pytest.approx(np.cos(1.1), abs=1e-3)
    assert [made.cosines[n][n] for n in range(3)] == [1.0, 1.0, 1.0]


def test_more_dimensions_than_two_are_lost_and_said_to_be():
    texts = [unit_rows(*row) for row in np.eye(4)]
    made = class_map(list("abcd"), list("abcd"), texts=texts, prototypes=texts, total=4)
    assert made.kept == pytest.approx(2 / 3, abs=1e-5)


def test_no_class_and_one_class_have_a_map():
    assert class_map([], [], texts=[], prototypes=[], total=0).cosines == ()
    made = class_map(["a"], ["wave"], texts=[unit_rows(1.0)], prototypes=[unit_rows(1.0)], total=1)
    assert (made.texts, made.cosines) == (((0.0, 0.0),), ((1.0,),))
