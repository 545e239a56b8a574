"""The sockets: every window is answered once, every bad message by its reason, and nothing stops."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.network import Network
from engine.outbox import Outbox
from engine.requests import Request
from engine.telemetry import Telemetry
from engine.window_queue import WindowQueue
from streams.config import Endpoints
from streams.skeleton.errors import EngineError
from streams.skeleton.window import WindowSpec
from streams.wire import VERSION, pack, pack_window, unpack
from tests.engine.fakes import standing, window
from tests.engine.wire_peers import TIMEOUT_MS, Peer, short_endpoints


class Rig:
    """The network thread by itself: windows stay in the queue, requests are echoed."""

    def __init__(self, endpoints: Endpoints, *, most: int = 64) -> None:
        self.telemetry = Telemetry()
        self.windows = WindowQueue(most)
        self.outbox = Outbox(self.telemetry)
        self.room = True
        try:
            self.network = self._network(endpoints)
        except EngineError:
            self.outbox.close()
            raise
        self.endpoints = self.network.endpoints
        self.thread = threading.Thread(target=self.network.run, daemon=True)
        self.thread.start()

    def _network(self, endpoints: Endpoints) -> Network:
        return Network(
            endpoints,
            WindowSpec(),
            credit=2,
            windows=self.windows,
            request=self._request,
            outbox=self.outbox,
            telemetry=self.telemetry,
        )

    def _request(self, request: Request) -> bool:
        if self.room:
            self.outbox.reply(request, {"op": request.op, "args": request.args})
        return self.room

    def stop(self) -> None:
        self.network.close()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.outbox.close()


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with short_endpoints() as endpoints:
        made = Rig(endpoints)
        yield made
        made.stop()


@pytest.fixture
def fresh() -> Iterator[Rig]:
    with short_endpoints() as endpoints:
        made = Rig(endpoints, most=3)
        yield made
        made.stop()


@pytest.fixture
def capture(rig: Rig) -> Iterator[Peer]:
    with Peer(rig.endpoints["windows"]) as peer:
        yield peer


@pytest.fixture
def client(rig: Rig) -> Iterator[Peer]:
    with Peer(rig.endpoints["control"]) as peer:
        yield peer


def _now() -> int:
    return time.monotonic_ns()


def test_hello_is_answered_with_the_window_the_bundle_wants(capture: Peer):
    message = capture.hello()
    assert message.type == "welcome"
    assert message.header == {"frames": 48, "length_s": 2.4, "credit": 2}


def test_a_window_waits_for_the_recogniser(fresh: Rig):
    with Peer(fresh.endpoints["windows"]) as capture:
        sent = window(captured_ns=_now(), track=3, sequence=7)
        capture.send_window(sent)
        waiting = fresh.windows.take(10.0)
        assert waiting is not None
        assert (waiting.window.track, waiting.window.sequence, waiting.missed) == (3, 7, 0)
        np.testing.assert_array_equal(waiting.window.positions, sent.positions)
        # Same clock on both sides, so the instant survives the journey but for microseconds.
        assert abs(waiting.window.captured_ns - sent.captured_ns) < 5_000_000
        fresh.outbox.credit(waiting.sender)
        capture.receive_credit()


def test_replaced_and_skipped_windows_are_counted_and_answered(fresh: Rig):
    with Peer(fresh.endpoints["windows"]) as capture:
        for sequence in (0, 1, 4):
            capture.send_window(window(captured_ns=_now(), sequence=sequence))
        # The two that gave way are answered; the last one waits.
        capture.receive_credit(2)
        waiting = fresh.windows.take(10.0)
        assert waiting is not None
        assert (waiting.window.sequence, waiting.missed) == (4, 4)
        counters = fresh.telemetry.counters()
        assert (counters["windows_replaced"], counters["sequence_gaps"]) == (2, 2)
        assert counters["windows_received"] == 3


def test_a_flood_of_tracks_is_bounded_and_answered(fresh: Rig):
    with Peer(fresh.endpoints["windows"]) as capture:
        for track in range(10):
            capture.send_window(window(captured_ns=_now(), track=track))
        capture.receive_credit(7)
        assert len(fresh.windows) == 3


def test_two_streams_are_served_in_turn(fresh: Rig):
    with Peer(fresh.endpoints["windows"]) as busy, Peer(fresh.endpoints["windows"]) as quiet:
        for track in range(3):
            busy.send_window(window(captured_ns=_now(), stream="busy", track=track))
        busy.hello("busy")
        quiet.send_window(window(captured_ns=_now(), stream="quiet"))
        busy.receive_credit()
        order = [waiting.window.stream for _ in range(3) if (waiting := fresh.windows.take(10.0))]
        assert order == ["busy", "quiet", "busy"]


def _with_positions(positions: Any) -> list[bytes]:
    return pack_window(window(positions, captured_ns=_now()))


def _nan() -> list[bytes]:
    frames = _with_positions(None)
    return [frames[0], np.full((1, 48, 25, 3), np.nan, np.float32).tobytes(), frames[2]]


def _edited(**changes: Any) -> list[bytes]:
    header, *buffers = _with_positions(None)
    return [json.dumps({**json.loads(header), **changes}).encode(), *buffers]


def _joints(count: int) -> list[bytes]:
    header = {
        "stream": "camera",
        "track": 0,
        "sequence": 0,
        "age_ns": 0,
        "length_s": 2.4,
        "source_fps": 20.0,
    }
    return pack(
        "window",
        header,
        positions=np.ones((1, 48, count, 3), np.float32),
        confidence=np.ones((1, 48, count), np.float32),
    )


BAD_WINDOWS = {
    "not JSON": (lambda: [b"{"], "wire"),
    "nothing": (lambda: [b""], "wire"),
    "wrong version": (lambda: _edited(v=VERSION + 1), "wire_version"),
    "unknown type": (lambda: pack("banana"), "wire"),
    "hello without a stream": (lambda: pack("hello"), "wire"),
    "hello of no topic": (lambda: pack("hello", {"stream": "\n"}), "wire"),
    "17 joints": (lambda: _joints(17), "shape"),
    "NaN": (_nan, "coordinate"),
    "another T": (lambda: _with_positions(standing(47)), "shape"),
    "another length": (lambda: _edited(length_s=3.0), "shape"),
    "no length at all": (lambda: _edited(length_s=10**400), "wire"),
    "from the future": (lambda: _edited(age_ns=-(10**12)), "timestamp"),
    "from last week": (lambda: _edited(age_ns=10**15), "timestamp"),
    "no track": (lambda: _edited(track=None), "wire"),
    "a track of no integer": (lambda: _edited(track=1.5), "wire"),
    "a giant track": (lambda: _edited(track=10**300), "wire"),
    "a surrogate for a name": (lambda: _edited(stream="\ud800"), "wire"),
    "a buffer too few": (lambda: _with_positions(None)[:2], "wire"),
    "a buffer too short": (lambda: [*_with_positions(None)[:2], b"123"], "wire"),
}


@pytest.mark.parametrize("case", BAD_WINDOWS)
def test_a_bad_window_is_refused_by_its_reason_and_the_engine_lives_on(rig: Rig, capture: Peer, case: str):
    frames, code = BAD_WINDOWS[case]
    before = rig.telemetry.counters().get("windows_refused", 0)
    capture.send(*frames())
    refused, words = capture.receive_refusal()
    assert refused == code
    assert words
    assert rig.telemetry.counters()["windows_refused"] == before + 1
    assert capture.hello().type == "welcome"


def test_a_request_is_answered_under_its_id(client: Peer):
    assert client.ask("health", x=1) == {"result": {"op": "health", "args": {"x": 1}}}


@pytest.mark.parametrize(
    ("frames", "request_id", "code"),
    [
        ([b"{"], None, "wire"),
        ([b"[]"], None, "wire"),
        ([b"x" * 70_000], None, "wire"),
        (pack("window"), None, "wire"),
        (pack("request", {"id": 7}), None, "wire"),
        (pack("request", {"id": "7"}), "7", "wire"),
        (pack("request", {"id": "7", "op": "x", "args": [], "deadline_ms": 5}), "7", "wire"),
        ([pack("request")[0].replace(b'"v":1', b'"v":9')], None, "wire_version"),
    ],
)
def test_a_malformed_request_is_answered_by_its_reason(
    client: Peer, frames: list[bytes], request_id: str | None, code: str
):
    client.send(*frames)
    assert client.receive_reply(request_id)["error"]["code"] == code
    assert "result" in client.ask("health")


def test_a_request_there_is_no_room_for_is_answered(rig: Rig, client: Peer):
    rig.room = False
    try:
        assert client.ask("health")["error"]["code"] == "engine"
    finally:
        rig.room = True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.booleans())
def test_whatever_bytes_come_the_engine_lives_on(rig: Rig, frames: list[bytes], to_control: bool):
    with Peer(rig.endpoints["control" if to_control else "windows"]) as peer:
        peer.send(*frames)
        if to_control:
            assert "error" in peer.receive_reply(None)
            assert "result" in peer.ask("health")
        else:
            assert peer.receive_refusal()[0] in ("wire", "wire_version")
            assert peer.hello().type == "welcome"


def _subscriber(rig: Rig, *topics: str) -> "zmq.Socket[bytes]":
    subscriber = zmq.Context.instance().socket(zmq.SUB)
    subscriber.linger = 0
    subscriber.rcvtimeo = TIMEOUT_MS
    subscriber.connect(rig.endpoints["predictions"])
    for topic in topics:
        subscriber.subscribe(topic)
    return subscriber


def test_a_subscription_that_was_proven_live_loses_nothing(rig: Rig):
    for word in range(20):
        subscriber = _subscriber(rig, "event.", f"ready.{word}")
        topic, *frames = subscriber.recv_multipart()
        assert (topic, unpack(frames).type) == (f"ready.{word}".encode(), "ready")
        rig.outbox.publish("event", "camera", {"n": word})
        topic, *frames = subscriber.recv_multipart()
        assert (topic, unpack(frames).header["event"]) == (b"event.camera", {"n": word})
        subscriber.close()


def test_topics_tell_streams_and_kinds_apart_and_numbers_count_all(fresh: Rig):
    subscriber = _subscriber(fresh, "event.b", "prediction.a", "ready.x")
    subscriber.recv_multipart()
    for kind, stream in (("event", "a"), ("event", "b"), ("prediction", "a"), ("prediction", "b")):
        fresh.outbox.publish(kind, stream, {})  # pyright: ignore[reportArgumentType]
    found = [(frames[0], unpack(frames[1:]).header["number"]) for frames in _received(subscriber, 2)]
    assert found == [(b"event.b", 2), (b"prediction.a", 3)]
    subscriber.close()


def _received(subscriber: "zmq.Socket[bytes]", count: int) -> list[list[bytes]]:
    return [subscriber.recv_multipart() for _ in range(count)]


def test_what_is_waiting_is_sent_before_the_sockets_close():
    with short_endpoints() as endpoints:
        rig = Rig(endpoints)
        subscriber = _subscriber(rig, "event.", "ready.x")
        subscriber.recv_multipart()
        for number in range(50):
            rig.outbox.publish("event", "camera", {"n": number})
        rig.stop()
        assert len(_received(subscriber, 50)) == 50
        subscriber.close()


@pytest.mark.parametrize("plane", ["windows", "predictions", "control"])
def test_a_taken_address_is_said(plane: str):
    free = dict.fromkeys(("windows", "predictions", "control"), "tcp://127.0.0.1:*")
    first = Rig(Endpoints(**free))
    taken = first.endpoints[plane]
    with pytest.raises(EngineError, match=f"wanted to listen on {taken}, got .* stop the engine"):
        Rig(replace(Endpoints(**free), **{plane: taken}))
    first.stop()


@pytest.mark.parametrize("plane", ["windows", "predictions", "control"])
def test_an_ipc_address_is_not_taken_away_from_who_answers_there(plane: str):
    with short_endpoints() as endpoints, short_endpoints() as others:
        first = Rig(endpoints)
        wanted = replace(others, **{plane: getattr(endpoints, plane)})
        with pytest.raises(EngineError, match="Address already in use"):
            Rig(wanted)
        first.stop()
        # What a killed engine leaves behind answers nobody.
        Path(getattr(endpoints, plane).removeprefix("ipc://")).touch()
        Rig(wanted).stop()
