"""What the engine says is heard from the start on, the newest is kept, and losses are counted."""

import threading
from collections.abc import Iterator

import pytest

from engine.messages import ActionEvent, ClassScore, Prediction, to_json
from engine.network import Network
from engine.outbox import Outbox
from engine.prediction_reader import MOST_TRACKS, PredictionReader
from engine.telemetry import Telemetry
from engine.window_queue import WindowQueue
from streams.config import Endpoints
from streams.skeleton.errors import EngineUnavailableError
from streams.skeleton.window import WindowSpec
from streams.wire import pack
from tests.engine.fakes import eventually
from tests.engine.wire_peers import short_endpoints

TIMEOUT_S = 10.0


class Speaker:
    """The engine's side of the predictions plane, saying what the test wants."""

    def __init__(self, endpoints: Endpoints) -> None:
        telemetry = Telemetry()
        self.outbox = Outbox(telemetry)
        self._network = Network(
            endpoints,
            WindowSpec(),
            credit=2,
            windows=WindowQueue(4),
            request=lambda request: False,
            outbox=self.outbox,
            telemetry=telemetry,
        )
        self._thread = threading.Thread(target=self._network.run, daemon=True)
        self._thread.start()

    def predict(self, sequence: int = 0, *, stream: str = "cam", track: int = 0) -> Prediction:
        score = ClassScore("w", "wave", 0.5, 0.75)
        prediction = Prediction(
            stream, track, sequence, "action", score, (score,), 0.25, 0.4, 7, {"decided": 80.0}
        )
        self.outbox.publish("prediction", stream, to_json(prediction))
        return prediction

    def happen(self, number: int) -> ActionEvent:
        event = ActionEvent(f"e{number}", "onset", "cam", 0, "w", "wave", 0.75, 100.0, 0.0)
        self.outbox.publish("event", "cam", to_json(event))
        return event

    def stop(self) -> None:
        self._network.close()
        self._thread.join(TIMEOUT_S)
        self.outbox.close()


class Listener:
    """A reader whose every word can be waited for."""

    def __init__(self, endpoints: Endpoints, most_events: int = 256) -> None:
        self.changed = threading.Condition()
        self.heard: list[Prediction | ActionEvent] = []
        self.transit_ms: list[float] = []
        self.reader = PredictionReader(
            endpoints, on_prediction=self._on_prediction, on_event=self._note, most_events=most_events
        )

    def _on_prediction(self, prediction: Prediction, transit_ms: float) -> None:
        self.transit_ms.append(transit_ms)
        self._note(prediction)

    def _note(self, word: Prediction | ActionEvent) -> None:
        with self.changed:
            self.heard.append(word)
            self.changed.notify_all()

    def hears(self, count: int) -> bool:
        return eventually(lambda: len(self.heard) >= count, self.changed, TIMEOUT_S)


@pytest.fixture
def endpoints() -> Iterator[Endpoints]:
    with short_endpoints() as found:
        yield found


@pytest.fixture
def speaker(endpoints: Endpoints) -> Iterator[Speaker]:
    made = Speaker(endpoints)
    yield made
    made.stop()


@pytest.fixture
def listener(endpoints: Endpoints, speaker: Speaker) -> Iterator[Listener]:
    made = Listener(endpoints, most_events=3)
    made.reader.start(TIMEOUT_S)
    yield made
    made.reader.close()


def test_nothing_said_after_start_is_lost(endpoints: Endpoints, speaker: Speaker):
    for number in range(10):
        reader = PredictionReader(endpoints)
        reader.start(TIMEOUT_S)
        event = speaker.happen(number)
        assert reader.next_event(TIMEOUT_S) == event
        reader.close()


def test_predictions_arrive_whole_and_the_newest_of_each_track_is_kept(
    speaker: Speaker, listener: Listener
):
    said = [speaker.predict(sequence, track=track) for sequence in (0, 1) for track in (0, 1)]
    assert listener.hears(4)
    assert listener.heard == said
    latest = listener.reader.latest()
    assert {key: received.prediction.sequence for key, received in latest.items()} == {
        ("cam", 0): 1,
        ("cam", 1): 1,
    }
    assert 0.0 <= latest["cam", 0].transit_ms < 5000.0
    assert listener.transit_ms[-1] == latest["cam", 1].transit_ms


def test_only_so_many_tracks_are_kept(speaker: Speaker, listener: Listener):
    for track in range(MOST_TRACKS + 1):
        speaker.predict(track=track)
    assert listener.hears(MOST_TRACKS + 1)
    latest = listener.reader.latest()
    assert len(latest) == MOST_TRACKS
    assert ("cam", 0) not in latest


def test_events_nobody_takes_give_way_to_newer_ones_and_are_counted(speaker: Speaker, listener: Listener):
    events = [speaker.happen(number) for number in range(5)]
    assert listener.hears(5)
    assert listener.reader.events_dropped == 2
    assert [listener.reader.next_event(TIMEOUT_S) for _ in range(3)] == events[2:]
    assert listener.reader.next_event(0.0) is None


def test_what_did_not_arrive_is_counted(speaker: Speaker, listener: Listener):
    speaker.predict(0)
    header = {
        "event": to_json(ActionEvent("e", "onset", "cam", 0, "w", "wave", 0.5, 1.0, 0.0)),
        "number": 5,
    }
    speaker.outbox.send("predictions", [b"event.cam", *pack("event", header)])
    assert listener.hears(2)
    assert (listener.reader.received, listener.reader.missed) == (2, 3)


@pytest.mark.parametrize(
    "frames",
    [
        [b"prediction.cam"],
        [b"prediction.cam", b"{"],
        [b"prediction.cam", *pack("prediction")],
        [b"prediction.cam", *pack("prediction", {"number": 9, "prediction": {"stream": 1}})],
        [b"event.cam", *pack("event", {"number": 9, "event": []})],
        [b"event.cam", *pack("banana", {"number": 9})],
    ],
)
def test_what_is_not_understood_is_counted_and_passed_over(
    speaker: Speaker, listener: Listener, frames: list[bytes]
):
    speaker.outbox.send("predictions", frames)
    speaker.predict()
    assert listener.hears(1)
    assert listener.reader.garbled == 1


def test_another_engine_at_the_same_place_is_heard_by_itself(
    endpoints: Endpoints, speaker: Speaker, listener: Listener
):
    for sequence in range(3):
        speaker.predict(sequence)
    assert listener.hears(3)
    speaker.stop()
    again = Speaker(endpoints)
    # It subscribes anew by itself; another reader's start says when the engine listens, not when
    # this one does, so the engine talks until it is heard.
    for sequence in range(1000):
        again.predict(sequence)
        with listener.changed:
            if listener.changed.wait_for(lambda: len(listener.heard) > 3, 0.05):
                break
    assert len(listener.heard) > 3
    # The new engine counts from one: that is no loss.
    assert listener.reader.missed == 0
    again.stop()


def test_nobody_there_is_said_in_time(endpoints: Endpoints):
    reader = PredictionReader(endpoints)
    with pytest.raises(EngineUnavailableError, match=r"got nothing for 0\.1 s; start it"):
        reader.start(0.1)
    # It goes on trying.
    speaker = Speaker(endpoints)
    reader.start(TIMEOUT_S)
    event = speaker.happen(1)
    assert reader.next_event(TIMEOUT_S) == event
    reader.close()
    speaker.stop()


def test_a_reader_that_never_started_can_be_closed(endpoints: Endpoints):
    PredictionReader(endpoints).close()
