import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.skeleton.errors import ConfigError, TimestampError
from streams.skeleton.window import Window, WindowSpec
from streams.windowing import BRIDGED_S, Windower
from tests.streams.fakes import standing

SPEC = WindowSpec(frames=48, length_s=2.4)
ONES = np.ones(25, np.float32)
rates = st.floats(5.0, 60.0)
hops = st.floats(0.05, 1.0)


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def body(time_s: float) -> np.ndarray:
    """Somebody rising at 0.1 m/s: where each joint is tells when it was seen."""
    return standing() + np.array([0, 0.1 * time_s, 2.5], np.float32)


def push(windower: Windower, time_s: float, *, track: int = 0) -> Window | None:
    return windower.push(track, body(time_s), ONES, captured_ns=ns(time_s))


def play(windower: Windower, times_s: np.ndarray, *, track: int = 0) -> list[Window]:
    return [w for t in times_s if (w := push(windower, float(t), track=track)) is not None]


def seen_at(window: Window) -> np.ndarray:
    """(T,) the times the window's frames were seen, read off the body's height."""
    return (window.positions[0, :, 0, 1] - standing()[0, 1]) / 0.1


@given(rates, hops)
def test_windows_end_at_frames_and_keep_the_grid(fps: float, hop_s: float) -> None:
    times = np.arange(0, 8, 1 / fps)
    windows = play(Windower("s", SPEC, hop_s=hop_s), times)
    ends = np.array([w.captured_ns for w in windows])
    assert set(ends.tolist()) <= {ns(t) for t in times}
    step = 1 / fps
    # A window for each moment of the grid, or for each frame where the grid is finer.
    grid = np.maximum(hop_s, step)
    assert len(windows) == pytest.approx((times[-1] - ends[0] / 1e9) / grid + 1, abs=1.5)
    gaps = np.diff(ends) / 1e9
    assert (gaps > 0).all()
    assert (np.abs(gaps - hop_s) <= step + 1e-6).all()
    if hop_s >= step:
        drift = ends / 1e9 - (ends[0] / 1e9 + hop_s * np.arange(len(ends)))
        assert np.abs(drift).max() <= step / 2 + 1e-6


@given(rates)
def test_every_rate_gives_the_same_windows(fps: float) -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    windows = play(windower, np.arange(0, 6, 1 / fps))
    for window in windows:
        end_s = window.captured_ns / 1e9
        expected = end_s - SPEC.length_s + SPEC.length_s * np.arange(1, 49) / 48
        np.testing.assert_allclose(seen_at(window), np.maximum(expected, 0), atol=2e-4)
        assert window.source_fps == pytest.approx(fps, rel=1e-3)


@given(st.lists(st.floats(0.002, 0.2), min_size=60, max_size=150))
def test_jittering_times_change_nothing_but_the_ends(gaps: list[float]) -> None:
    times = np.cumsum(gaps)
    for window in play(Windower("s", SPEC, hop_s=0.2), times):
        end_s = window.captured_ns / 1e9
        expected = end_s - SPEC.length_s + SPEC.length_s * np.arange(1, 49) / 48
        np.testing.assert_allclose(seen_at(window), np.maximum(expected, times[0]), atol=3e-4)


@given(rates)
def test_the_first_window_needs_half_of_its_length(fps: float) -> None:
    windows = play(Windower("s", SPEC, hop_s=0.2), np.arange(0, 4, 1 / fps))
    first_s = windows[0].captured_ns / 1e9
    assert 1.2 - 1 / fps - 1e-6 <= first_s <= 1.2 + 1e-6
    # What was held from the first frame is marked as not seen.
    held = SPEC.length_s * np.arange(1, 49) / 48 + first_s - SPEC.length_s < -1e-6
    assert held.any()
    assert (windows[0].confidence[0, held] == 0).all()
    assert (windows[0].confidence[0, ~held] == 1).all()


def test_sequences_count_each_tracks_windows() -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    windows: list[Window] = []
    for t in np.arange(0, 5, 1 / 30):
        for track in (3, 8):
            if (window := push(windower, float(t), track=track)) is not None:
                windows.append(window)
    for track in (3, 8):
        sequences = [w.sequence for w in windows if w.track == track]
        assert sequences == list(range(len(sequences)))
    assert windower.cut == len(windows)


def test_tracks_do_not_disturb_each_other() -> None:
    both, alone = Windower("s", SPEC, hop_s=0.2), Windower("s", SPEC, hop_s=0.2)
    for t in np.arange(0, 4, 1 / 30):
        push(both, float(t), track=1)
        found, expected = push(both, float(t), track=0), push(alone, float(t), track=0)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            np.testing.assert_array_equal(found.positions, expected.positions)


@given(st.floats(0.13, 0.49))
def test_a_short_hole_is_bridged_and_marked(hole_s: float) -> None:
    before, after = np.arange(0, 3, 1 / 30), np.arange(3 - 1 / 30 + hole_s, 6, 1 / 30)
    windower = Windower("s", SPEC, hop_s=0.2)
    play(windower, before)
    window = next(w for w in play(windower, after) if w.captured_ns > ns(4.0))
    times = window.captured_ns / 1e9 - SPEC.length_s + SPEC.length_s * np.arange(1, 49) / 48
    np.testing.assert_allclose(seen_at(window), times, atol=2e-4)
    inside = (times > before[-1] + 1e-6) & (times < after[0] - 1e-6)
    assert inside.any()
    assert (window.confidence[0, inside] == 0).all()
    assert (window.confidence[0, ~inside] == 1).all()
    assert windower.restarted == 0


def test_after_a_long_hole_the_track_begins_anew() -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    last = play(windower, np.arange(0, 4, 1 / 30))[-1]
    back_s = 4 + BRIDGED_S + 0.1
    windows = play(windower, np.arange(back_s, back_s + 3, 1 / 30))
    assert windows[0].captured_ns >= ns(back_s + 1.2 - 1 / 30)
    assert seen_at(windows[0]).min() == pytest.approx(back_s, abs=2e-4)
    assert windows[0].sequence == last.sequence + 1
    assert windower.restarted == 1


@pytest.mark.parametrize("back_s", [0.0, 0.01, 2.0])
def test_time_that_runs_backwards_is_refused_and_forgotten(back_s: float) -> None:
    windower, undisturbed = Windower("s", SPEC, hop_s=0.2), Windower("s", SPEC, hop_s=0.2)
    times = np.arange(0, 3, 1 / 30)
    for t in times:
        push(undisturbed, float(t))
        push(windower, float(t))
    with pytest.raises(TimestampError, match="check the source's clock"):
        windower.push(0, body(99), ONES, captured_ns=ns(float(times[-1])) - ns(back_s))
    found, expected = (play(w, np.arange(3, 4, 1 / 30)) for w in (windower, undisturbed))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a.positions, b.positions)


@given(st.sampled_from([240.0, 500.0, 1000.0]))
def test_fast_sources_fit_and_nothing_is_forgotten_early(fps: float) -> None:
    spec = WindowSpec(frames=8, length_s=0.4)
    windower = Windower("s", spec, hop_s=0.1)
    windows = play(windower, np.arange(0, 1, 1 / fps))
    assert windower.crowded_out == 0
    assert windows[-1].source_fps == pytest.approx(fps, rel=1e-2)


def test_memory_is_bounded_at_any_rate_and_what_is_forgotten_is_counted() -> None:
    spec = WindowSpec(frames=8, length_s=0.2)
    windower = Windower("s", spec, hop_s=0.1)
    for i in range(3000):
        windower.push(0, body(0), ONES, captured_ns=i * 20_000)
    assert len(windower._tracks[0].frames) <= 202
    assert windower.crowded_out == 3000 - 202


def test_a_frame_is_kept_once_and_only_as_long_as_needed() -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    times = np.arange(0, 10, 1 / 30)
    play(windower, times)
    kept = [f.captured_ns for f in windower._tracks[0].frames]
    assert kept == sorted(set(kept))
    # The window's length and the one frame before it.
    assert kept[1] > ns(times[-1] - SPEC.length_s) >= kept[0]


def test_people_who_left_take_no_memory() -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    for i in range(50):
        push(windower, float(i), track=i)
    assert len(windower._tracks) == 1


@pytest.mark.parametrize("hop_s", [0.0, -1.0, 2.5, float("nan")])
def test_hops_out_of_range_are_refused(hop_s: float) -> None:
    with pytest.raises(ConfigError, match="change --hop-s"):
        Windower("s", SPEC, hop_s=hop_s)


def side_by_side(companion_from_s: float, *, until_s: float = 4.0) -> list[Window]:
    """Windows of track 0, with track 1 a metre beside it from some time on."""
    windower, found = Windower("s", SPEC, hop_s=0.2), []
    for time_s in np.arange(0, until_s, 1 / 30):
        if time_s >= companion_from_s:
            there = body(float(time_s)) + np.array([1, 0, 0], np.float32)
            windower.push(1, there, ONES, captured_ns=ns(float(time_s)))
        window = windower.push(0, body(float(time_s)), ONES, captured_ns=ns(float(time_s)), companion=1)
        if window is not None:
            found.append(window)
    return found


def test_a_companion_is_the_second_person_over_the_same_time() -> None:
    window = side_by_side(0.0)[-1]
    assert window.positions.shape == (2, 48, 25, 3)
    np.testing.assert_allclose(
        window.positions[1] - window.positions[0], np.broadcast_to([1, 0, 0], (48, 25, 3)), atol=1e-4
    )


def test_a_companion_not_seen_for_long_enough_is_left_out() -> None:
    windows = side_by_side(2.0)
    persons = {round(w.captured_ns / 1e9, 1): len(w.positions) for w in windows}
    assert persons[3.0] == 1
    assert persons[3.4] == 2
    assert {len(w.positions) for w in side_by_side(9.0)} == {1}


def test_the_quality_of_a_window_is_the_mean_of_its_frames() -> None:
    windower = Windower("s", SPEC, hop_s=0.2)
    windows = [
        windower.push(0, body(t), ONES, captured_ns=ns(t), quality=0.5 if t < 2 else 1.0)
        for t in np.arange(0, 6, 1 / 30).tolist()
    ]
    qualities = [w.quality for w in windows if w is not None]
    assert qualities[0] == 0.5
    assert qualities[-1] == 1.0
    assert qualities == sorted(qualities)
