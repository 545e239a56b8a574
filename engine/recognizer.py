"""The engine's core: windows in, predictions and events out.

Pure: no files, no sockets, no clock. The caller says what time it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.bank.contract import Bank, BankSnapshot, Provenance, Rows
from engine.bundle import Manifest
from engine.decision import Decider, Decision, DecisionConfig, Standing, Transition
from engine.messages import Action, ActionEvent, ClassScore, Prediction
from engine.motion import motion_extent
from engine.open_set import probabilities
from engine.recent import Recent
from engine.rows import mean_direction
from streams.skeleton.errors import BankError, ShapeError
from streams.skeleton.normalize import normalize
from streams.skeleton.window import Window, WindowSpec

MOST_SHOWN = 10
"""Classes listed in a prediction."""
_LENGTH_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class Prepared:
    """A window before the encoder.

    Attributes:
        window: The window itself.
        people: (M, T, 25, 3) float32, normalised, those who are there.
        motion_m: Largest joint excursion within the window, metres of a body of standard size.
    """

    window: Window
    people: NDArray[np.float32]
    motion_m: float


@dataclass(frozen=True, eq=False)
class Embedded:
    """A window after the encoder.

    Attributes:
        window: The window itself.
        rows: (P, D) float32, unit rows.
        motion_m: Largest joint excursion within the window, metres of a body of standard size.
    """

    window: Window
    rows: Rows
    motion_m: float


@dataclass(frozen=True)
class Recognition:
    """What one window led to."""

    prediction: Prediction
    """Without ages and without the count of replaced windows: those are the server's to know."""
    events: tuple[ActionEvent, ...]


@dataclass(eq=False)
class _Observation:
    """The sum of the embeddings that bear an action in progress out."""

    stream: str
    track: int
    total: NDArray[np.float64]
    told: bool = False
    """A person has said what it is, or what it is not: the bank has learnt that already."""


def check_window(window: Window, spec: WindowSpec) -> None:
    """Refuse a window of another shape or length than the bundle's.

    A window that spans another time would show the encoder a movement at the wrong speed, and one
    of other frames has been resampled for another bundle. Neither is repaired here.

    Raises:
        ShapeError: It is one.
    """
    off = abs(window.length_s - spec.length_s)
    if window.frames != spec.frames or not off <= _LENGTH_TOLERANCE * spec.length_s:
        raise ShapeError(
            f"wanted a window of {spec.frames} frames over {spec.length_s:g} s, "
            f"got {window.frames} over {window.length_s:g} s; cut windows as the engine's WELCOME says"
        )


class Recognizer:
    """Names what each window shows, and lets the bank learn from it. Not thread-safe; one owner.

    Prediction comes first, learning after: an action's windows are averaged, and when the action
    ends their mean counts in the bank as one observation, however long the action lasted. Windows
    that are idle, unknown or do not bear the action out are not part of it.

    Args:
        manifest: Of the bundle.
        backend: Runs the bundle's encoder; it stays the caller's to close.
        bank: Class prototypes; empty.
        config: When actions begin and end.
        new_event_id: Gives ids of events; counts from ``"1"`` by default.
    """

    def __init__(
        self,
        manifest: Manifest,
        backend: Backend,
        bank: Bank,
        *,
        config: DecisionConfig,
        new_event_id: Callable[[], str] | None = None,
    ) -> None:
        self._manifest = manifest
        self._backend = backend
        self._bank = bank
        self._decider = Decider(config, new_id=new_event_id)
        self._names: dict[str, str] = {}
        self._texts: dict[str, Rows] = {}
        self._observations: dict[str, _Observation] = {}
        self._recent = Recent()
        self._version = 0
        self.learnt = 0
        """Observations the bank has absorbed."""
        self.frozen = False
        """Whether the bank is kept from learning; what people show it still counts."""

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions that is being scored."""
        return self._version

    @property
    def batch(self) -> int:
        """Windows worth embedding at once."""
        return self._backend.batch

    @property
    def names(self) -> dict[str, str]:
        """Names of the actions by id."""
        return dict(self._names)

    def recognize(self, window: Window, *, now_ns: int) -> Recognition:
        """What the window shows, and the events it brought about; the bank has learnt after it.

        Args:
            window: As the bundle wants it.
            now_ns: The time, on the clock of ``window.captured_ns``; events' ages refer to it.

        Raises:
            ShapeError: Other frames or another length than the bundle's.
            CoordinateError: Not a person in metres.
            EngineError: The encoder failed.
        """
        return self.decide(self.embed(window), now_ns=now_ns)

    def embed(self, window: Window) -> Embedded:
        """The window's embedding and motion; nothing is remembered of it.

        Raises:
            ShapeError: Other frames or another length than the bundle's.
            CoordinateError: Not a person in metres.
            EngineError: The encoder failed.
        """
        return self.embed_all([self.prepare(window)])[0]

    def prepare(self, window: Window) -> Prepared:
        """The window as the encoder takes it; nothing is remembered of it.

        Raises:
            ShapeError: Other frames or another length than the bundle's.
            CoordinateError: Not a person in metres.
        """
        check_window(window, self._manifest.window)
        # A second person of zeros is absent; a first one is refused by the normalisation.
        present = [m for m in range(len(window.positions)) if m == 0 or window.positions[m].any()]
        people = np.stack(
            [
                normalize(window.positions[m], window.confidence[m], spec=self._manifest.normalization)
                for m in present
            ]
        )
        return Prepared(window, people, motion_m=max(motion_extent(person) for person in people))

    def embed_all(self, prepared: Sequence[Prepared]) -> list[Embedded]:
        """The windows' embeddings, in order; those with equally many people go through as one batch.

        Raises:
            EngineError: The encoder failed.
        """
        rows: dict[int, Rows] = {}
        for persons in {len(one.people) for one in prepared}:
            at = [n for n, one in enumerate(prepared) if len(one.people) == persons]
            batch = self._backend.embed(np.stack([prepared[n].people for n in at]))
            rows.update(zip(at, batch, strict=True))
        return [Embedded(one.window, rows[n], one.motion_m) for n, one in enumerate(prepared)]

    def decide(self, embedded: Embedded, *, now_ns: int) -> Recognition:
        """What an embedded window shows, and the events it brought about; then the bank learns."""
        window, calibration = embedded.window, self._manifest.calibration
        idle = embedded.motion_m < calibration.idle_extent_m
        scores = self._bank.score_one(embedded.rows)
        class_ids = self._bank.class_ids
        shares, unknown = probabilities(scores, calibration)
        decision = self._decider.step(
            Standing(
                stream=window.stream,
                track=window.track,
                captured_ns=window.captured_ns,
                class_ids=class_ids,
                probabilities=shares,
                unknown=unknown,
                idle=idle,
                quality=window.quality,
                heard_ns=now_ns,
            )
        )
        best = _best_first(scores, MOST_SHOWN)
        prediction = Prediction(
            stream=window.stream,
            track=window.track,
            sequence=window.sequence,
            state=decision.state,
            caption=self._caption(decision, class_ids, scores),
            top=tuple(self._standing(class_ids[k], scores[k], shares[k]) for k in best),
            unknown_probability=unknown,
            motion_m=embedded.motion_m,
            vocabulary=self._version,
            quality=window.quality,
            persons=len(window.positions),
        )
        recognition = Recognition(prediction, self._events(decision.transitions, now_ns))
        self._recent.remember(window, idle=idle)
        self._learn(decision, embedded)
        return recognition

    def expire(self, now_ns: int) -> tuple[ActionEvent, ...]:
        """Ends of the actions of people who are gone. Call it a few times a second."""
        return self._close(self._decider.expire(now_ns), now_ns)

    def finish(self, now_ns: int) -> tuple[ActionEvent, ...]:
        """Ends of every action in progress."""
        return self._close(self._decider.finish(), now_ns)

    def set_action(self, action: Action, rows: Rows, *, version: int) -> None:
        """Recognise a new action from the next window on, or an action by another text.

        Args:
            action: Known by its id; what the bank has learnt of it stays.
            rows: (P, D) float32, unit rows: the text's.
            version: Of the set of actions with this change.

        Raises:
            BankError: ``rows`` are not unit rows (P, D); nothing has changed.
        """
        if action.id in self._names:
            self._bank.set_text(action.id, rows)
        else:
            self._bank.add_class(action.id, rows)
        self._names[action.id], self._texts[action.id] = action.name, rows
        self._version = version

    def rename(self, action_id: str, name: str, *, version: int) -> None:
        """Call an action by another name from the next window on.

        Raises:
            BankError: No such action.
        """
        self._bank.provenance(action_id)
        self._names[action_id] = name
        self._version = version

    def remove_action(self, action_id: str, *, version: int, now_ns: int) -> tuple[ActionEvent, ...]:
        """Ends of the action's events in progress; it is no longer recognised.

        Raises:
            BankError: No such action; nothing has changed.
        """
        self._bank.remove_class(action_id)
        ended = self._decider.remove(action_id)
        for transition in ended:
            del self._observations[transition.event_id]
        events = self._events(ended, now_ns)
        del self._names[action_id], self._texts[action_id]
        self._version = version
        return events

    def load(
        self, actions: Sequence[tuple[Action, Rows]], *, version: int, snapshot: BankSnapshot | None = None
    ) -> None:
        """Recognise exactly these actions, with what a snapshot has learnt of them.

        Raises:
            SnapshotError: The snapshot is of another bank; nothing has changed.
            BankError: Rows are not unit rows (P, D).
        """
        if snapshot is not None:
            self._bank.restore(snapshot)
        texts = {action.id: rows for action, rows in actions}
        self._hold(texts)
        self._names, self._texts = {action.id: action.name for action, _ in actions}, texts
        self._version = version

    def snapshot(self) -> BankSnapshot:
        """The bank's whole state."""
        return self._bank.snapshot()

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over what a bank had learnt of the actions there are now.

        Raises:
            SnapshotError: Of another rule or fingerprint, or incomplete; nothing has changed.
        """
        self._bank.restore(snapshot)
        self._hold(self._texts)

    def point_at(
        self, *, stream: str | None = None, track: int | None = None, seconds: float, now_ns: int
    ) -> tuple[Window, ...]:
        """One to three windows that somebody means who says "this": the last in which one person moved.

        Args:
            stream: The person's stream; None for any.
            track: The person's track; None for any. Of several, the one heard of last.
            seconds: How far back from the person's newest window, seconds.
            now_ns: The time, on the clock of ``window.captured_ns``.

        Raises:
            BankError: Nobody fits, or nobody moved.
        """
        return self._recent.last(stream=stream, track=track, seconds=seconds, now_ns=now_ns)

    def teach(self, action_id: str, windows: Sequence[Window], *, is_action: bool) -> Provenance:
        """Where the action's prototype comes from, now that the bank has been shown an example.

        The example is the mean of the windows: one observation. What the bank would have learnt by
        itself of an action that is in progress on their track is left out, to count nothing twice.

        Args:
            action_id: Of the action.
            windows: At least one.
            is_action: Whether they show the action, or something that is not it.

        Raises:
            BankError: No such action, or the windows' embeddings cancel out; nothing has changed.
            ShapeError: Windows of another bundle.
            EngineError: The encoder failed.
        """
        rows = mean_direction([self.embed(window).rows for window in windows])
        if rows is None:
            raise BankError("wanted one movement, got windows that cancel out; show it again")
        (self._bank.show_example if is_action else self._bank.reject_example)(action_id, rows)
        person = windows[-1].stream, windows[-1].track
        for observation in self._observations.values():
            if (observation.stream, observation.track) == person:
                observation.told = True
        return self._bank.provenance(action_id)

    def reset(self, action_id: str | None = None) -> None:
        """Back to text only, one action or all.

        Raises:
            BankError: No such action.
        """
        self._bank.reset(action_id)

    def provenance(self, action_id: str) -> Provenance:
        """Where the action's prototype comes from.

        Raises:
            BankError: No such action.
        """
        return self._bank.provenance(action_id)

    def _hold(self, texts: Mapping[str, Rows]) -> None:
        """Make the bank's classes these, whatever it holds now."""
        held = set(self._bank.class_ids)
        for class_id in held - set(texts):
            self._bank.remove_class(class_id)
        for class_id, rows in texts.items():
            (self._bank.set_text if class_id in held else self._bank.add_class)(class_id, rows)

    def _caption(
        self, decision: Decision, class_ids: tuple[str, ...], scores: NDArray[np.float32]
    ) -> ClassScore | None:
        """The class in progress with this window's score and its averaged probability."""
        if decision.action is None:
            return None
        class_id = decision.action.class_id
        return self._standing(class_id, scores[class_ids.index(class_id)], decision.probability)

    def _standing(self, class_id: str, score: np.float32, probability: float) -> ClassScore:
        return ClassScore(class_id, self._names[class_id], float(score), float(probability))

    def _learn(self, decision: Decision, embedded: Embedded) -> None:
        if decision.action is not None and decision.supported:
            window, event_id = embedded.window, decision.action.event_id
            if event_id not in self._observations:
                nothing = np.zeros(embedded.rows.shape)
                self._observations[event_id] = _Observation(window.stream, window.track, nothing)
            self._observations[event_id].total += embedded.rows
        self._absorb(decision.transitions)

    def _absorb(self, transitions: Iterable[Transition]) -> None:
        """Let the bank learn the mean of each action that has ended: one observation."""
        for transition in transitions:
            if transition.phase == "onset":
                continue
            observation = self._observations.pop(transition.event_id)
            # Embeddings that cancel out have no direction to learn.
            rows = mean_direction([observation.total])
            if rows is not None and not observation.told and not self.frozen:
                self.learnt += self._bank.learn_one(rows) is not None

    def _close(self, transitions: tuple[Transition, ...], now_ns: int) -> tuple[ActionEvent, ...]:
        events = self._events(transitions, now_ns)
        self._absorb(transitions)
        return events

    def _events(self, transitions: Iterable[Transition], now_ns: int) -> tuple[ActionEvent, ...]:
        return tuple(
            ActionEvent(
                id=transition.event_id,
                phase=transition.phase,
                stream=transition.stream,
                track=transition.track,
                class_id=transition.class_id,
                name=self._names[transition.class_id],
                probability=transition.peak,
                began_age_ms=max(0, now_ns - transition.began_ns) / 1e6,
                duration_ms=0.0
                if transition.phase == "onset"
                else (transition.ended_ns - transition.began_ns) / 1e6,
            )
            for transition in transitions
        )


def _best_first(scores: NDArray[np.float32], most: int) -> list[int]:
    """Rows of the best scores, best first, of equal ones the earlier first; sorts those alone."""
    rows = np.arange(len(scores))
    if len(scores) > most:
        rows = np.flatnonzero(scores >= np.partition(scores, -most)[-most])
    return [int(k) for k in rows[np.argsort(-scores[rows], kind="stable")][:most]]
