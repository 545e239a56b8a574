"""The engine's core: windows in, predictions and events out.

Pure: no files, no sockets, no clock. The caller says what time it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.background import Background
from engine.bank.contract import Bank, BankSnapshot, Provenance, Rows
from engine.bundle import Manifest
from engine.decision import Decider, DecisionConfig, Standing, Transition
from engine.embedding import Embedded, Prepared, embed_all, prepare
from engine.known_actions import KnownActions
from engine.learning import Learner
from engine.messages import Action, ActionEvent, ClassScore, Prediction
from engine.naming import best_classes, caption, events_of
from engine.open_set import probabilities
from engine.past import Moment, Past, moment_of
from engine.recent import Recent
from engine.rows import mean_direction
from engine.tuning import TunedScores, Tuning
from streams.skeleton.errors import BankError
from streams.skeleton.window import Window


@dataclass(frozen=True)
class Recognition:
    """What one window led to."""

    prediction: Prediction
    """Without ages and without the count of replaced windows: those are the server's to know."""
    events: tuple[ActionEvent, ...]


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
        background: What people do without meaning anything by it; nothing of the kind if None.
        new_event_id: Gives ids of events; counts from ``"1"`` by default.
    """

    def __init__(
        self,
        manifest: Manifest,
        backend: Backend,
        bank: Bank,
        *,
        config: DecisionConfig,
        background: Background | None = None,
        new_event_id: Callable[[], str] | None = None,
    ) -> None:
        self._manifest = manifest
        self._backend = backend
        self._bank = bank
        self._scores = TunedScores(bank, temperature=manifest.calibration.temperature)
        self._decider = Decider(config, new_id=new_event_id)
        self._actions = KnownActions(bank, background)
        self._learner = Learner(bank, least_cosine=manifest.calibration.bank.least_cosine)
        self._recent = Recent()
        self._past = Past()

    @property
    def manifest(self) -> Manifest:
        """Of the bundle."""
        return self._manifest

    def background_beside(self, text: Rows) -> Background:
        """A new one of the movements that would compete if there were an action of this text, too."""
        return self._actions.background_beside(text)

    @property
    def config(self) -> DecisionConfig:
        """When actions begin and end, where nobody has said otherwise of one."""
        return self._decider.config

    @property
    def vocabulary(self) -> int:
        """Version of the set of actions that is being scored."""
        return self._actions.version

    @property
    def learnt(self) -> int:
        """Observations the bank has absorbed."""
        return self._learner.learnt

    @property
    def rolled_back(self) -> int:
        """Times the guards took back what an action had learnt by itself."""
        return self._learner.rolled_back

    @property
    def frozen(self) -> bool:
        """Whether the bank is kept from learning; what people show it still counts."""
        return self._learner.frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._learner.frozen = frozen

    @property
    def batch(self) -> int:
        """Windows worth embedding at once."""
        return self._backend.batch

    @property
    def names(self) -> dict[str, str]:
        """Names of the actions by id."""
        return dict(self._actions.names)

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
        return prepare(window, self._manifest)

    def embed_all(self, prepared: Sequence[Prepared]) -> list[Embedded]:
        """The windows' embeddings, in order; those with equally many people go through as one batch.

        Raises:
            EngineError: The encoder failed.
        """
        return embed_all(prepared, self._backend)

    def decide(self, embedded: Embedded, *, now_ns: int) -> Recognition:
        """What an embedded window shows, and the events it brought about; then the bank learns."""
        window, calibration = embedded.window, self._manifest.calibration
        idle = embedded.motion_m < calibration.idle_extent_m
        scores = self._scores.of(embedded.rows)
        class_ids = self._bank.class_ids
        background = self._actions.background.score(embedded.rows)
        shares, unknown = probabilities(scores, calibration, background=background)
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
        names = self._actions.names
        best = best_classes(class_ids, scores, shares, names)
        prediction = Prediction(
            stream=window.stream,
            track=window.track,
            sequence=window.sequence,
            state=decision.state,
            caption=caption(decision, class_ids, scores, names),
            top=best,
            unknown_probability=unknown,
            motion_m=embedded.motion_m,
            vocabulary=self._actions.version,
            quality=window.quality,
            persons=len(window.positions),
            threshold=self._threshold(best),
        )
        events = events_of(decision.transitions, names, now_ns=now_ns)
        self._recent.remember(window, idle=idle)
        self._past.remember(moment_of(window, embedded.rows, idle=idle))
        if decision.action is not None and decision.supported:
            self._learner.note(decision.action.event_id, embedded)
        self._learner.absorb(decision.transitions)
        return Recognition(prediction, events)

    def tune(self, tuning: Tuning) -> None:
        """Score and decide by these settings from the next window on."""
        self._scores.balance(tuning.balance)
        self._decider.thresholds = tuning.thresholds

    def weigh(self, embedded: Sequence[Embedded]) -> tuple[tuple[str, ...], list[NDArray[np.float32]]]:
        """The ids of K classes, and of each window their (K,) scores; nothing is remembered."""
        return self._bank.class_ids, [self._scores.of(one.rows) for one in embedded]

    def text_and_prototype(self, action_id: str) -> tuple[Rows, Rows]:
        """(P, D) unit rows each: what the action's text says, and what it is known by now.

        Raises:
            BankError: No such action.
        """
        return self._actions.text(action_id), self._bank.prototype(action_id)

    def past(self, *, seconds: float, now_ns: int) -> tuple[Moment, ...]:
        """What was seen in the last ``seconds``, up to ten minutes, oldest first."""
        return self._past.last(seconds=seconds, now_ns=now_ns)

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
        self._actions.put(action, rows, version=version)
        self._scores.refresh()

    def rename(self, action_id: str, name: str, *, version: int) -> None:
        """Call an action by another name from the next window on.

        Raises:
            BankError: No such action.
        """
        self._actions.rename(action_id, name, version=version)

    def remove_action(self, action_id: str, *, version: int, now_ns: int) -> tuple[ActionEvent, ...]:
        """Ends of the action's events in progress; it is no longer recognised.

        Raises:
            BankError: No such action; nothing has changed.
        """
        self._actions.forget_class(action_id)
        self._scores.refresh()
        ended = self._decider.remove(action_id)
        self._learner.forget(ended)
        events = events_of(ended, self._actions.names, now_ns=now_ns)
        self._actions.forget_name(action_id, version=version)
        return events

    def load(
        self, actions: Sequence[tuple[Action, Rows]], *, version: int, snapshot: BankSnapshot | None = None
    ) -> None:
        """Recognise exactly these actions, with what a snapshot has learnt of them.

        Raises:
            SnapshotError: The snapshot is of another bank; nothing has changed.
            BankError: Rows are not unit rows (P, D).
        """
        self._actions.load(actions, version=version, snapshot=snapshot)
        self._scores.refresh()

    def snapshot(self) -> BankSnapshot:
        """The bank's whole state."""
        return self._bank.snapshot()

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over what a bank had learnt of the actions there are now.

        Raises:
            SnapshotError: Of another rule or fingerprint, or incomplete; nothing has changed.
        """
        self._actions.restore(snapshot)
        self._scores.refresh()

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
        self._scores.refresh()
        self._learner.told(windows[-1].stream, windows[-1].track)
        return self._bank.provenance(action_id)

    def reset(self, action_id: str | None = None) -> None:
        """Back to text only, one action or all.

        Raises:
            BankError: No such action.
        """
        self._bank.reset(action_id)
        self._scores.refresh()

    def provenance(self, action_id: str) -> Provenance:
        """Where the action's prototype comes from.

        Raises:
            BankError: No such action.
        """
        return self._bank.provenance(action_id)

    def _threshold(self, best: tuple[ClassScore, ...]) -> float:
        return self._decider.threshold(best[0].id) if best else self.config.on_share

    def _close(self, transitions: tuple[Transition, ...], now_ns: int) -> tuple[ActionEvent, ...]:
        events = events_of(transitions, self._actions.names, now_ns=now_ns)
        self._learner.absorb(transitions)
        return events
