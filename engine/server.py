"""The engine as a process: three threads and what passes between them.

    network     owns every socket; windows go to ``WindowQueue``, requests to ``Inbox``, and what the
                other threads have to say comes through ``Outbox``
    recognizer  owns the ``Recognizer``: takes windows, publishes predictions and events
    control     owns the ``Control``, the ``Store`` and the text encoder: carries requests out, records
                events, saves what the bank has learnt

Encoding a name happens in the control thread, so that recognition never waits for it; the
recogniser only takes the finished rows, between two windows.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from engine.backends.select import choose_backend
from engine.bank.contract import Bank
from engine.bank.select import bank_settings, open_bank
from engine.bank_memory import BankMemory, fingerprints
from engine.bundle import Bundle, load_bundle
from engine.config import EngineConfig
from engine.control import Control
from engine.control_thread import ControlThread, Inbox
from engine.messages import ActionEvent, Prediction, to_json
from engine.network import Network
from engine.outbox import Outbox
from engine.recognizer import Recognizer
from engine.store import Store, default_path
from engine.telemetry import Telemetry
from engine.text.encoders import TextEncoder, load_text_encoder
from engine.text.projection import TextProjection
from engine.window_queue import Waiting, WindowQueue
from engine.worker import Worker
from streams.skeleton.errors import (
    AnymoveError,
    BundleError,
    EngineError,
)

logger = logging.getLogger(__name__)

STOP_S = 1.5
"""Time the threads have to end, seconds."""


class EngineServer:
    """A running engine: it serves within ``with``. One owner.

    Args:
        config: Its settings.
        encoder: Text encoder; the one the bundle names if None.

    Raises:
        BundleError: The bundle is damaged, or was made with another text encoder.
        ModelFileError: The text encoder has not been prepared.
        StoreError: The store is damaged or in use.
        VocabularyError: The actions stored do not fit the configured capacity.
        EngineError: An address cannot be listened on.
        ConfigError: No such backend or bank.
    """

    def __init__(self, config: EngineConfig, *, encoder: TextEncoder | None = None) -> None:
        self._config = config
        self._begun_ns = time.monotonic_ns()
        self.telemetry = Telemetry()
        self._bundle = load_bundle(config.bundle)
        encoder = encoder or load_text_encoder(self._bundle.manifest.text_encoder.id)
        _check_encoder(encoder, self._bundle)
        self._backend, self._choice = choose_backend(self._bundle, config.backend)
        # What is learnt belongs to the backend it was begun with, also where another has to take over.
        self._fingerprint = fingerprints(self._bundle, self._backend)[0]
        self._bank = self._new_bank()
        self._store = Store(config.store or default_path())
        self._recognizer = Recognizer(
            self._bundle.manifest,
            self._backend,
            self._bank,
            config=config.decision,
            background=self._bundle.background,
            new_event_id=lambda: uuid.uuid4().hex[:16],
        )
        self._memory = BankMemory(
            self._store.bank,
            self._recognizer,
            rule=self._bank.rule,
            fingerprints=fingerprints(self._bundle, self._backend),
        )
        self._windows = WindowQueue(config.max_waiting)
        self._outbox = Outbox(self.telemetry)
        self._inbox = Inbox(self.telemetry)
        self._worker = Worker(
            self._recognizer,
            self._windows,
            outlet=_Results(self._outbox, self._inbox),
            telemetry=self.telemetry,
        )
        try:
            self._control = self._new_control(encoder)
            self._control.warm_up()
            self._memory.load(
                self._control.actions_with_rows(), version=self._control.vocabulary, adapt=config.adapt
            )
            self._network = self._new_network()
        except AnymoveError:
            self._release()
            raise
        self._ended = threading.Event()
        self._failed: str | None = None
        self._threads: list[threading.Thread] = []

    @property
    def endpoints(self) -> dict[str, str]:
        """Where it listens, by plane."""
        return self._network.endpoints

    def health(self) -> dict[str, Any]:
        """What it is and has; JSON-safe, the same in every thread."""
        manifest = self._bundle.manifest
        return {
            "bundle": manifest.name,
            "fingerprint": self._bundle.fingerprint,
            "backend": self._backend.name,
            "precision": self._backend.precision,
            "backend_choice": self._choice.to_json(),
            "backend_failure": getattr(self._backend, "failure", None),
            "bank": self._bank.rule,
            "text_encoder": manifest.text_encoder.id,
            "window": {"frames": manifest.window.frames, "length_s": manifest.window.length_s},
            "uptime_s": (time.monotonic_ns() - self._begun_ns) / 1e9,
        }

    def __enter__(self) -> Self:
        """The engine, serving."""
        control = ControlThread(
            self._control,
            self._store,
            inbox=self._inbox,
            outbox=self._outbox,
            worker=self._worker,
            telemetry=self.telemetry,
            snapshot_every_s=self._config.snapshot_every_s,
        )
        runs = {"network": self._network.run, "recognizer": self._worker.run, "control": control.run}
        for name, run in runs.items():
            self._threads.append(
                threading.Thread(target=self._guard, args=(name, run), name=name, daemon=True)
            )
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in order: actions in progress end, requests are answered, the bank is saved."""
        network, worker, control = self._threads
        deadline_ns = time.monotonic_ns() + round(STOP_S * 1e9)
        closings: list[tuple[Callable[[], None], threading.Thread]] = [
            (self._worker.close, worker),
            (self._inbox.close, control),
            (self._network.close, network),
        ]
        for close, thread in closings:
            close()
            thread.join(max(0.0, (deadline_ns - time.monotonic_ns()) / 1e9))
        if any(thread.is_alive() for thread in self._threads):
            logger.error(
                "the engine's threads did not end within %.1f s; what the bank learnt is lost", STOP_S
            )
            return
        self._memory.save()
        self._release()

    def wait(self) -> None:
        """Return once ``request_stop`` was called.

        Raises:
            EngineError: A thread failed; the log has the details.
        """
        self._ended.wait()
        if self._failed is not None:
            raise EngineError(
                f"wanted the engine to go on, but its {self._failed} thread failed; see its log"
            )

    def request_stop(self) -> None:
        """Make ``wait`` return. From any thread, and from a signal handler."""
        self._ended.set()

    def _guard(self, name: str, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception:
            # The border of the process: better to end than to serve with a part missing.
            logger.exception("the %s thread failed", name)
            self._failed = name
            self._ended.set()

    def _new_control(self, encoder: TextEncoder) -> Control:
        return Control(
            self._store,
            encoder,
            TextProjection(self._bundle),
            change=self._worker.change,
            telemetry=self.telemetry,
            health=self.health,
            waiting=lambda: len(self._windows),
            capacity=self._config.capacity,
            new_bank=self._new_bank,
        )

    def _new_bank(self) -> Bank:
        settings = bank_settings(self._bundle.manifest, fingerprint=self._fingerprint)
        return open_bank(self._config.bank, settings)

    def _new_network(self) -> Network:
        return Network(
            self._config.endpoints,
            self._bundle.manifest.window,
            credit=self._config.credit,
            windows=self._windows,
            request=self._inbox.request,
            outbox=self._outbox,
            telemetry=self.telemetry,
        )

    def _release(self) -> None:
        self._store.close()
        self._outbox.close()
        self._backend.close()


class _Results:
    """Where the recogniser's results go; an ``Outlet``."""

    def __init__(self, outbox: Outbox, inbox: Inbox) -> None:
        self._outbox = outbox
        self._inbox = inbox

    def answer(self, waiting: Waiting, error: AnymoveError | None) -> None:
        if error is None:
            self._outbox.credit(waiting.sender)
        else:
            self._outbox.refuse(waiting.sender, error)

    def predicted(self, prediction: Prediction) -> None:
        self._outbox.publish("prediction", prediction.stream, to_json(prediction))

    def happened(self, events: tuple[ActionEvent, ...]) -> None:
        for event in events:
            self._outbox.publish("event", event.stream, to_json(event))
        self._inbox.record(events)


def _check_encoder(encoder: TextEncoder, bundle: Bundle) -> None:
    wanted = bundle.manifest.text_encoder
    if (encoder.sha256, encoder.dim) != (wanted.sha256, wanted.dim):
        raise BundleError(
            f"wanted the text encoder {wanted.id} {wanted.sha256:.12}… that bundle "
            f"{bundle.manifest.name!r} was made with, got {encoder.id} {encoder.sha256:.12}…; "
            "prepare that one, or use another bundle"
        )
