"""Actions begin and end as the windows say; onsets and offsets alternate whatever comes in."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import Decider, Decision, DecisionConfig, Standing, Transition
from streams.skeleton.errors import ConfigError

HOP_NS = 250_000_000
ALONE = DecisionConfig(smoothing_s=0.0)
"""Every window is believed by itself, so that tests can say what it says."""


def _standing(
    time: float, *, idle: bool = False, stream: str = "s", track: int = 0, **shares: float
) -> Standing:
    """A window at ``time`` hops; what the named classes leave is unknown."""
    return Standing(
        stream=stream,
        track=track,
        captured_ns=round(time * HOP_NS),
        class_ids=tuple(shares),
        probabilities=np.array(list(shares.values()), np.float64),
        unknown=1.0 - sum(shares.values()),
        idle=idle,
    )


def _play(decider: Decider, *windows: dict[str, Any]) -> list[Decision]:
    return [decider.step(_standing(hop, **shares)) for hop, shares in enumerate(windows)]


def _phases(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    return [(t.phase, t.class_id) for decision in decisions for t in decision.transitions]


WAVE: dict[str, Any] = {"wave": 0.8, "squat": 0.1}
SQUAT: dict[str, Any] = {"wave": 0.1, "squat": 0.8}
NOTHING: dict[str, Any] = {"wave": 0.1, "squat": 0.1}


def test_an_action_begins_with_the_second_window_that_agrees():
    first, second = _play(Decider(ALONE), WAVE, WAVE)
    assert (first.state, first.transitions) == ("unknown", ())
    assert second.state == "action"
    (onset,) = second.transitions
    assert (onset.phase, onset.class_id, onset.peak) == ("onset", "wave", pytest.approx(0.8))
    assert (onset.began_ns, onset.ended_ns) == (0, HOP_NS)
    assert second.action == onset
    assert second.supported


def test_windows_that_disagree_begin_nothing():
    decisions = _play(Decider(ALONE), WAVE, SQUAT, WAVE, NOTHING, WAVE, SQUAT)
    assert [d.state for d in decisions] == ["unknown"] * 6
    assert _phases(decisions) == []


def test_a_person_hardly_seen_does_nothing_that_is_believed():
    decider = Decider(ALONE)
    poor = [decider.step(replace(_standing(hop, **WAVE), quality=0.2)) for hop in range(4)]
    assert [d.state for d in poor] == ["unknown"] * 4
    good = [decider.step(replace(_standing(hop, **WAVE), quality=0.31)) for hop in range(4, 6)]
    assert [d.state for d in good] == ["unknown", "action"]
    worse = [decider.step(replace(_standing(hop, **WAVE), quality=0.0)) for hop in range(6, 8)]
    assert [d.state for d in worse] == ["action", "unknown"]
    with pytest.raises(ConfigError, match="least_quality"):
        DecisionConfig(least_quality=1.5)


def test_one_poor_window_does_not_end_an_action_and_a_second_does():
    decisions = _play(Decider(ALONE), WAVE, WAVE, NOTHING, WAVE, NOTHING, NOTHING)
    assert [d.state for d in decisions] == ["unknown", "action", "action", "action", "action", "unknown"]
    assert [d.supported for d in decisions] == [False, True, False, True, False, False]
    (offset,) = decisions[-1].transitions
    assert (offset.phase, offset.began_ns, offset.ended_ns) == ("offset", 0, 3 * HOP_NS)


def test_between_the_thresholds_an_action_goes_on_but_does_not_begin():
    weak: dict[str, Any] = {"wave": 0.5}
    assert _phases(_play(Decider(ALONE), weak, weak, weak)) == []
    decisions = _play(Decider(ALONE), {"wave": 0.9}, {"wave": 0.9}, weak, weak, weak)
    assert decisions[-1].state == "action"


def test_late_windows_do_not_make_a_track_vanish():
    decider, late_ns = Decider(ALONE), 5_000_000_000
    for hop in range(3):
        standing = _standing(hop, **WAVE)
        now_ns = standing.captured_ns + late_ns
        decision = decider.step(replace(standing, heard_ns=now_ns))
        assert decider.expire(now_ns + HOP_NS // 2) == ()
    assert decision.state == "action"
    (offset,) = decider.expire(now_ns + 2_100_000_000)
    assert offset.phase == "offset"


def test_many_other_actions_do_not_keep_one_from_beginning():
    crowded: dict[str, Any] = {"wave": 0.14, **{f"other{n}": 0.02 for n in range(40)}}  # unnamed 0.06
    assert _phases(_play(Decider(ALONE), crowded, crowded)) == [("onset", "wave")]


def test_another_action_takes_over_where_it_is_as_sure():
    decisions = _play(Decider(ALONE), WAVE, WAVE, SQUAT, SQUAT)
    assert _phases(decisions) == [("onset", "wave"), ("offset", "wave"), ("onset", "squat")]
    offset, onset = decisions[-1].transitions
    assert offset.ended_ns <= onset.began_ns


def test_a_class_less_likely_than_the_unnamed_one_never_begins():
    decisions = _play(Decider(replace(ALONE, on_share=0.5)), *[{"wave": 0.45}] * 5)
    assert _phases(decisions) == []


def test_idle_ends_an_action_at_once_and_shows_as_idle():
    decider = Decider(ALONE)
    _play(decider, WAVE, WAVE)
    decision = decider.step(_standing(2, idle=True, **WAVE))
    assert decision.state == "idle"
    assert _phases([decision]) == [("offset", "wave")]
    assert _phases([decider.step(_standing(3, **WAVE))]) == []


def test_averaging_holds_a_single_wild_window_back():
    decider = Decider(DecisionConfig(smoothing_s=0.5, onset_windows=1))
    decisions = _play(decider, NOTHING, NOTHING, WAVE, NOTHING)
    assert _phases(decisions) == []


def test_the_average_is_exponential_in_time():
    decider = Decider(DecisionConfig(smoothing_s=0.5, onset_windows=1, on_share=0.5, off_share=0.0))
    decider.step(_standing(0, wave=0.6))
    decision = decider.step(_standing(2, wave=0.9))
    fresh = 1.0 - np.exp(-1.0)
    assert decision.probability == pytest.approx(0.6 + fresh * 0.3)


def test_new_classes_begin_the_average_anew_and_leave_the_action_alone():
    decider = Decider(DecisionConfig(smoothing_s=10.0))
    _play(decider, WAVE, WAVE)
    decision = decider.step(_standing(2, wave=0.7, squat=0.1, bow=0.1))
    assert decision.state == "action"
    assert decision.probability == pytest.approx(0.7)


def test_a_track_unheard_of_for_two_seconds_ends_its_action():
    decider = Decider(ALONE)
    _play(decider, WAVE, WAVE)
    last_ns = HOP_NS
    assert decider.expire(last_ns + 2_000_000_000) == ()
    (offset,) = decider.expire(last_ns + 2_000_000_001)
    assert (offset.phase, offset.ended_ns) == ("offset", last_ns)
    assert decider.expire(last_ns + 9_000_000_000) == ()


def test_another_persons_window_tells_that_time_has_passed_in_its_stream_only():
    decider = Decider(ALONE)
    for stream in ("s", "t"):
        for hop in (0, 1):
            decider.step(_standing(hop, stream=stream, **WAVE))
    decision = decider.step(_standing(20, track=1, **WAVE))
    assert [(t.stream, t.track, t.phase) for t in decision.transitions] == [("s", 0, "offset")]


def test_a_track_that_comes_back_after_a_hole_begins_anew():
    decider = Decider(ALONE)
    _play(decider, WAVE, WAVE)
    decisions = [decider.step(_standing(hop, **WAVE)) for hop in (20, 21)]
    assert _phases(decisions) == [("offset", "wave"), ("onset", "wave")]


def test_removing_a_class_ends_its_actions_at_once():
    decider = Decider(ALONE)
    for track in (0, 1):
        for hop in (0, 1):
            decider.step(_standing(hop, track=track, **(WAVE if track else SQUAT)))
    (offset,) = decider.remove("wave")
    assert (offset.track, offset.class_id) == (1, "wave")
    assert decider.remove("wave") == ()


def test_a_removed_candidate_does_not_begin():
    decider = Decider(ALONE)
    decider.step(_standing(0, wave=0.8, squat=0.1))
    decider.remove("wave")
    assert decider.step(_standing(1, squat=0.1)).state == "unknown"


def test_finish_ends_everything():
    decider = Decider(ALONE)
    for track in range(3):
        for hop in (0, 1):
            decider.step(_standing(hop, track=track, **WAVE))
    assert [t.track for t in decider.finish()] == [0, 1, 2]
    assert decider.finish() == ()


def test_one_track_too_many_ends_the_one_unheard_of_for_longest():
    decider = Decider(replace(ALONE, max_tracks=2))
    for hop in (0, 1):
        for track in (0, 1):
            decider.step(_standing(hop + track / 10, track=track, **WAVE))
    decider.step(_standing(1.5, track=0, **WAVE))
    decision = decider.step(_standing(1.6, track=2, **WAVE))
    assert [(t.phase, t.track) for t in decision.transitions] == [("offset", 1)]


def test_time_never_runs_backwards_within_a_track():
    decider = Decider(ALONE)
    decisions = [decider.step(_standing(hop, **WAVE)) for hop in (8, 7, 6)]
    assert all(t.ended_ns >= t.began_ns for d in decisions for t in d.transitions)
    assert decider.finish()[0].ended_ns == 8 * HOP_NS


def test_ids_are_counted_unless_someone_else_gives_them():
    assert _play(Decider(ALONE), WAVE, WAVE)[1].transitions[0].event_id == "1"
    named = Decider(ALONE, new_id=lambda: "mine")
    assert _play(named, WAVE, WAVE)[1].transitions[0].event_id == "mine"


@pytest.mark.parametrize(
    "setting",
    [
        {"on_share": 0.6, "off_share": 0.7},
        {"on_share": 1.1},
        {"on_share": 0.4, "off_share": 0.3},
        {"off_share": -0.1},
        {"smoothing_s": -1.0},
        {"smoothing_s": float("nan")},
        {"vanish_s": 0.0},
        {"onset_windows": 0},
        {"offset_windows": 0},
        {"max_tracks": 0},
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any]):
    with pytest.raises(ConfigError, match="wanted"):
        DecisionConfig(**setting)


CLASSES = ("wave", "squat", "bow")
STEPS = st.one_of(
    st.tuples(
        st.just("window"),
        st.sampled_from(["s", "t"]),
        st.integers(0, 2),
        st.floats(-1.0, 4.0),
        st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
        st.integers(0, 7),
        st.booleans(),
    ),
    st.tuples(st.just("expire"), st.floats(0.0, 5.0)),
    st.tuples(st.just("remove"), st.sampled_from(CLASSES)),
)


@settings(deadline=None)
@given(
    st.lists(STEPS, max_size=60),
    st.sampled_from([0.0, 0.3]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_onsets_and_offsets_alternate_whatever_comes_in(
    steps: list[tuple[object, ...]], smoothing_s: float, onset: int, offset: int, most: int
):
    config = DecisionConfig(
        smoothing_s=smoothing_s, onset_windows=onset, offset_windows=offset, max_tracks=most
    )
    decider = Decider(config)
    now_ns = 10**12
    seen: list[Transition] = []
    for step in steps:
        match step:
            case ("window", str(stream), int(track), float(after), list(weights), int(mask), bool(idle)):
                now_ns += round(after * 1e9)
                chosen = [k for k in range(3) if mask & 1 << k]
                shares = np.array([*(weights[k] for k in chosen), weights[3] + 1e-6])
                shares /= shares.sum()
                ids = tuple(CLASSES[k] for k in chosen)
                decision = decider.step(Standing(stream, track, now_ns, ids, shares[:-1], shares[-1], idle))
                seen += decision.transitions
                assert (decision.state == "action") == (decision.action is not None)
                assert 0.0 <= decision.probability <= 1.0
                if decision.action is not None:
                    # What is shown as in progress has begun and not ended.
                    mine = [t for t in seen if (t.stream, t.track) == (stream, track)]
                    assert mine[-1].phase == "onset"
                    assert mine[-1].event_id == decision.action.event_id
            case ("expire", float(after)):
                seen += decider.expire(now_ns + round(after * 1e9))
            case ("remove", str(class_id)):
                seen += decider.remove(class_id)
            case _:
                raise AssertionError(step)
    seen += decider.finish()
    _check_pairs(seen)


def _check_pairs(seen: list[Transition]) -> None:
    by_track: dict[tuple[str, int], list[Transition]] = defaultdict(list)
    for transition in seen:
        by_track[transition.stream, transition.track].append(transition)
    for transitions in by_track.values():
        assert [t.phase for t in transitions] == ["onset", "offset"] * (len(transitions) // 2)
        for onset, offset in zip(transitions[::2], transitions[1::2], strict=True):
            assert (onset.event_id, onset.class_id) == (offset.event_id, offset.class_id)
            assert onset.began_ns == offset.began_ns <= offset.ended_ns
            assert onset.peak <= offset.peak
