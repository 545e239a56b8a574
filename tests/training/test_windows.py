import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.skeleton.errors import ConfigError
from streams.skeleton.window import WindowSpec
from training.windows import RandomWindows, normalized_batch, random_window, sliding_windows

SPEC = WindowSpec()
FPS = 30.0


def clock(frames: int) -> np.ndarray:
    """A sequence whose every coordinate is its time in seconds."""
    return np.broadcast_to((np.arange(frames) / FPS)[:, None, None], (frames, 25, 3)).astype(np.float32)


@given(frames=st.integers(1, 300), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_random_windows_run_forward_within_their_ranges(frames: int, seed: int) -> None:
    config = RandomWindows()
    window = random_window(clock(frames), np.random.default_rng(seed), fps=FPS, spec=SPEC, config=config)
    assert window.shape == (SPEC.frames, 25, 3)
    times = window[:, 0, 0]
    assert (np.diff(times) >= -1e-5).all()
    assert times.min() >= 0
    assert times.max() <= (frames - 1) / FPS + 1e-5
    assert times[-1] - times[0] <= config.longest_s
    long_enough = frames / FPS > config.longest_s * (1 + config.held_share) + 0.2
    if long_enough:  # at most a quarter is held at either end
        assert times[-1] - times[0] >= config.shortest_s * (1 - config.held_share) * (47 / 48) - 0.13


def test_random_windows_reach_the_whole_sequence() -> None:
    rng = np.random.default_rng(0)
    drawn = [
        random_window(clock(300), rng, fps=FPS, spec=SPEC, config=RandomWindows())[:, 0, 0]
        for _ in range(300)
    ]
    assert min(times.min() for times in drawn) == 0
    assert max(times.max() for times in drawn) > 9.9
    spans = [times[-1] - times[0] for times in drawn]
    assert min(spans) < 1.2
    assert max(spans) > 3.5


def test_a_short_sequence_is_held_at_its_ends_never_looped() -> None:
    window = random_window(clock(12), np.random.default_rng(3), fps=FPS, spec=SPEC, config=RandomWindows())[
        :, 0, 0
    ]
    assert (np.diff(window) >= -1e-5).all()
    assert window[0] == 0
    assert window[-1] == pytest.approx(11 / 30)


@given(frames=st.integers(73, 400), hop_s=st.floats(0.1, 3.0))
@settings(max_examples=60, deadline=None)
def test_sliding_windows_end_with_the_sequence_one_hop_apart(frames: int, hop_s: float) -> None:
    windows = sliding_windows(clock(frames), fps=FPS, spec=SPEC, hop_s=hop_s)[..., 0, 0]
    last = (frames - 1) / FPS
    assert windows[-1, -1] == pytest.approx(last, abs=1e-4)
    np.testing.assert_allclose(np.diff(windows, axis=1), SPEC.length_s / SPEC.frames, atol=1e-4)
    np.testing.assert_allclose(np.diff(windows[:, -1]), hop_s, atol=1e-4)
    # One more would reach beyond the beginning.
    assert windows[0, -1] - SPEC.length_s - hop_s < 0


def test_a_short_sequence_gives_one_window_with_the_sequence_in_its_middle() -> None:
    (window,) = sliding_windows(clock(31), fps=FPS, spec=SPEC, hop_s=0.4)[..., 0, 0]
    assert window[0] == 0
    assert window[-1] == 1
    assert abs(int((window == 0).sum()) - int((window == 1).sum())) <= 2


def test_a_hop_must_go_forward() -> None:
    with pytest.raises(ConfigError, match="hop"):
        sliding_windows(clock(100), fps=FPS, spec=SPEC, hop_s=0)


def test_a_batch_is_normalised_window_by_window() -> None:
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(3, 48, 25, 3)).astype(np.float32)
    batch = normalized_batch(windows)
    assert batch.shape == (3, 1, 48, 25, 3)
    np.testing.assert_allclose(batch[1:2], normalized_batch(windows[1:2]))
    np.testing.assert_allclose(batch[:, :, :, 0], 0, atol=1e-6)


@pytest.mark.parametrize(
    "changes", [{"shortest_s": 5.0}, {"slowest_fps": 0.0}, {"fastest_fps": 5.0}, {"held_share": 1.0}]
)
def test_ranges_nobody_can_draw_from_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        RandomWindows(**changes)
