"""Requests are read with distrust."""

from typing import Any

import pytest

from engine.requests import Arguments, described, id_of, request_from
from streams.skeleton.errors import AnymoveError, DuplicateActionError, InputError, WireError
from streams.wire import Message, pack, unpack

GOOD = {"id": "7", "op": "health", "args": {}, "deadline_ms": 500}


def _message(kind: str = "request", **changes: Any) -> Message:
    header = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return unpack(pack(kind, header))


def test_a_request_is_read():
    request = request_from(_message(args={"name": "wave"}), client=b"c", received_ns=10**12)
    assert (request.client, request.id, request.op, request.args) == (b"c", "7", "health", {"name": "wave"})
    # What it spent on the way is gone.
    assert 10**12 + 400_000_000 < request.deadline_ns <= 10**12 + 500_000_000


@pytest.mark.parametrize(
    "changes",
    [
        {"op": 3},
        {"op": ...},
        {"args": []},
        {"args": ...},
        {"deadline_ms": 0},
        {"deadline_ms": -1},
        {"deadline_ms": 10**400},
        {"deadline_ms": True},
        {"deadline_ms": "5"},
        {"deadline_ms": ...},
    ],
)
def test_a_malformed_request_is_refused(changes: dict[str, Any]):
    with pytest.raises(WireError, match="wanted"):
        request_from(_message(**changes), client=b"c", received_ns=0)


@pytest.mark.parametrize("wrong", ["", "x" * 65, 7, None, ...])
def test_an_id_of_another_kind_is_refused(wrong: Any):
    with pytest.raises(WireError, match="wanted"):
        id_of(_message(id=wrong))
    with pytest.raises(WireError, match="wanted a request"):
        id_of(_message("reply"))


def test_arguments_are_asked_for_by_type():
    args = Arguments("op", {"name": "wave", "limit": 5, "since": None})
    assert args.text("name") == "wave"
    assert args.text("description", default="none") == "none"
    assert args.integer("limit", low=1, high=10, default=3) == 5
    assert args.integer("since", low=0, high=10, default=None) is None
    args.end()


@pytest.mark.parametrize("given", [{}, {"name": None}, {"name": 5}, {"name": ["x"]}, {"name": "x" * 11}])
def test_a_text_of_another_kind_is_refused(given: dict[str, Any]):
    with pytest.raises(InputError, match="wanted name"):
        Arguments("op", given).text("name", longest=10)


@pytest.mark.parametrize("value", [0, 11, 1.5, "3", True, [1], 10**400])
def test_a_number_of_another_kind_is_refused(value: Any):
    with pytest.raises(InputError, match="whole number from 1 to 10"):
        Arguments("op", {"limit": value}).integer("limit", low=1, high=10, default=3)


def test_arguments_nobody_asked_for_are_refused():
    with pytest.raises(InputError, match="got colour"):
        Arguments("op", {"colour": "red"}).end()


def test_an_error_travels_as_code_and_words():
    error: AnymoveError = DuplicateActionError("taken" * 1000)
    found = described(error)
    assert found["code"] == "duplicate_action"
    assert 0 < len(found["message"]) <= 2000


def test_numbers_and_flags_are_asked_for_by_range_and_type():
    args = Arguments("op", {"a": 2, "b": None, "c": True})
    assert args.number("a", low=0.0, high=3.0, default=1.0) == 2.0
    assert args.number("b", low=0.0, high=3.0, default=1.0) == 1.0
    assert args.flag("c") is True
    args.end()


@pytest.mark.parametrize("value", ["x", True, -0.1, 3.1, float("nan"), [1]])
def test_what_is_no_number_in_the_range_is_refused(value: object):
    with pytest.raises(InputError, match="wanted a as a number from 0 to 3 for op"):
        Arguments("op", {"a": value}).number("a", low=0.0, high=3.0, default=1.0)


@pytest.mark.parametrize("value", [None, 1, "true"])
def test_what_is_no_flag_is_refused(value: object):
    with pytest.raises(InputError, match="wanted a as true or false"):
        Arguments("op", {"a": value}).flag("a")
