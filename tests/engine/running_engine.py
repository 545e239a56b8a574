"""A whole engine in this process, over a tiny bundle and an encoder that does as it is told."""

import itertools
import queue
import time
from pathlib import Path
from typing import Any

from engine.backends.select import open_backend
from engine.bank.contract import BankSettings, Rows
from engine.bank.text_only import TextOnlyBank
from engine.bundle import Bundle
from engine.client import EngineClient, PredictionReader
from engine.config import EngineConfig
from engine.decision import DecisionConfig
from engine.messages import ActionEvent, Prediction
from engine.recognizer import Recognizer
from engine.server import EngineServer
from streams.config import Endpoints
from streams.skeleton.window import Window
from tests.engine.fakes import FakeEncoder, feature_towards, window
from tests.engine.wire_peers import Peer

TIMEOUT_S = 10.0


class RunningEngine:
    """Starts and stops with ``start`` and ``stop``, again and again over the same store.

    Whatever text contains "reach" lies exactly where the encoder puts ``fakes.reaching(0.6)``.
    """

    def __init__(self, bundle: Bundle, endpoints: Endpoints, folder: Path, **settings: Any) -> None:
        self.config = EngineConfig(
            bundle=bundle.folder,
            endpoints=endpoints,
            store=folder / "engine.db",
            decision=DecisionConfig(smoothing_s=0.0),
            **{"backend": "onnxruntime", "bank": "pgfa-streaming", "adapt": True, **settings},
        )
        self.encoder = FakeEncoder(bundle.manifest.text_encoder.sha256)
        self.encoder.features["reach"] = feature_towards(bundle, _embedding(bundle))
        self.server: EngineServer | None = None
        self._sequence = itertools.count()

    def start(self) -> EngineServer:
        self.server = EngineServer(self.config, encoder=self.encoder)
        return self.server.__enter__()

    def stop(self) -> None:
        if self.server is not None:
            server, self.server = self.server, None
            server.__exit__(None, None, None)

    def client(self) -> EngineClient:
        return EngineClient(self.config.endpoints, timeout_s=TIMEOUT_S)

    def capture(self) -> Peer:
        return Peer(self.config.endpoints.windows)

    def next_window(self, **fields: Any) -> Window:
        """A window of somebody reaching, captured now."""
        given: dict[str, Any] = {"sequence": next(self._sequence), **fields}
        return window(captured_ns=time.monotonic_ns(), **given)


def _embedding(bundle: Bundle) -> Rows:
    backend = open_backend(bundle)
    bank = TextOnlyBank(BankSettings(parts=1, dim=bundle.manifest.dim, fingerprint="x"))
    recognizer = Recognizer(bundle.manifest, backend, bank, config=DecisionConfig())
    return recognizer.embed(window()).rows


class Ear:
    """Everything an engine says, in two queues."""

    def __init__(self, engine: RunningEngine) -> None:
        self.predictions: queue.Queue[Prediction] = queue.Queue()
        self.events: queue.Queue[ActionEvent] = queue.Queue()
        self.reader = PredictionReader(
            engine.config.endpoints,
            on_prediction=lambda prediction, transit_ms: self.predictions.put(prediction),
            on_event=self.events.put,
        )
        self.reader.start(TIMEOUT_S)

    def prediction(self) -> Prediction:
        return self.predictions.get(timeout=TIMEOUT_S)

    def event(self) -> ActionEvent:
        return self.events.get(timeout=TIMEOUT_S)

    def close(self) -> None:
        self.reader.close()
