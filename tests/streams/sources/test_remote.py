import importlib.util
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.azure_csv import read_azure_csv
from streams.skeleton.errors import SourceError, WireError, WireVersionError
from streams.skeleton.layouts import BLAZEPOSE_33, K4ABT_32, KINECT_V1_20
from streams.sources import inbox
from streams.sources.remote import RemoteSource, SentFrame, frame_from
from tests.streams.fakes import WAIT_S, standing
from tests.streams.formats.written import MEASURED, at, coco_at, k4abt_at

EXAMPLE = Path(__file__).parents[3] / "examples" / "send_skeletons.py"
ADDRESS = "kinect:tcp://127.0.0.1:*"


@pytest.fixture(scope="module")
def sender() -> ModuleType:
    spec = importlib.util.spec_from_file_location("send_skeletons", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def body(positions: np.ndarray, confidence: float = 1.0) -> np.ndarray:
    return np.concatenate([positions, np.full((len(positions), 1), confidence)], axis=1).astype("<f4")


def parts(bodies: dict[int, np.ndarray], /, **header: object) -> list[bytes]:
    full = {"v": 1, "layout": "ntu25", "bodies": list(bodies), "time_us": 1, "age_us": 0, **header}
    return [json.dumps(full).encode(), b"".join(b.tobytes() for b in bodies.values())]


def test_kinect_v2_joints_arrive_as_they_are() -> None:
    frame = frame_from(parts({7: body(at(0.5)), 9: body(at(-1.0), 0.3)}, time_us=5))
    assert [person.track for person in frame.persons] == [7, 9]
    np.testing.assert_allclose(frame.persons[0].positions, at(0.5), atol=1e-6)
    assert (frame.persons[1].confidence == np.float32(0.3)).all()
    assert frame.time_us == 5
    assert frame_from(parts({})).persons == ()


def test_azure_kinect_joints_arrive_in_our_frame() -> None:
    frame = frame_from(parts({0: body(k4abt_at(0.5))}, layout="k4abt32"))
    np.testing.assert_allclose(frame.persons[0].positions[MEASURED], at(0.5)[MEASURED], atol=1e-5)


def test_points_of_a_picture_are_lifted() -> None:
    points = np.insert(coco_at(0.0), 2, 0.0, axis=1).astype("<f4")
    frame = frame_from(parts({3: points, 4: points * 0}, layout="coco17", size=[640, 480]))
    assert [person.track for person in frame.persons] == [3]
    assert frame.persons[0].positions[0] == pytest.approx(at(0.0)[0], abs=0.4)
    with pytest.raises(WireError, match="wanted size as"):
        frame_from(parts({3: points}, layout="coco17"))


@pytest.mark.parametrize("layout", [KINECT_V1_20, BLAZEPOSE_33], ids=lambda layout: layout.name)
def test_other_layouts_are_taken(layout) -> None:
    joints = np.random.default_rng(0).normal(size=(len(layout), 3))
    frame = frame_from(parts({0: body(joints)}, layout=layout.name))
    assert frame.persons[0].positions.shape == (25, 3)


def test_a_joint_that_is_nowhere_costs_its_body_alone() -> None:
    broken = body(at(0.0))
    broken[3, 1] = np.inf
    broken[4, 3] = np.nan
    frame = frame_from(parts({0: broken, 1: body(at(1.0))}))
    assert not np.isfinite(frame.persons[0].positions).all()
    assert frame.persons[0].confidence[4] == 0
    assert np.isfinite(frame.persons[1].positions).all()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"layout": "coco"}, "wanted a layout"),
        ({"layout": 3}, "wanted a layout"),
        ({"bodies": [0, 1]}, "wanted 2 bodies of 25 joints"),
        ({"bodies": "0"}, "wanted bodies as a list"),
        ({"bodies": [True]}, "wanted bodies as a list"),
        ({"bodies": list(range(7))}, "wanted bodies as a list of up to 6"),
        ({"time_us": -1}, "wanted time_us"),
        ({"age_us": 1.5}, "wanted age_us"),
        ({"layout": "k4abt32"}, "wanted 1 bodies of 32 joints"),
    ],
)
def test_what_is_no_frame_is_refused(header: dict[str, object], message: str) -> None:
    with pytest.raises(WireError, match=message):
        frame_from(parts({0: body(standing())}, **header))


def test_another_version_is_refused() -> None:
    with pytest.raises(WireVersionError, match="version 1, got 2"):
        frame_from(parts({}, v=2))


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_noise_is_a_wire_error(noise: list[bytes]) -> None:
    with pytest.raises(WireError):
        frame_from(noise)


@pytest.fixture
def source() -> Iterator[RemoteSource]:
    with closing(RemoteSource(ADDRESS)) as source:
        yield source


def test_frames_sent_by_the_example_arrive_in_order_of_time(
    source: RemoteSource, sender: ModuleType
) -> None:
    gone = threading.Event()

    def walking() -> Iterator[dict[int, np.ndarray]]:
        for i in itertools.count():
            if gone.wait(0.005):
                return
            yield {5: body(at(0.1 * i))}

    thread = threading.Thread(target=sender.send, args=(walking(), source.endpoint, "ntu25"), daemon=True)
    thread.start()
    frames = list(itertools.islice(source, 10))
    gone.set()
    thread.join(WAIT_S)
    assert (np.diff([frame.captured_ns for frame in frames]) > 0).all()
    assert {frame.persons[0].track for frame in frames} == {5}
    places = [float(frame.persons[0].positions[0, 0]) for frame in frames]
    assert places == sorted(places)


def pushed(source: RemoteSource, messages: list[list[bytes]]) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = 1000
        socket.connect(source.endpoint)
        for message in messages:
            socket.send_multipart(message)


def test_a_message_that_is_none_is_counted_and_the_next_one_taken(source: RemoteSource) -> None:
    pushed(source, [[b"x", b"y"]])
    frames = iter(source)
    thread = threading.Timer(0.2, pushed, (source, [parts({1: body(at(0.0))})]))
    thread.start()
    assert next(frames).persons[0].track == 1
    thread.join()
    assert source.refused["wire"] + source.dropped == 1


@pytest.mark.parametrize(
    ("layout", "joints", "said"),
    [("ntu25", at(0.0) * 1000, "divide by 1000"), ("k4abt32", k4abt_at(0.0) / 1000, "multiply by 1000")],
)
def test_the_wrong_unit_is_named(
    source: RemoteSource, caplog: pytest.LogCaptureFixture, layout: str, joints: np.ndarray, said: str
) -> None:
    pushed(source, [parts({1: body(joints)}, layout=layout)])
    ended = threading.Timer(0.5, source.close)
    ended.start()
    assert list(source) == []
    assert said in caplog.text
    assert source.refused["input"] == 1


def test_silence_and_what_is_never_a_frame_are_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SILENT_S", 0.05)
    source = RemoteSource(ADDRESS)
    told: list[str | None] = []
    changed = threading.Condition()

    def tell(reason: str | None) -> None:
        with changed:
            told.append(reason)
            changed.notify_all()

    def wait_for(count: int) -> None:
        with changed:
            assert changed.wait_for(lambda: len(told) >= count, WAIT_S)

    source.presence.on_change(tell)
    with closing(source):
        thread = threading.Thread(target=list, args=(source,))
        thread.start()
        pushed(source, [parts({1: body(at(0.0))})])
        wait_for(3)
        pushed(source, [parts({1: body(at(0.0) * 1000)})])
        wait_for(4)
    thread.join(WAIT_S)
    assert told[0] is not None
    assert "got none yet" in told[0]
    assert told[1] is None
    assert "got none for 0.05 s; start the sensor's program" in str(told[2])
    assert "divide by 1000" in str(told[3])


def test_equal_and_backward_times_of_the_sensor_still_give_rising_ones(source: RemoteSource) -> None:
    source_ns = [
        source._captured_ns(SentFrame((), time_us=us, age_us=0), now_ns)
        for us, now_ns in ((100, 10**9), (100, 10**9 + 5), (50, 10**9 + 10**7), (0, 10**9 + 2 * 10**7))
    ]
    assert (np.diff(source_ns) > 0).all()
    source.close()
    assert list(source) == []


def test_the_sensors_clock_sets_the_distances_whatever_the_way_takes(source: RemoteSource) -> None:
    rng = np.random.default_rng(0)
    ours = [
        source._captured_ns(
            SentFrame((), time_us=1_000_000 + i * 33_333, age_us=0),
            5 * 10**9 + i * 33_333_000 + int(rng.integers(0, 8_000_000)),
        )
        for i in range(200)
    ]
    np.testing.assert_allclose(np.diff(ours[100:]) / 1e6, 33.333, atol=0.5)
    source.close()
    assert list(source) == []


@pytest.mark.parametrize(
    "address", ["kinect:tcp://0.0.0.0:5590", "kinect:tcp://example.org:1", "kinect:", "kinect:x"]
)
def test_other_machines_are_kept_out(address: str) -> None:
    with pytest.raises(SourceError, match="from this machine only"):
        RemoteSource(address)


def test_an_address_in_use_is_named(source: RemoteSource) -> None:
    with pytest.raises(SourceError, match="end the other program"):
        RemoteSource("kinect:" + source.endpoint)


@pytest.mark.shared
def test_recorded_azure_joints_pass_through_the_example_as_the_sdk_would_give_them(
    sender: ModuleType, shared: Path
) -> None:
    path = shared / "kinect" / "azure_bodyweight_squat_side_view.csv"
    wanted = read_azure_csv(path).persons
    for line, persons in list(zip(path.read_text("utf-8-sig").splitlines()[1:], wanted, strict=True))[::40]:
        cells = [[1000 * float(v) for v in cell.split()] for cell in line.split(",")]
        skeleton = SimpleNamespace(
            joints=[
                SimpleNamespace(
                    position=SimpleNamespace(xyz=SimpleNamespace(x=x, y=y, z=z)), confidence_level=2
                )
                for x, y, z in cells
            ]
        )
        sent = frame_from(sender.message("k4abt32", {3: sender.k4abt_joints(skeleton)}, time_us=1))
        np.testing.assert_allclose(sent.persons[0].positions, persons[0].positions, atol=1e-5)
    assert len(K4ABT_32) == 32
