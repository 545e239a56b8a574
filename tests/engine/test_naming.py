"""What is shown is sorted, named and aged."""

import numpy as np
import pytest

from engine.decision import Decision, Transition
from engine.messages import ClassScore
from engine.naming import MOST_SHOWN, best_classes, best_first, caption, events_of

ONSET = Transition("7", "onset", "camera", 0, "w", peak=0.6, began_ns=1_000_000, ended_ns=3_000_000)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 500])
def test_the_best_are_those_of_a_whole_stable_sort(count: int):
    scores = np.random.default_rng(count).integers(0, 12, count).astype(np.float32)
    assert best_first(scores, 10) == np.argsort(-scores, kind="stable")[:10].tolist()


def test_classes_keep_their_own_score_share_and_name():
    ids = tuple("abc")
    found = best_classes(
        ids,
        np.array([0.1, 0.5, 0.3], np.float32),
        np.array([0.2, 0.5, 0.3]),
        dict(zip(ids, "ABC", strict=True)),
    )
    assert [(c.id, c.name, c.probability) for c in found] == [
        ("b", "B", 0.5),
        ("c", "C", 0.3),
        ("a", "A", 0.2),
    ]
    assert [type(c.score) for c in found] == [float] * 3


def test_no_more_are_shown_than_a_page_holds():
    ids = tuple(map(str, range(40)))
    scores = np.linspace(0, 1, 40, dtype=np.float32)
    assert len(best_classes(ids, scores, scores.astype(float), {i: i for i in ids})) == MOST_SHOWN


def test_the_caption_is_the_action_in_progress_with_its_averaged_probability():
    scores = np.array([0.25, 0.75], np.float32)
    decision = Decision("action", ONSET, probability=0.6, supported=True, transitions=())
    assert caption(decision, ("w", "s"), scores, {"w": "wave"}) == ClassScore("w", "wave", 0.25, 0.6)
    assert caption(Decision("idle", None, 0.0, False, ()), ("w", "s"), scores, {}) is None


def test_an_onset_has_no_length_and_no_event_an_age_below_zero():
    (event,) = events_of([ONSET], {"w": "wave"}, now_ns=0)
    assert (event.name, event.began_age_ms, event.duration_ms) == ("wave", 0.0, 0.0)
