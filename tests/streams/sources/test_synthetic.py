import itertools
import threading

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.skeleton.layouts import Joint
from streams.sources.synthetic import ACTIONS, STANDING, SyntheticSource


def take(source, frames):
    return list(itertools.islice(source, frames))


def positions(script, frames, seed=0):
    return np.stack(
        [f.persons[0].positions for f in take(SyntheticSource(script, seed=seed, realtime=False), frames)]
    )


def test_the_same_seed_gives_the_same_joints_and_another_does_not():
    first, again, other = (positions("synthetic", 200, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_frames_are_evenly_timed_and_complete():
    frames = take(SyntheticSource("synthetic", fps=20.0, realtime=False), 50)
    steps = np.diff([f.captured_ns for f in frames])
    np.testing.assert_array_equal(steps, 50_000_000)
    person = frames[0].persons[0]
    assert person.positions.shape == (25, 3)
    assert person.positions.dtype == person.confidence.dtype == np.float32
    assert person.track == 0


def test_the_show_does_every_action_with_standing_between():
    source = SyntheticSource("synthetic", realtime=False)
    seen = []
    for _ in take_until(source, seen, len(ACTIONS) * 2):
        pass
    assert seen[::2] == [STANDING] * len(ACTIONS)
    assert seen[1::2] == list(ACTIONS)


def take_until(source, seen, changes):
    for frame in source:
        if not seen or seen[-1] != source.current_action:
            seen.append(source.current_action)
        if len(seen) > changes:
            seen.pop()
            return
        yield frame


def test_the_truth_of_an_instant_outlives_the_frame():
    source = SyntheticSource("synthetic:clap", realtime=False)
    truth = [(f.captured_ns, source.current_action) for f in itertools.islice(source, 200)]
    assert {name for _, name in truth} == {STANDING, "clap"}
    assert all(source.action_at(instant) == name for instant, name in truth)


def test_a_standing_person_stays_within_a_few_centimetres():
    person = positions("synthetic:standing", 60 * 30)
    assert np.linalg.norm(person - person.mean(0), axis=-1).max() < 0.08


MOVES = {
    "wave the right hand": Joint.HAND_RIGHT,
    "squat": Joint.SPINE_BASE,
    "jumping jacks": Joint.HAND_LEFT,
    "bow": Joint.HEAD,
    "punch": Joint.HAND_RIGHT,
    "walk in place": Joint.KNEE_LEFT,
    "raise both arms": Joint.HAND_LEFT,
    "clap": Joint.HAND_LEFT,
    "kick": Joint.FOOT_RIGHT,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_moves_the_joint_it_is_about_and_no_joint_jumps(action):
    source = SyntheticSource(f"synthetic:{action}", realtime=False)
    rows = [(source.current_action, f.persons[0].positions) for f in itertools.islice(source, 180)]
    person = np.stack([p for name, p in rows if name == action])
    assert np.ptp(person[:, MOVES[action]], axis=0).max() > 0.15
    everything = np.stack([p for _, p in rows])
    assert np.linalg.norm(np.diff(everything, axis=0), axis=-1).max() * 30 < 9.0


def test_real_time_is_paced_and_close_interrupts_the_wait():
    source = SyntheticSource("synthetic", fps=1.0, realtime=True)
    frames = iter(source)
    next(frames)
    done = threading.Event()

    def drain():
        for _ in frames:
            pass
        done.set()

    threading.Thread(target=drain, daemon=True).start()
    source.close()
    assert done.wait(0.9)


@pytest.mark.parametrize("script", ["camera", "synthetic:fly to the moon", ""])
def test_unknown_scripts_are_refused_with_the_known_ones(script):
    with pytest.raises(SourceError, match="synthetic:squat"):
        SyntheticSource(script)


def test_an_impossible_rate_is_refused():
    with pytest.raises(SourceError, match="frames a second"):
        SyntheticSource(fps=0.0)
