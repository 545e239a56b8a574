"""Predictions first, learning after; one observation an event; the vocabulary may change any time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.select import open_backend
from engine.background import Background
from engine.bank.contract import BankSettings, Rows
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.messages import Action, ActionEvent
from engine.recognizer import Recognizer
from streams.skeleton.errors import BankError, CoordinateError, ShapeError, SnapshotError
from streams.skeleton.normalize import normalize
from streams.skeleton.window import Window
from tests.engine.fakes import FakeBackend, reaching, standing, unit_rows, window

HOP_NS = 250_000_000
SETTINGS = BankSettings(parts=1, dim=16, fingerprint="test", alpha=1.0)
WAVE, SQUAT = unit_rows(1.0), unit_rows(0.0, 1.0)


class WatchedBank(PgfaStreamingBank):
    """Keeps what it was taught."""

    def __init__(self, settings: BankSettings = SETTINGS) -> None:
        super().__init__(settings)
        self.lessons: list[tuple[NDArray[np.float32], float]] = []

    def learn_one(self, embedding: Rows, *, weight: float = 1.0) -> str | None:
        self.lessons.append((embedding, weight))
        return super().learn_one(embedding, weight=weight)


class Rig:
    """A recogniser whose encoder says what the test wants."""

    def __init__(self, bundle: Bundle, *, background: Background | None = None, **decision: Any) -> None:
        self.backend = FakeBackend(WAVE)
        self.bank = WatchedBank()
        config = replace(DecisionConfig(smoothing_s=0.0), **decision)
        self.recognizer = Recognizer(
            bundle.manifest, self.backend, self.bank, config=config, background=background
        )
        self.recognizer.set_action(_action("w", "wave"), WAVE, version=1)
        self.recognizer.set_action(_action("s", "squat"), SQUAT, version=2)
        self.events: list[ActionEvent] = []
        self.hop = 0

    def see(self, rows: NDArray[np.float32], *, idle: bool = False, **fields: Any):
        self.backend.rows = rows
        shown = window(
            standing() if idle else None, captured_ns=self.hop * HOP_NS, sequence=self.hop, **fields
        )
        recognition = self.recognizer.recognize(shown, now_ns=self.hop * HOP_NS + 50_000_000)
        self.hop += 1
        self.events += recognition.events
        return recognition.prediction


def _action(action_id: str, name: str) -> Action:
    return Action(action_id, name, (name,), "template")


@pytest.fixture
def rig(tiny_bundle: Bundle) -> Rig:
    return Rig(tiny_bundle)


def test_a_prediction_tells_what_was_seen(rig: Rig):
    rig.see(WAVE)
    prediction = rig.see(WAVE, stream="camera", track=0)
    assert (prediction.stream, prediction.track, prediction.sequence) == ("camera", 0, 1)
    assert prediction.state == "action"
    assert prediction.caption is not None
    assert (prediction.caption.id, prediction.caption.name) == ("w", "wave")
    assert prediction.caption.score == pytest.approx(1.0)
    assert [c.name for c in prediction.top] == ["wave", "squat"]
    assert sum(c.probability for c in prediction.top) + prediction.unknown_probability == pytest.approx(1.0)
    assert prediction.vocabulary == 2
    assert prediction.motion_m > 0.1


def test_what_nobody_means_is_not_named_unless_an_action_means_it(tiny_bundle: Bundle):
    rig = Rig(tiny_bundle, background=Background(unit_rows(1.0, 0.0, 1.0)[None]))
    near = unit_rows(1.0, 0.0, 0.6)
    rig.see(near)
    assert rig.see(near).state == "unknown"
    rig.recognizer.set_action(_action("m", "movement"), unit_rows(1.0, 0.0, 0.9), version=3)
    rig.see(near)
    assert rig.see(near).state == "action"
    rig.recognizer.remove_action("m", version=4, now_ns=rig.hop * HOP_NS)
    rig.see(near)
    assert rig.see(near).state == "unknown"


def test_events_carry_names_and_ages(rig: Rig):
    for rows in (WAVE, WAVE, WAVE, -WAVE, -WAVE):
        rig.see(rows)
    onset, offset = rig.events
    assert (onset.phase, onset.class_id, onset.name, onset.duration_ms) == ("onset", "w", "wave", 0.0)
    # It began with the first window; the second, 250 ms later, confirmed it, seen 50 ms after capture.
    assert onset.began_age_ms == pytest.approx(300.0)
    assert (offset.id, offset.phase, offset.duration_ms) == (onset.id, "offset", pytest.approx(500.0))
    assert offset.began_age_ms == pytest.approx(1050.0)


def test_each_person_is_normalised_once(rig: Rig):
    pair = np.stack([reaching(0.6), reaching(0.4, side=0)])
    rig.see(WAVE)
    rig.recognizer.embed(window(pair))
    alone, both = rig.backend.seen
    assert alone.shape == (1, 1, 48, 25, 3)
    np.testing.assert_array_equal(both[0], [normalize(person) for person in pair])


def test_a_second_person_of_zeros_is_absent(rig: Rig):
    rig.recognizer.embed(window(np.stack([reaching(0.6), np.zeros((48, 25, 3), np.float32)])))
    assert rig.backend.seen[0].shape == (1, 1, 48, 25, 3)


def test_a_moving_partner_makes_nobody_idle(rig: Rig):
    embedded = rig.recognizer.embed(window(np.stack([standing(), reaching(0.6)])))
    assert embedded.motion_m > 0.1


@pytest.mark.parametrize(
    "wrong", [window(standing(47)), window(standing(), length_s=2.0), window(length_s=float("nan"))]
)
def test_a_window_cut_for_another_bundle_is_refused(rig: Rig, wrong: Window):
    with pytest.raises(ShapeError, match=r"wanted a window of 48 frames over 2\.4 s"):
        rig.recognizer.recognize(wrong, now_ns=0)


def test_nobody_is_refused(rig: Rig):
    with pytest.raises(CoordinateError, match="wanted a body"):
        rig.recognizer.recognize(window(np.zeros((48, 25, 3), np.float32)), now_ns=0)


def test_without_actions_everything_is_unknown(tiny_bundle: Bundle):
    recognizer = Recognizer(tiny_bundle.manifest, FakeBackend(WAVE), WatchedBank(), config=DecisionConfig())
    prediction = recognizer.recognize(window(), now_ns=0).prediction
    assert (prediction.state, prediction.top, prediction.unknown_probability) == ("unknown", (), 1.0)


def test_who_stands_still_is_idle_and_teaches_nothing(rig: Rig):
    assert [rig.see(WAVE, idle=True).state for _ in range(5)] == ["idle"] * 5
    assert rig.events == []
    assert rig.bank.lessons == []


def test_an_event_is_learnt_once_when_it_ends_as_the_mean_of_its_windows(rig: Rig):
    before = rig.see(WAVE)
    rig.see(unit_rows(0.9, 0.1))
    rig.see(unit_rows(0.8, 0.0, 0.2))
    assert rig.bank.lessons == []
    assert before.top[0].score == pytest.approx(1.0)
    rig.see(WAVE, idle=True)
    ((embedding, weight),) = rig.bank.lessons
    mean = unit_rows(0.9, 0.1) + unit_rows(0.8, 0.0, 0.2)
    np.testing.assert_allclose(embedding, mean / np.linalg.norm(mean), atol=1e-6)
    assert weight == 1.0
    assert rig.recognizer.learnt == 1


def test_windows_that_do_not_bear_the_action_out_are_not_learnt(rig: Rig):
    for rows in (WAVE, WAVE, unit_rows(0.0, 0.0, 1.0), WAVE):
        rig.see(rows)
    rig.recognizer.finish(0)
    ((embedding, _),) = rig.bank.lessons
    np.testing.assert_allclose(embedding, WAVE, atol=1e-6)


def test_unknown_windows_teach_nothing(rig: Rig):
    for _ in range(5):
        assert rig.see(unit_rows(0.0, 0.0, 1.0)).state == "unknown"
    rig.recognizer.finish(0)
    assert rig.bank.lessons == []


def test_what_was_learnt_shows_in_the_next_prediction_only(rig: Rig):
    tilted = unit_rows(0.9, 0.0, 0.4)
    rig.see(tilted)
    rig.see(tilted)
    ending = rig.see(tilted, idle=True)
    after = rig.see(tilted)
    assert ending.top[0].score < after.top[0].score == pytest.approx(1.0, abs=1e-6)


def test_who_points_means_the_last_windows_of_the_person_who_moved(rig: Rig):
    for rows in (WAVE, WAVE, SQUAT):
        rig.see(rows)
    rig.see(WAVE, track=7)
    now_ns = rig.hop * HOP_NS
    (other,) = rig.recognizer.point_at(seconds=2.0, now_ns=now_ns)
    assert other.track == 7
    mine = rig.recognizer.point_at(track=0, seconds=0.3, now_ns=now_ns)
    assert [seen.sequence for seen in mine] == [1, 2]
    with pytest.raises(BankError, match="got nobody"):
        rig.recognizer.point_at(stream="another", seconds=2.0, now_ns=now_ns)


def test_a_shown_example_changes_the_next_score_and_is_counted_once(rig: Rig):
    tilted = unit_rows(0.9, 0.0, 0.4)
    rig.see(tilted)
    before = rig.see(tilted)
    windows = rig.recognizer.point_at(seconds=2.0, now_ns=2 * HOP_NS)
    provenance = rig.recognizer.teach("w", windows, is_action=True)
    assert (provenance.examples, provenance.rejections) == (1, 0)
    ending = rig.see(tilted, idle=True)
    assert before.top[0].score < ending.top[0].score == pytest.approx(1.0, abs=1e-6)
    # The bank does not learn by itself what it was told.
    assert rig.bank.lessons == []


def test_a_rejection_keeps_what_is_in_progress_from_being_learnt(rig: Rig):
    rig.see(WAVE)
    rig.see(WAVE)
    windows = rig.recognizer.point_at(seconds=2.0, now_ns=2 * HOP_NS)
    assert rig.recognizer.teach("w", windows, is_action=False).rejections == 1
    rig.recognizer.finish(0)
    assert rig.bank.lessons == []


def test_embeddings_that_cancel_out_are_no_example(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    answers = iter([WAVE, -WAVE])
    monkeypatch.setattr(rig.backend, "embed", lambda positions: next(answers)[None])
    with pytest.raises(BankError, match="cancel out"):
        rig.recognizer.teach("w", [window(), window()], is_action=True)
    assert rig.recognizer.provenance("w").examples == 0


def test_a_frozen_bank_learns_nothing_by_itself(rig: Rig):
    rig.recognizer.frozen = True
    rig.see(WAVE)
    rig.see(WAVE)
    rig.recognizer.finish(0)
    assert (rig.bank.lessons, rig.recognizer.learnt) == ([], 0)


def test_a_state_of_before_returns_for_the_actions_there_are_now(rig: Rig):
    before = rig.recognizer.snapshot()
    rig.recognizer.teach("w", [window()], is_action=True)
    rig.recognizer.remove_action("s", version=3, now_ns=0)
    rig.recognizer.set_action(_action("b", "bow"), unit_rows(0, 0, 0, 1), version=4)
    rig.recognizer.set_action(_action("w", "wave"), unit_rows(1.0, 1.0), version=5)
    rig.recognizer.restore(before)
    assert rig.recognizer.provenance("w").examples == 0
    scores = {c.id: c.score for c in rig.see(unit_rows(1.0, 1.0)).top}
    assert scores == {"w": pytest.approx(1.0, abs=1e-6), "b": pytest.approx(0.0, abs=1e-6)}


def test_a_new_action_is_scored_from_the_next_window_on(rig: Rig):
    assert "bow" not in [c.name for c in rig.see(WAVE).top]
    rig.recognizer.set_action(_action("b", "bow"), unit_rows(0.0, 0.0, 1.0), version=3)
    prediction = rig.see(unit_rows(0.0, 0.0, 1.0))
    assert (prediction.top[0].name, prediction.vocabulary) == ("bow", 3)


def test_another_text_for_an_action_keeps_its_id(rig: Rig):
    rig.recognizer.set_action(_action("w", "wave"), unit_rows(0.0, 0.0, 1.0), version=3)
    prediction = rig.see(unit_rows(0.0, 0.0, 1.0))
    assert (prediction.top[0].id, len(prediction.top)) == ("w", 2)


def test_a_new_name_shows_at_once_even_in_an_action_in_progress(rig: Rig):
    rig.see(WAVE)
    rig.see(WAVE)
    rig.recognizer.rename("w", "greet", version=3)
    prediction = rig.see(WAVE)
    assert prediction.caption is not None
    assert (prediction.caption.name, prediction.vocabulary) == ("greet", 3)
    assert rig.recognizer.finish(0)[0].name == "greet"


def test_removing_an_action_ends_its_events_and_teaches_nothing(rig: Rig):
    rig.see(WAVE)
    rig.see(WAVE)
    (offset,) = rig.recognizer.remove_action("w", version=3, now_ns=2 * HOP_NS)
    assert (offset.phase, offset.name) == ("offset", "wave")
    assert rig.bank.lessons == []
    prediction = rig.see(WAVE)
    assert [c.name for c in prediction.top] == ["squat"]
    assert rig.recognizer.finish(0) == ()


def test_unknown_ids_are_refused_and_change_nothing(rig: Rig):
    with pytest.raises(BankError):
        rig.recognizer.remove_action("x", version=9, now_ns=0)
    with pytest.raises(BankError):
        rig.recognizer.rename("x", "y", version=9)
    with pytest.raises(BankError):
        rig.recognizer.set_action(_action("x", "y"), 2 * WAVE, version=9)
    assert rig.recognizer.vocabulary == 2
    assert rig.recognizer.names == {"w": "wave", "s": "squat"}


def test_people_who_are_gone_end_their_actions_and_are_learnt(rig: Rig):
    rig.see(WAVE)
    rig.see(WAVE)
    assert rig.recognizer.expire(2 * HOP_NS) == ()
    (offset,) = rig.recognizer.expire(20 * HOP_NS)
    assert offset.phase == "offset"
    assert len(rig.bank.lessons) == 1


def test_load_restores_what_was_learnt_of_the_actions_that_are_left(rig: Rig, tiny_bundle: Bundle):
    tilted = unit_rows(0.9, 0.0, 0.4)
    rig.see(tilted)
    rig.see(tilted)
    rig.recognizer.finish(0)
    snapshot = rig.recognizer.snapshot()
    again = Rig(tiny_bundle)
    actions = [(_action("b", "bow"), unit_rows(0, 0, 0, 1)), (_action("w", "wave"), WAVE)]
    again.recognizer.load(actions, version=7, snapshot=snapshot)
    assert again.recognizer.names == {"b": "bow", "w": "wave"}
    prediction = again.see(tilted)
    assert prediction.vocabulary == 7
    assert (prediction.top[0].id, prediction.top[0].score) == ("w", pytest.approx(1.0, abs=1e-6))


def test_a_snapshot_of_another_bank_is_refused(rig: Rig):
    foreign = replace(rig.recognizer.snapshot(), fingerprint="other")
    with pytest.raises(SnapshotError):
        rig.recognizer.load([], version=3, snapshot=foreign)
    assert rig.recognizer.vocabulary == 2


def test_the_same_windows_give_the_same_words_twice(tiny_bundle: Bundle):
    def play() -> list[Any]:
        backend = open_backend(tiny_bundle)
        recognizer = Recognizer(
            tiny_bundle.manifest, backend, WatchedBank(), config=DecisionConfig(on_share=0.5)
        )
        target = recognizer.embed(window(reaching(0.6))).rows
        recognizer.set_action(_action("r", "reach"), target, version=1)
        people = [reaching(0.6), reaching(0.6), reaching(0.5), standing(), reaching(0.1, side=0)] * 3
        return [
            recognizer.recognize(window(p, captured_ns=hop * HOP_NS), now_ns=hop * HOP_NS)
            for hop, p in enumerate(people)
        ]

    first, second = play(), play()
    assert first == second
    assert any(recognition.events for recognition in first)
