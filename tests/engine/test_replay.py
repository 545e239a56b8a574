"""A recording plays twice the same, and as it went live."""

import itertools
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import ActionEvent, Prediction
from engine.replay import Replayed, recognizer_of, replay
from engine.text.encoders import TextEncoder, load_text_encoder
from streams.recorder import SessionRecorder
from streams.skeleton.errors import ActionNameError, SourceError
from streams.sources.synthetic import SyntheticSource
from streams.sources.synthetic_pair import SyntheticPairSource
from streams.tracking import Tracker
from tests.streams.fakes import waving

ACTIONS = ("wave the right hand", "jumping jacks", "squat")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return load_text_encoder(load_bundle(DEFAULT_BUNDLE).manifest.text_encoder.id)


def video(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()


def recorded(path: Path, source: SyntheticSource | SyntheticPairSource, frames: int) -> Path:
    with closing(SessionRecorder(path, source=source.name)) as recorder:
        for frame in itertools.islice(source, frames):
            recorder.write(frame)
    return path


def play(
    path: Path, encoder: TextEncoder, *names: str, pairs: bool = False
) -> tuple[Replayed, list[Prediction], list[ActionEvent]]:
    bundle = load_bundle(DEFAULT_BUNDLE)
    predictions: list[Prediction] = []
    events: list[ActionEvent] = []
    replayed = replay(
        path,
        recognizer_of(names or ACTIONS, bundle, encoder),
        bundle.manifest.window,
        pairs=pairs,
        on_prediction=lambda prediction, at_s: predictions.append(prediction),
        on_event=lambda event, at_s: events.append(event),
    )
    return replayed, predictions, events


def test_two_replays_come_to_the_same_bit_by_bit(tmp_path: Path, encoder: TextEncoder) -> None:
    source = SyntheticSource("synthetic:jumping jacks", realtime=False)
    path = recorded(tmp_path / "a.session", source, 300)
    first, predictions, events = play(path, encoder)
    again, *_ = play(path, encoder)
    assert first == again
    assert (first.frames, first.duration_s) == (300, pytest.approx(299 / 30, abs=1e-3))
    assert first.windows == len(predictions) > 30
    assert "jumping jacks" in {event.name for event in events}
    assert events[-1].phase == "offset"
    other, *_ = play(path, encoder, "squat")
    assert other.digest != first.digest


def test_two_people_who_cross_keep_their_own_captions(tmp_path: Path, encoder: TextEncoder) -> None:
    source, tracker = SyntheticPairSource(realtime=False), Tracker()
    path = tmp_path / "two.session"
    owner: dict[int, int] = {}
    with closing(SessionRecorder(path, source="two")) as recorder:
        for frame in itertools.islice(source, 500):
            tracked = tracker(frame)
            for one in tracked:
                place = next(i for i, p in enumerate(frame.persons) if p is one.person)
                assert owner.setdefault(one.track, source.order[place]) == source.order[place]
            persons = tuple(replace(one.person, track=one.track) for one in tracked)
            recorder.write(replace(frame, persons=persons, identified=True))
    _, predictions, _ = play(path, encoder, *source.actions)
    for track, who in owner.items():
        shown = [p.caption.name for p in predictions if p.track == track and p.caption is not None]
        assert set(shown) == {source.actions[who]}
        assert len(shown) > 0.4 * sum(p.track == track for p in predictions)


def test_people_who_stand_close_share_windows_of_two_where_asked_for(
    tmp_path: Path, encoder: TextEncoder
) -> None:
    path = tmp_path / "pair.session"
    with closing(SessionRecorder(path, source="pair")) as recorder:
        for frame in waving(4.0):
            beside = replace(
                frame.persons[0], positions=frame.persons[0].positions + np.float32([0.8, 0, 0]), track=1
            )
            persons = (replace(frame.persons[0], track=0), beside)
            recorder.write(replace(frame, persons=persons, identified=True))
    apart, *_ = play(path, encoder)
    together, predictions, _ = play(path, encoder, pairs=True)
    assert together.windows == apart.windows == len(predictions) > 20
    assert {prediction.track for prediction in predictions} == {0, 1}
    assert together.digest != apart.digest


def test_a_long_recording_is_not_waited_for(tmp_path: Path, encoder: TextEncoder) -> None:
    path = tmp_path / "a.session"
    with closing(SessionRecorder(path, source="test")) as recorder:
        for frame in waving(2.0):
            recorder.write(frame)
        for frame in waving(2.0, begin_ns=7200 * 10**9):
            recorder.write(frame)
    replayed, *_ = play(path, encoder)
    assert replayed.duration_s == pytest.approx(7202, abs=0.1)
    assert np.isfinite(replayed.windows)


def test_what_has_pictures_or_is_no_action_is_refused(tmp_path: Path, encoder: TextEncoder) -> None:
    with pytest.raises(SourceError, match="check the spelling"):
        play(tmp_path / "none", encoder)
    video(tmp_path / "a.mp4")
    with pytest.raises(SourceError, match="record it first: anymove record"):
        play(tmp_path / "a.mp4", encoder)
    with pytest.raises(ActionNameError):
        recognizer_of(("\n",), load_bundle(DEFAULT_BUNDLE), encoder)
