"""What the other threads say waits for the network thread, bounded and counted."""

import json
import select
from collections.abc import Iterator

import pytest

from engine.outbox import MOST_OUTGOING, Outbox
from engine.requests import Request
from engine.telemetry import Telemetry
from streams.skeleton.errors import ActionNameError
from streams.wire import Message, unpack


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    made = Outbox(Telemetry())
    yield made
    made.close()


def _taken(outbox: Outbox) -> tuple[str, bytes, Message]:
    taken = outbox.take()
    assert taken is not None
    plane, (address, *frames) = taken
    return plane, address, unpack(frames)


def test_messages_come_out_in_order(outbox: Outbox):
    for number in range(3):
        outbox.send("windows", [bytes([number])])
    assert [outbox.take() for _ in range(4)] == [*(("windows", [bytes([n])]) for n in range(3)), None]


def test_who_waits_for_messages_is_woken(outbox: Outbox):
    assert select.select([outbox.ear], [], [], 0) == ([], [], [])
    outbox.credit(b"me")
    assert select.select([outbox.ear], [], [], 10)[0] == [outbox.ear]


def test_one_word_is_enough_for_all_that_waits(outbox: Outbox):
    for _ in range(3):
        outbox.credit(b"me")
    assert outbox.ear.recv(64) == b"!"
    for _ in range(3):
        assert outbox.take() is not None
    outbox.credit(b"me")
    assert outbox.ear.recv(64) == b"!"


def test_credit_and_refusal_go_to_their_sender(outbox: Outbox):
    outbox.credit(b"me")
    outbox.refuse(b"you", ActionNameError("wanted a name"))
    plane, address, message = _taken(outbox)
    assert (plane, address, message.type, message.header) == ("windows", b"me", "credit", {"credit": 1})
    plane, address, message = _taken(outbox)
    assert (plane, address, message.type) == ("windows", b"you", "refused")
    assert message.header == {"code": "action_name", "message": "wanted a name"}


def test_replies_carry_the_requests_id(outbox: Outbox):
    outbox.reply(Request(b"me", "7", "op", {}, 0, 0), {"name": "größer ☺"})
    outbox.fail(b"you", None, ActionNameError("wanted a name"))
    plane, address, message = _taken(outbox)
    assert (plane, address, message.header) == ("control", b"me", {"id": "7", "ok": True})
    assert json.loads(message.arrays["result"].tobytes()) == {"name": "größer ☺"}
    plane, address, message = _taken(outbox)
    assert (plane, address) == ("control", b"you")
    assert message.header["id"] is None
    assert message.header["error"]["code"] == "action_name"


def test_publications_have_a_topic_and_are_numbered_together(outbox: Outbox):
    outbox.publish("prediction", "cam", {"state": "idle"})
    outbox.publish("event", "cam", {"phase": "onset"})
    plane, topic, message = _taken(outbox)
    assert (plane, topic, message.type) == ("predictions", b"prediction.cam", "prediction")
    assert message.header == {"prediction": {"state": "idle"}, "number": 1}
    _, topic, message = _taken(outbox)
    assert (topic, message.header) == (b"event.cam", {"event": {"phase": "onset"}, "number": 2})


def test_messages_beyond_the_bound_are_dropped_and_counted():
    telemetry = Telemetry()
    outbox = Outbox(telemetry)
    for _ in range(MOST_OUTGOING + 5):
        outbox.credit(b"x")
    assert telemetry.counters() == {"outgoing_dropped": 5}
    # What was published but dropped leaves a gap in the numbers.
    outbox.publish("event", "cam", {})
    while outbox.take() is not None:
        pass
    outbox.publish("event", "cam", {})
    assert _taken(outbox)[2].header["number"] == 2
    outbox.close()


def test_after_the_end_nothing_is_raised():
    outbox = Outbox(Telemetry())
    outbox.close()
    outbox.credit(b"x")
