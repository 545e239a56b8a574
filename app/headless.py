"""A run without a page: events, and in the end a summary, as lines of JSON.

{"type": "event", ...}        fields of ``engine.messages.ActionEvent``, as it happens
{"type": "prediction", ...}   fields of ``engine.messages.Prediction``, if asked for
{"type": "summary", ...}      the last line; see ``app.summary``
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from app.config import RunConfig
from app.installation import CAPTURE, ENGINE, Installation
from app.summary import Summary
from engine.client import EngineClient, PredictionReader
from engine.messages import ActionEvent, Prediction, to_json
from streams.skeleton.errors import EngineError, EngineUnavailableError, SourceError

ANSWER_S = 30.0
"""Time the engine may take for a request; it encodes texts for the first time, seconds."""
DRAIN_S = 6.0
"""Time to wait for the last words on a source that has ended, longer than an action hangs on, seconds."""
MOST_WAITING = 4096
_LOOK_S = 0.1


class HeadlessRun:
    """One run from start to summary.

    Args:
        config: What to run.
        say: Takes each line of JSON.
        stopping: Set by whoever wants an endless source to end.
    """

    def __init__(self, config: RunConfig, *, say: Callable[[str], None], stopping: threading.Event) -> None:
        self._config = config
        self._say = say
        self._stopping = stopping
        # What the reader's thread hears, on its way to the thread that prints.
        self._heard: queue.Queue[ActionEvent | tuple[Prediction, float]] = queue.Queue(MOST_WAITING)
        self._unprinted = 0
        self._open: set[str] = set()
        self._events = 0
        self._summary = Summary()
        self._counters: dict[str, Any] = {}

    def run(self) -> None:
        """Return once the summary has been said, or when stopped before there was anything to sum up.

        Raises:
            EngineError: The engine does not start or goes away.
            SourceError: The source cannot be opened or read.
            VocabularyError: One of the actions is no name.
        """
        with Installation(self._config, on_line=self._note_line) as installation:
            installation.start_engine(store=installation.folder / "engine.db", restart=False)
            if not self._engine_is_ready(installation):
                return
            client = EngineClient(installation.endpoints, timeout_s=ANSWER_S)
            reader = PredictionReader(
                installation.endpoints,
                on_prediction=lambda prediction, transit_ms: self._hear((prediction, transit_ms)),
                on_event=self._hear,
            )
            with contextlib.closing(client), contextlib.closing(reader):
                for name in self._config.action_names:
                    client.add_action(name)
                reader.start(ANSWER_S)
                installation.start_capture(restart=False)
                self._watch(installation)
                installation.stop_capture()
                self._drain(client)
                self._say_summary(reader)

    def _watch(self, installation: Installation) -> None:
        """Say what is heard until the source ends or someone has had enough.

        Raises:
            EngineError, SourceError: A process failed.
        """
        while not self._stopping.is_set():
            self._say_heard(_LOOK_S)
            status = installation.supervisor.status()
            if status[ENGINE].state == "failed":
                raise EngineError(status[ENGINE].detail)
            if status[CAPTURE].state == "failed":
                raise SourceError(status[CAPTURE].detail)
            if status[CAPTURE].state == "finished":
                return

    def _drain(self, client: EngineClient) -> None:
        """Say what is still to be heard: the last windows, and the ends of actions."""
        deadline_ns = time.monotonic_ns() + round(DRAIN_S * 1e9)
        while time.monotonic_ns() < deadline_ns:
            self._say_heard(_LOOK_S)
            if not self._open and self._has_recognised_all(client) and self._heard.empty():
                return

    def _has_recognised_all(self, client: EngineClient) -> bool:
        try:
            stats = client.stats()
        except EngineUnavailableError:
            return True
        recognised = stats["counters"].get("windows_recognized", 0)
        return stats["waiting"] == 0 and self._summary.windows >= recognised

    def _engine_is_ready(self, installation: Installation) -> bool:
        """True once it is; False if someone has had enough before.

        Raises:
            EngineError: It does not start.
        """
        while not self._stopping.is_set():
            status = installation.supervisor.wait_for(ENGINE, {"ready", "failed"}, _LOOK_S)
            if status.state == "failed":
                raise EngineError(status.detail)
            if status.state == "ready":
                return True
        return False

    def _hear(self, said: ActionEvent | tuple[Prediction, float]) -> None:
        try:
            self._heard.put_nowait(said)
        except queue.Full:
            self._unprinted += 1

    def _say_heard(self, patience_s: float) -> None:
        """Say all there is; wait so long for the first."""
        with contextlib.suppress(queue.Empty):
            self._say_one(self._heard.get(timeout=patience_s))
            while True:
                self._say_one(self._heard.get_nowait())

    def _say_one(self, said: ActionEvent | tuple[Prediction, float]) -> None:
        if isinstance(said, ActionEvent):
            self._events += said.phase == "onset"
            (self._open.add if said.phase == "onset" else self._open.discard)(said.id)
            self._say(json.dumps({"type": "event", **to_json(said)}, ensure_ascii=False))
            return
        prediction, transit_ms = said
        self._summary.add(prediction, transit_ms=transit_ms)
        if self._config.predictions:
            self._say(json.dumps({"type": "prediction", **to_json(prediction)}, ensure_ascii=False))

    def _say_summary(self, reader: PredictionReader) -> None:
        sender = self._counters.get("sender", {})
        dropped = {
            "frames": self._counters.get("frames_dropped", 0),
            "windows_replaced": self._summary.windows_replaced,
            "windows_refused": sender.get("refused", 0),
            "windows_lost": sender.get("lost", 0),
            "predictions_missed": reader.missed,
            "lines": self._unprinted,
        }
        summary = {
            "type": "summary",
            "source": self._counters.get("source", self._config.source),
            "actions": list(self._config.action_names),
            **self._summary.result(),
            # As fast as it goes, a window is as old as the file is long.
            **({"latency_ms": None} if self._config.fast else {}),
            "events": self._events,
            "frames": self._counters.get("frames", 0),
            "frames_with_person": self._counters.get("frames_with_person", 0),
            "dropped": dropped,
        }
        self._say(json.dumps(summary, ensure_ascii=False))

    def _note_line(self, name: str, value: dict[str, Any]) -> None:
        if name == CAPTURE and isinstance(value.get("end"), dict):
            self._counters = value["end"]
