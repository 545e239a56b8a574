import json
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams import wire
from streams.skeleton.errors import CoordinateError, ShapeError, WireError, WireVersionError
from streams.skeleton.window import Window
from streams.wire import (
    MAX_BUFFER_BYTES,
    MAX_HEADER_BYTES,
    clock_id,
    field,
    pack,
    pack_window,
    unpack,
    unpack_window,
)

names = st.text(min_size=1, max_size=10)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
reserved = {"v", "type", "clock", "sent_ns", "arrays"}
headers = st.dictionaries(names.filter(lambda n: n not in reserved), json_values, max_size=5)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
buffers = shapes.flatmap(
    lambda shape: (
        arrays(np.float32, shape, elements=st.floats(width=32, allow_nan=False)) | arrays(np.uint8, shape)
    )
)
windows = st.builds(
    lambda m, t, seed: Window(
        stream="cam ♥",
        track=seed % 7,
        sequence=seed,
        positions=np.random.default_rng(seed).normal(size=(m, t, 25, 3)).astype(np.float32),
        confidence=np.random.default_rng(seed).random((m, t, 25), np.float32),
        length_s=2.4,
        source_fps=29.97,
        captured_ns=time.monotonic_ns() - seed,
    ),
    st.integers(1, 2),
    st.integers(2, 60),
    st.integers(0, 2**31),
)


def altered(frames: list[bytes], **changes: object) -> list[bytes]:
    header = json.loads(frames[0])
    header.update(changes)
    return [json.dumps(header).encode(), *frames[1:]]


@given(headers, st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), buffers, max_size=4))
def test_round_trip(header: dict[str, object], sent: dict[str, np.ndarray]) -> None:
    message = unpack(pack("thing", header, **{f"a_{name}": a for name, a in sent.items()}))
    assert message.type == "thing"
    assert message.header == header
    assert set(message.arrays) == {f"a_{name}" for name in sent}
    for name, array in sent.items():
        received = message.arrays[f"a_{name}"]
        assert received.dtype == array.dtype
        np.testing.assert_array_equal(received, array)


@given(windows)
def test_a_window_arrives_as_it_was_sent(window: Window) -> None:
    message = unpack(pack_window(window))
    found = unpack_window(message, received_ns=time.monotonic_ns())
    np.testing.assert_array_equal(found.positions, window.positions)
    np.testing.assert_array_equal(found.confidence, window.confidence)
    for name in ("stream", "track", "sequence", "length_s", "source_fps"):
        assert getattr(found, name) == getattr(window, name)


def test_ages_become_instants_of_the_receivers_clock() -> None:
    sent = Window(
        "s", 0, 0, np.zeros((1, 2, 25, 3), np.float32), np.ones((1, 2, 25), np.float32), 1.0, 30.0, 0
    )
    frames = pack_window(sent)
    header = json.loads(frames[0])
    same = unpack(frames, received_ns=header["sent_ns"] + 5_000_000)
    assert same.transit_ns == 5_000_000
    received_ns = header["sent_ns"] + 5_000_000
    captured_ns = unpack_window(same, received_ns=received_ns).captured_ns
    # On one machine the instant is recovered: packing takes some microseconds, not milliseconds.
    assert abs(captured_ns - sent.captured_ns) < 5_000_000
    elsewhere = unpack(altered(frames, clock="another machine"))
    assert elsewhere.transit_ns is None
    assert unpack_window(elsewhere, received_ns=10**18).captured_ns == 10**18 - header["age_ns"]


def test_a_window_from_the_future_has_no_negative_age() -> None:
    ahead = Window(
        "s", 0, 0, np.zeros((1, 2, 25, 3), np.float32), np.ones((1, 2, 25), np.float32), 1.0, 30.0,
        captured_ns=time.monotonic_ns() + 10**12,
    )  # fmt: skip
    assert unpack(pack_window(ahead)).header["age_ns"] == 0


def test_received_arrays_cannot_be_written() -> None:
    received = unpack(pack("x", a=np.zeros(3, np.float32))).arrays["a"]
    with pytest.raises(ValueError, match="read-only"):
        received[0] = 1


def test_arrays_in_any_memory_order_arrive_right() -> None:
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    np.testing.assert_array_equal(unpack(pack("x", a=turned)).arrays["a"], turned)


def test_a_number_that_json_has_not_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack("x", {"score": float("nan")})


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_noise_is_a_wire_error(frames: list[bytes]) -> None:
    with pytest.raises(WireError):
        unpack(frames)


@given(json_values)
def test_any_json_but_ours_is_a_wire_error(value: object) -> None:
    with pytest.raises(WireError):
        unpack([json.dumps(value).encode()])


@given(st.data())
def test_a_damaged_window_raises_nothing_but_what_is_declared(data: st.DataObject) -> None:
    # Times are fixed, so that the same bytes are damaged in every run.
    frames = [bytearray(f) for f in altered(pack_window(data.draw(windows)), sent_ns=5, age_ns=7)]
    for _ in range(data.draw(st.integers(1, 4))):
        frame = data.draw(st.sampled_from(frames))
        if not frame:
            continue
        at = data.draw(st.integers(0, len(frame) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if kind == "flip":
            frame[at] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del frame[at:]
        else:
            frame[at:at] = data.draw(st.binary(max_size=8))
    with suppress(WireError, ShapeError, CoordinateError):
        unpack_window(unpack([bytes(f) for f in frames]), received_ns=0)


@given(
    json_values,
    st.sampled_from(["arrays", "type", "sent_ns", "clock", "stream", "track", "age_ns", "length_s"]),
)
def test_a_header_field_of_any_kind_raises_nothing_but_what_is_declared(value: object, name: str) -> None:
    window = Window(
        "s", 0, 0, np.zeros((1, 2, 25, 3), np.float32), np.ones((1, 2, 25), np.float32), 1.0, 30.0, 0
    )
    with suppress(WireError, ShapeError, CoordinateError):
        unpack_window(unpack(altered(pack_window(window), **{name: value})), received_ns=0)


@pytest.mark.parametrize("number", [10**400, -(10**400), float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["sent_ns", "track", "sequence", "age_ns", "length_s", "source_fps"])
def test_numbers_beyond_reason_stop_at_the_border(name: str, number: float) -> None:
    window = Window(
        "s", 0, 0, np.zeros((1, 2, 25, 3), np.float32), np.ones((1, 2, 25), np.float32), 1.0, 30.0, 0
    )
    frames = altered(pack_window(window), **{name: number})
    if name == "sent_ns":
        assert unpack(frames).transit_ns is None
    else:
        with pytest.raises(WireError, match=f"wanted {name}"):
            unpack_window(unpack(frames), received_ns=0)


def test_a_window_of_another_dtype_is_refused() -> None:
    header = {"stream": "s", "track": 0, "sequence": 0, "age_ns": 0, "length_s": 1.0, "source_fps": 30.0}
    frames = pack(
        "window",
        header,
        positions=np.zeros((1, 2, 25, 3), np.uint8),
        confidence=np.ones((1, 2, 25), np.uint8),
    )
    with pytest.raises(WireError, match="positions as float32"):
        unpack_window(unpack(frames), received_ns=0)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_version_says_so(version: object) -> None:
    with pytest.raises(WireVersionError, match="update the older side"):
        unpack(altered(pack("x"), v=version))


def test_a_large_header_is_not_parsed() -> None:
    with pytest.raises(WireError, match=f"at most {MAX_HEADER_BYTES} bytes"):
        unpack([b"{" + b" " * MAX_HEADER_BYTES])


def test_deeply_nested_headers_are_a_wire_error() -> None:
    with pytest.raises(WireError):
        unpack([b"[" * 30_000])


@pytest.mark.parametrize(
    "declared",
    [
        {"dtype": "float64", "shape": [3]},
        {"dtype": "object", "shape": [3]},
        {"dtype": "float32", "shape": [-3]},
        {"dtype": "float32", "shape": [2.0]},
        {"dtype": "float32", "shape": [MAX_BUFFER_BYTES, MAX_BUFFER_BYTES]},
        {"dtype": "float32"},
        [],
        None,
    ],
)
def test_buffers_must_be_what_the_header_says(declared: object) -> None:
    frames = pack("x", a=np.zeros(3, np.float32))
    with pytest.raises(WireError, match="wanted"):
        unpack(altered(frames, arrays={"a": declared}))


def test_too_many_or_too_few_buffers() -> None:
    frames = pack("x", a=np.zeros(3, np.float32))
    with pytest.raises(WireError, match="got 2"):
        unpack([*frames, b""])
    with pytest.raises(WireError, match="got 0"):
        unpack(frames[:1])


def test_a_window_without_a_buffer_names_it() -> None:
    message = unpack(pack("window", {"stream": "s"}, confidence=np.ones((1, 2, 25), np.float32)))
    message.header.update(track=0, sequence=0, age_ns=0, length_s=1.0, source_fps=30.0)
    with pytest.raises(WireError, match="'positions'"):
        unpack_window(message, received_ns=0)


@pytest.mark.parametrize(("value", "kind"), [("1", int), (True, int), (None, str), (1.5, int)])
def test_fields_have_their_type(value: object, kind: type) -> None:
    message = unpack(pack("x", {"n": value}))
    with pytest.raises(WireError, match="wanted n as"):
        field(message, "n", kind)


def test_the_clocks_name_is_stable() -> None:
    assert clock_id() == clock_id() != ""
    wire.clock_id.cache_clear()
    assert unpack(pack("x")).transit_ns is not None
