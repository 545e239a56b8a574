import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streams.person_check import check_person
from streams.pipeline import Pipeline
from streams.preview_publisher import PreviewPublisher
from streams.recorder import SessionRecorder
from streams.sender import WindowSender
from streams.session_file import summarize
from streams.skeleton.errors import (
    CoordinateError,
    EngineUnavailableError,
    InputError,
    ShapeError,
    SourceError,
    StoreError,
)
from streams.skeleton.layouts import Joint
from streams.skeleton.window import WindowSpec
from streams.sources.base import Person, Picture, SkeletonFrame
from streams.sources.session import SessionSource
from tests.streams.fakes import WAIT_S, FakeEngine, ListSource, person_at, standing, waving

SECOND = 1_000_000_000


@pytest.fixture
def engine(address: str) -> Iterator[FakeEngine]:
    engine = FakeEngine(address)
    yield engine
    engine.stop()


@pytest.fixture
def sender(engine: FakeEngine, address: str) -> Iterator[WindowSender]:
    with closing(WindowSender(address, "cam")) as sender:
        sender.wait_welcome(WAIT_S)
        yield sender


class FakeEstimator:
    """Sees one standing person in every picture that is not black."""

    smooths = True

    def persons(self, picture: Picture) -> tuple[Person, ...]:
        if not picture.rgb.any():
            return ()
        points = np.full((25, 2), 0.5, np.float32)
        return (Person(standing(), np.ones(25, np.float32), image_points=points),)


def pipeline(source: object, sender: WindowSender, **options: object) -> Pipeline:
    return Pipeline(source, stream="cam", sender=sender, **{"hop_s": 0.2, "patience_s": WAIT_S, **options})  # type: ignore[arg-type]


def test_every_window_of_a_file_arrives(engine: FakeEngine, sender: WindowSender) -> None:
    ready: list[int] = []
    counters = pipeline(ListSource(waving(6.0)), sender).run(on_ready=lambda: ready.append(1))
    assert ready == [1]
    # From 1.2 s (35 steps between frames and the one to come) to 6 s, one each 0.2 s.
    assert len(engine.windows) == counters["windows"] == counters["sender"]["sent"] == 25
    assert [w.sequence for w in engine.windows] == list(range(25))
    assert counters["sender"]["replaced"] == 0
    assert counters["frames"] == counters["frames_with_person"] == 180
    assert counters["fps"] == pytest.approx(30, rel=0.01)
    assert set(counters["stages_ms"]) >= {"track", "window", "send"}


def test_a_slow_engine_does_not_make_a_file_lose_windows(engine: FakeEngine, sender: WindowSender) -> None:
    engine.taking.clear()
    # The credit is spent after two, and the pipeline has to wait.
    waker = threading.Thread(
        target=lambda: engine.wait(lambda e: len(e.windows) == 2) and engine.taking.set()
    )
    waker.start()
    counters = pipeline(ListSource(waving(4.0)), sender).run()
    waker.join(WAIT_S)
    assert [w.sequence for w in engine.windows] == list(range(counters["windows"]))
    assert counters["sender"]["replaced"] == 0


def test_what_the_engine_gets_is_what_was_seen(engine: FakeEngine, sender: WindowSender) -> None:
    frames = [replace(frame, smoothed=True) for frame in waving(3.0, begin_ns=5 * SECOND)]
    pipeline(ListSource(frames), sender).run()
    window = engine.windows[-1]
    assert window.positions.shape == (1, 48, 25, 3)
    assert window.source_fps == pytest.approx(30, rel=0.01)
    # It ends at a frame, and the newest window at the newest frame or a few before it.
    endings = [f.persons[0].positions for f in frames[-6:]]
    assert any(np.array_equal(window.positions[0, -1], ending) for ending in endings)
    assert np.ptp(window.positions[0, :, Joint.HAND_RIGHT, 1]) == pytest.approx(0.8, abs=0.05)


def test_joints_that_were_smoothed_already_are_left_as_they_are(
    engine: FakeEngine, sender: WindowSender
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (90, 25, 3)).astype(np.float32)

    def noisy(smoothed: bool) -> list[SkeletonFrame]:
        return [
            SkeletonFrame(
                (Person(standing() + noise[i], np.ones(25, np.float32)),),
                i * SECOND // 30,
                smoothed=smoothed,
            )
            for i in range(90)
        ]

    def jitter(smoothed: bool) -> float:
        engine.windows.clear()
        pipeline(ListSource(noisy(smoothed)), sender).run()
        return float(np.abs(np.diff(engine.windows[-1].positions[0], axis=0)).mean())

    assert jitter(smoothed=False) < jitter(smoothed=True) / 2


def test_two_people_get_windows_of_their_own(engine: FakeEngine, sender: WindowSender) -> None:
    frames = [SkeletonFrame((person_at(-1), person_at(1)), captured_ns=i * SECOND // 30) for i in range(90)]
    pipeline(ListSource(frames), sender).run()
    places = {w.track: float(w.positions[0, 0, 0, 0]) for w in engine.windows}
    assert sorted(places.values()) == [-1, 1]


@pytest.mark.parametrize(("apart", "persons"), [(0.8, 2), (2.4, 1)])
def test_two_who_stand_close_share_their_windows_where_that_is_wanted(
    engine: FakeEngine, sender: WindowSender, apart: float, persons: int
) -> None:
    people = (person_at(0), person_at(apart))
    frames = [SkeletonFrame(people, captured_ns=i * SECOND // 30) for i in range(90)]
    counters = pipeline(ListSource(frames), sender, pairs=True).run()
    last = {w.track: w for w in engine.windows}
    assert {len(w.positions) for w in last.values()} == {persons}
    assert {round(float(w.positions[0, 0, 0, 0]), 1) for w in last.values()} == {0.0, apart}
    assert (counters["windows_of_two"] > 0) is (persons == 2)


def test_what_is_wrong_with_the_view_is_counted(engine: FakeEngine, sender: WindowSender) -> None:
    frames = [SkeletonFrame((person_at(0, z=7.0),), captured_ns=i * SECOND // 30) for i in range(90)]
    counters = pipeline(ListSource(frames), sender).run()
    assert counters["view"]["fps"] == pytest.approx(30, abs=0.5)
    assert len(counters["view"]["warnings"]) == 1
    assert "too far" in counters["view"]["warnings"][0]


def test_pictures_go_through_the_estimator(engine: FakeEngine, sender: WindowSender) -> None:
    pictures = [Picture(np.full((8, 8, 3), 255 * (i >= 5), np.uint8), i * SECOND // 30) for i in range(95)]
    counters = pipeline(ListSource(pictures), sender, estimator=FakeEstimator()).run()  # type: ignore[arg-type]
    assert (counters["frames"], counters["frames_with_person"]) == (95, 90)
    assert "pose" in counters["stages_ms"]
    np.testing.assert_array_equal(engine.windows[-1].positions[0, -1], standing())


def bad(**changes: object) -> Person:
    good = person_at(0)
    fields = {"positions": good.positions, "confidence": good.confidence, "image_points": None, **changes}
    return Person(**fields)  # type: ignore[arg-type]


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[7] = np.nan
    return array


BAD = {
    "nan": (bad(positions=with_nan(standing())), "coordinate"),
    "infinite": (bad(positions=np.full((25, 3), np.inf, np.float32)), "coordinate"),
    "millimetres": (bad(positions=standing() * 1000), "coordinate"),
    "joints": (bad(positions=standing()[:24]), "shape"),
    "flat": (bad(positions=standing().ravel()), "shape"),
    "confidence": (bad(confidence=np.ones(24, np.float32)), "shape"),
    "no confidence": (bad(confidence=with_nan(np.ones(25, np.float32))), "coordinate"),
    "points": (bad(image_points=np.zeros((24, 2), np.float32)), "shape"),
    "nan points": (bad(image_points=with_nan(np.zeros((25, 2), np.float32))), "coordinate"),
}


@pytest.mark.parametrize(("person", "code"), BAD.values(), ids=BAD.keys())
def test_a_person_that_is_not_usable_is_counted_and_the_others_go_on(
    engine: FakeEngine, sender: WindowSender, person: Person, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ShapeError if code == "shape" else CoordinateError, match=r"wanted .*got"):
        check_person(person)
    frames = [SkeletonFrame((*f.persons, person), f.captured_ns) for f in waving(3.0)]
    counters = pipeline(ListSource(frames), sender).run()
    assert counters["refused"] == {code: 90}
    assert len(engine.windows) == counters["windows"] == 10
    assert sum("left out" in r.getMessage() for r in caplog.records) == 1


def test_frames_that_run_backwards_are_counted_and_the_others_go_on(
    engine: FakeEngine, sender: WindowSender
) -> None:
    frames = waving(3.0)
    frames.insert(50, frames[20])
    frames.insert(61, frames[60])
    counters = pipeline(ListSource(frames), sender).run()
    assert counters["refused"] == {"timestamp": 2}
    assert len(engine.windows) == 10


def test_picture_errors_of_the_estimator_are_refused(engine: FakeEngine, sender: WindowSender) -> None:
    class Picky(FakeEstimator):
        def persons(self, picture: Picture) -> tuple[Person, ...]:
            raise ShapeError("wanted a picture, got none; check the camera")

    counters = pipeline(
        ListSource([Picture(np.zeros((2, 2, 3), np.uint8), 1)]), sender, estimator=Picky()
    ).run()  # type: ignore[list-item]
    assert counters["refused"] == {"shape": 1}


def test_a_source_that_breaks_says_so(engine: FakeEngine, sender: WindowSender) -> None:
    class Broken(ListSource):
        def __iter__(self):
            yield from self._frames
            raise SourceError("wanted a frame, got none; plug it in")

    with pytest.raises(SourceError, match="plug it in"):
        pipeline(Broken(waving(1.0)), sender).run()


def test_an_engine_that_goes_away_is_an_error_for_a_file(sender: WindowSender, engine: FakeEngine) -> None:
    engine.taking.clear()
    with pytest.raises(EngineUnavailableError, match=r"wanted the engine .* got no"):
        pipeline(ListSource(waving(4.0)), sender, patience_s=0.1).run()


def test_a_live_source_never_waits_for_the_engine(sender: WindowSender, engine: FakeEngine) -> None:
    engine.taking.clear()

    class Live(ListSource):
        def __iter__(self):
            yield from self._frames
            engine.taking.set()

    counters = pipeline(Live(waving(6.0), live=True), sender).run()
    sent = counters["sender"]
    assert counters["windows"] == 25
    assert sent["replaced"] > 0
    assert sent["sent"] + sent["replaced"] == 25
    assert len(engine.windows) == sent["sent"]
    assert "exposure_to_sent" in counters["stages_ms"]


def test_stopping_ends_an_endless_source(engine: FakeEngine, sender: WindowSender) -> None:
    class Endless(ListSource):
        def __iter__(self):
            count = 0
            while not self.closed:
                yield SkeletonFrame((), captured_ns=count)
                count += 1

    source = Endless([], live=True)
    running = pipeline(source, sender)
    counters = running.run(on_ready=running.stop)
    assert source.closed
    assert counters["frames"] == 1


def test_a_window_of_another_bundle_is_cut_anew(engine: FakeEngine, sender: WindowSender) -> None:
    other = WindowSpec(frames=20, length_s=1.0)

    class Changing(ListSource):
        def __iter__(self):
            for i, frame in enumerate(self._frames):
                if i == 60:
                    with sender._changed:
                        sender._spec = other
                yield frame

    pipeline(Changing(waving(4.0)), sender).run()
    assert {w.frames for w in engine.windows} == {48, 20}
    assert engine.windows[-1].length_s == 1.0


def test_what_is_recorded_replays_to_the_same_windows(
    engine: FakeEngine, sender: WindowSender, tmp_path: Path
) -> None:
    path = tmp_path / "a.session"
    rng = np.random.default_rng(0)
    frames: list[SkeletonFrame] = []
    for frame in waving(3.0, begin_ns=123_456_789):
        # As of a camera: no joint lies on a grid, part of the body is outside the picture.
        joints = frame.persons[0].positions + rng.normal(0, 0.004, (25, 3)).astype(np.float32)
        points = (joints[:, :2] * 0.4 + rng.uniform(0.4, 0.6)).astype(np.float32)
        person = Person(joints, rng.random(25).astype(np.float32), points)
        frames.append(SkeletonFrame((person,), frame.captured_ns + int(rng.integers(0, 10**6))))

    def seen() -> list[tuple[bytes, bytes, float]]:
        return [(w.positions.tobytes(), w.confidence.tobytes(), w.quality) for w in engine.windows]

    with closing(SessionRecorder(path, source="test")) as recorder:
        counters = pipeline(ListSource(frames), sender, recorder=recorder).run()
    assert counters["frames_recorded"] == summarize(path).frames == 90
    live = seen()
    assert len({quality for _, _, quality in live}) > 3
    for _ in range(2):
        engine.windows.clear()
        pipeline(SessionSource(path, fast=True), sender).run()
        assert seen() == live


def test_a_replay_knows_apart_whose_joints_are_all_centred_on_the_hips(
    engine: FakeEngine, sender: WindowSender, tmp_path: Path
) -> None:
    def person(x: float, height: float) -> Person:
        points = standing()[:, :2] * 0.2 + np.array([x, 0.5], np.float32)
        return Person(standing() * np.float32(height), np.ones(25, np.float32), points)

    people = (person(0.2, 1.0), person(0.8, 1.2))
    # The estimator gives them now in this order, now in that.
    frames = [SkeletonFrame(people[:: 1 if i % 2 else -1], i * SECOND // 30) for i in range(60)]

    def heights() -> dict[int, float]:
        assert all(np.ptp(w.positions[0, :, Joint.HEAD, 1]) < 1e-4 for w in engine.windows)
        return {w.track: round(float(w.positions[0, 0, Joint.HEAD, 1]), 3) for w in engine.windows}

    with closing(SessionRecorder(tmp_path / "a.session", source="test")) as recorder:
        pipeline(ListSource(frames), sender, recorder=recorder).run()
    live = heights()
    assert sorted(live.values()) == [0.72, 0.864]
    engine.windows.clear()
    pipeline(SessionSource(tmp_path / "a.session", fast=True), sender).run()
    assert heights() == live


def test_a_recording_that_fails_does_not_end_the_show(
    engine: FakeEngine, sender: WindowSender, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(SessionRecorder(tmp_path / "a.session", source="test")) as recorder:

        def refuse(frame: SkeletonFrame) -> None:
            raise StoreError("wanted to record, got no room; make some")

        recorder.write = refuse  # type: ignore[method-assign]
        counters = pipeline(ListSource(waving(3.0)), sender, recorder=recorder).run()
    assert counters["windows"] == 10
    assert sum("recording ends" in r.getMessage() for r in caplog.records) == 1


def test_everybody_seen_is_shown(engine: FakeEngine, sender: WindowSender, tmp_path: Path) -> None:
    with closing(PreviewPublisher("tcp://127.0.0.1:*", "cam", encode=None, max_fps=60.0)) as preview:
        counters = pipeline(ListSource(waving(1.0)), sender, preview=preview).run()
        assert preview.passed_over + preview.sent + (preview._next is not None) in (29, 30)
    assert counters["previews_passed_over"] <= 29


def test_good_people_pass() -> None:
    check_person(person_at(0))
    check_person(bad(image_points=np.zeros((25, 2), np.float32)))
    assert issubclass(CoordinateError, InputError)
