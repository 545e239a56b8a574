import re

import pytest

from streams.skeleton import errors
from streams.skeleton.errors import AnymoveError, InputError, error_classes


def test_codes_are_unique_and_complete() -> None:
    declared = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, AnymoveError)]
    assert len({c.code for c in declared}) == len(declared)
    assert set(error_classes().values()) == set(declared)


def test_the_module_docstring_lists_the_tree() -> None:
    listed = set(re.findall(r"\b(\w+Error)\b", errors.__doc__ or "")) - {"ValueError"}
    assert listed == {c.__name__ for c in error_classes().values()}


@pytest.mark.parametrize("cls", [c for c in error_classes().values() if issubclass(c, InputError)])
def test_bad_data_is_also_a_value_error(cls: type[AnymoveError]) -> None:
    assert issubclass(cls, ValueError)
