import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import zmq

from streams.sender import MAX_CREDIT, MAX_WAITING, WindowSender
from streams.skeleton.errors import EngineUnavailableError
from streams.skeleton.window import Window, WindowSpec
from streams.wire import Message, pack, unpack
from tests.streams.fakes import WAIT_S, FakeEngine

SPEC = WindowSpec(frames=4, length_s=0.4)


def window(sequence: int, *, track: int = 0) -> Window:
    return Window(
        stream="cam",
        track=track,
        sequence=sequence,
        positions=np.full((1, 4, 25, 3), sequence, np.float32),
        confidence=np.ones((1, 4, 25), np.float32),
        length_s=0.4,
        source_fps=30.0,
        captured_ns=0,
    )


@pytest.fixture
def engine(address: str) -> Iterator[FakeEngine]:
    engine = FakeEngine(address, spec=SPEC)
    yield engine
    engine.stop()


@pytest.fixture
def sender(address: str) -> Iterator[WindowSender]:
    with closing(WindowSender(address, "cam")) as sender:
        yield sender


def test_the_engine_says_which_window_it_wants(engine: FakeEngine, sender: WindowSender) -> None:
    assert sender.wait_welcome(WAIT_S) == SPEC
    assert sender.welcomed
    assert sender.spec == SPEC


def test_windows_arrive_in_order(engine: FakeEngine, sender: WindowSender) -> None:
    sender.wait_welcome(WAIT_S)
    for i in range(30):
        sender.put(window(i), timeout_s=WAIT_S)
    assert sender.flush(WAIT_S)
    assert [w.sequence for w in engine.windows] == list(range(30))
    assert [w.positions[0, 0, 0, 0] for w in engine.windows] == list(range(30))
    assert sender.counters()["replaced"] == 0


def test_without_an_engine_the_message_says_what_to_do(sender: WindowSender, address: str) -> None:
    with pytest.raises(
        EngineUnavailableError, match=f"wanted an engine at {address}.*got no answer.*start it"
    ):
        sender.wait_welcome(0.05)
    assert not sender.welcomed


def test_an_engine_that_comes_later_is_found(sender: WindowSender, address: str) -> None:
    with pytest.raises(EngineUnavailableError):
        sender.wait_welcome(0.05)
    sender.offer(window(1))
    engine = FakeEngine(address, spec=SPEC)
    sender.wait_welcome(WAIT_S)
    engine.stop()


def test_a_slow_engine_gets_the_newest_window_of_each_track(
    engine: FakeEngine, sender: WindowSender
) -> None:
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    for i in range(2):
        sender.offer(window(i))
        assert engine.wait(lambda e, n=i + 1: len(e.windows) == n)
    # The credit of two is spent: from here windows wait, and newer ones take their places.
    for i in range(2, 10):
        sender.offer(window(i))
        sender.offer(window(i, track=1))
    assert sender.counters()["waiting"] == 2
    assert not sender.flush(0.05)
    engine.taking.set()
    assert sender.flush(WAIT_S)
    assert [(w.track, w.sequence) for w in engine.windows] == [(0, 0), (0, 1), (0, 9), (1, 9)]
    counters = sender.counters()
    assert (counters["sent"], counters["replaced"], counters["waiting"]) == (4, 14, 0)


def test_a_track_that_is_renewed_often_does_not_hold_up_another(
    engine: FakeEngine, sender: WindowSender
) -> None:
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    for i in range(2):
        sender.offer(window(i))
        assert engine.wait(lambda e, n=i + 1: len(e.windows) == n)
    sender.offer(window(0, track=1))
    sender.offer(window(2))
    sender.offer(window(1, track=1))
    engine.taking.set()
    assert sender.flush(WAIT_S)
    assert [w.track for w in engine.windows[2:]] == [1, 0]


def test_put_waits_for_credit_and_loses_nothing(engine: FakeEngine, sender: WindowSender) -> None:
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    given = threading.Event()

    def give() -> None:
        for i in range(5):
            sender.put(window(i), timeout_s=WAIT_S)
        given.set()

    thread = threading.Thread(target=give)
    thread.start()
    # One at a time, whatever the credit: an engine keeps the newer of two that wait there.
    assert engine.wait(lambda e: len(e.windows) == 1)
    assert sender.counters()["sent"] == 1
    assert not given.is_set()
    engine.taking.set()
    thread.join(WAIT_S)
    assert sender.flush(WAIT_S)
    assert [w.sequence for w in engine.windows] == list(range(5))


def test_put_gives_up_on_an_engine_that_takes_nothing(engine: FakeEngine, sender: WindowSender) -> None:
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    for i in range(2):
        sender.put(window(i), timeout_s=WAIT_S)
    with pytest.raises(EngineUnavailableError, match="got no credit"):
        sender.put(window(2), timeout_s=0.05)


def test_only_so_many_tracks_wait(sender: WindowSender) -> None:
    for track in range(MAX_WAITING + 5):
        sender.offer(window(0, track=track))
    counters = sender.counters()
    assert (counters["waiting"], counters["replaced"]) == (MAX_WAITING, 5)
    with pytest.raises(EngineUnavailableError):
        sender.put(window(0, track=99), timeout_s=0.05)


def test_refused_windows_are_counted_by_cause_and_cost_no_credit(
    engine: FakeEngine, sender: WindowSender, caplog: pytest.LogCaptureFixture
) -> None:
    sender.wait_welcome(WAIT_S)
    engine.refuse_code = "coordinate"
    for i in range(9):
        sender.put(window(i), timeout_s=WAIT_S)
    assert sender.flush(WAIT_S)
    engine.refuse_code = None
    sender.put(window(9), timeout_s=WAIT_S)
    assert engine.wait(lambda e: len(e.windows) == 1)
    counters = sender.counters()
    assert counters["refused"] == 9
    assert counters["refusals"] == {"coordinate": 9}
    assert sum("refuses windows (coordinate)" in r.getMessage() for r in caplog.records) == 1


def test_an_engine_that_restarts_is_greeted_anew(sender: WindowSender, address: str) -> None:
    engine = FakeEngine(address, spec=SPEC)
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    sender.offer(window(0))
    assert engine.wait(lambda e: len(e.windows) == 1)
    engine.stop()
    other = WindowSpec(frames=6, length_s=0.5)
    again = FakeEngine(address, spec=other)
    with sender._changed:
        assert sender._changed.wait_for(lambda: sender._counts["welcomes"] == 2, WAIT_S)
    sender.offer(window(1))
    assert again.wait(lambda e: len(e.windows) == 1)
    assert sender.spec == other
    counters = sender.counters()
    assert (counters["welcomes"], counters["farewells"], counters["lost"]) == (2, 1, 1)
    again.stop()


def test_an_engine_that_restarts_while_nothing_is_sent_is_greeted_anew(
    sender: WindowSender, address: str
) -> None:
    engine = FakeEngine(address, spec=SPEC)
    sender.wait_welcome(WAIT_S)
    engine.stop()
    with sender._changed:
        assert sender._changed.wait_for(lambda: sender._counts["farewells"] == 1, WAIT_S)
    assert not sender.welcomed
    again = FakeEngine(address, spec=SPEC)
    with sender._changed:
        assert sender._changed.wait_for(lambda: sender._counts["welcomes"] == 2, WAIT_S)
    assert sender.counters()["lost"] == 0
    again.stop()


def test_flush_does_not_call_lost_windows_taken(sender: WindowSender, address: str) -> None:
    engine = FakeEngine(address, spec=SPEC)
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    sender.offer(window(0))
    assert engine.wait(lambda e: len(e.windows) == 1)
    threading.Thread(target=engine.stop).start()
    assert not sender.flush(WAIT_S)


def test_hello_is_repeated_and_a_second_welcome_grants_nothing_twice(
    engine: FakeEngine, sender: WindowSender
) -> None:
    sender.wait_welcome(WAIT_S)
    engine.taking.clear()
    for i in range(2):
        sender.offer(window(i))
        assert engine.wait(lambda e, n=i + 1: len(e.windows) == n)
    # An answer that was late: the engine has said this before.
    sender._begin(_welcome(frames=4, credit=2))
    sender.offer(window(2))
    assert sender.counters()["waiting"] == 1


def _welcome(**header: object) -> Message:
    return unpack(pack("welcome", {"length_s": 0.4, **header}))


@pytest.mark.parametrize(("granted", "believed"), [(10**9, MAX_CREDIT), (-5, 1), (0, 1)])
def test_credit_is_believed_within_limits(
    sender: WindowSender, address: str, granted: int, believed: int
) -> None:
    engine = FakeEngine(address, spec=SPEC, credit=granted)
    engine.taking.clear()
    sender.wait_welcome(WAIT_S)
    for count in range(1, believed + 1):
        sender.offer(window(count))
        assert engine.wait(lambda e, wanted=count: len(e.windows) == wanted)
    sender.offer(window(0))
    assert sender.counters()["waiting"] == 1
    engine.stop()


def test_garbage_from_the_engine_is_counted_and_survived(address: str) -> None:
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    router.rcvtimeo = int(WAIT_S * 1000)
    router.bind(address)
    with closing(WindowSender(address, "cam")) as sender:
        identity, *_ = router.recv_multipart()
        bad = [
            [b"noise"],
            pack("dance"),
            pack("welcome", {"frames": "many"}),
            pack("welcome", {"frames": 1, "length_s": 1.0, "credit": 1}),
        ]
        for frames in bad:
            router.send_multipart([identity, *frames])
        router.send_multipart([identity, *pack("welcome", {"frames": 4, "length_s": 0.4, "credit": 1})])
        assert sender.wait_welcome(WAIT_S) == SPEC
        assert sender.counters()["garbled"] == len(bad)
    router.close()
    context.term()


def test_closing_wakes_whoever_waits(sender: WindowSender) -> None:
    outcome: list[bool] = []
    sender.offer(window(0))
    thread = threading.Thread(target=lambda: outcome.append(sender.flush(60.0)))
    thread.start()
    sender.close()
    thread.join(WAIT_S)
    assert outcome == [False]
    sender.close()
