"""Each method, trained for an epoch, as a bundle that an engine serves with an action typed at run time."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.config import EngineConfig
from engine.decision import DecisionConfig
from engine.server import EngineServer
from streams.skeleton.errors import ConfigError
from streams.skeleton.window import Window, WindowSpec
from tests.engine.fakes import reaching, window
from tests.engine.running_engine import Ear, RunningEngine
from tests.engine.wire_peers import Peer, short_endpoints
from tests.training.lab.test_run import config
from tests.training.small_data import HashEncoder
from training.config import TransformerConfig
from training.lab.config import LabConfig
from training.lab.serve import ClassRows, serve_method

PARTS = {"pgfa": 1, "star": 1, "neuron": 2}


@pytest.fixture
def asked(tmp_path: Path) -> LabConfig:
    made = config(tmp_path, window=WindowSpec(), sets=("accad",))
    (tmp_path / "toy.npz").rename(tmp_path / "accad.npz")
    return replace(
        made,
        encoder=TransformerConfig(width=8, depth=1, heads=2, patch=8, parts=10),
        star=replace(made.star, similarity="cosine", parts=2),  # exports in half the time
        neuron=replace(made.neuron, similarity="cosine"),
    )


class LabEngine(RunningEngine):
    """The same over another bundle and encoder."""

    def __init__(self, settings: EngineConfig) -> None:
        self.config = settings
        self.server: EngineServer | None = None

    def start(self) -> EngineServer:
        self.server = EngineServer(self.config, encoder=HashEncoder())
        return self.server.__enter__()


@pytest.fixture
def engine(asked: LabConfig, method: str, tmp_path: Path) -> Iterator[LabEngine]:
    bundle = serve_method(method, asked, HashEncoder(), folder=tmp_path / "bundle", progress=False)
    assert (bundle.manifest.method, bundle.manifest.parts) == (method, PARTS[method])
    assert max(bundle.manifest.parity.values()) < 1e-4
    with short_endpoints() as endpoints:
        made = LabEngine(
            EngineConfig(
                bundle=bundle.folder,
                endpoints=endpoints,
                store=tmp_path / "engine.db",
                decision=DecisionConfig(smoothing_s=0.0),
                backend="onnxruntime",
            )
        )
        made.start()
        yield made
        made.stop()


def somebody(sequence: int) -> Window:
    few = reaching(0.6)
    frames = few[np.linspace(0, len(few) - 1, WindowSpec().frames).astype(int)]
    length_s = WindowSpec().length_s
    return window(frames, sequence=sequence, captured_ns=time.monotonic_ns(), length_s=length_s)


@pytest.mark.timeout(300)  # an export takes half a minute where others work, too
@pytest.mark.parametrize("method", PARTS)
def test_an_action_typed_at_run_time_is_scored_live(engine: LabEngine, method: str) -> None:
    ear, client = Ear(engine), engine.client()
    try:
        with Peer(engine.config.endpoints.windows) as capture:
            capture.hello()
            action = client.add_action("fly like a bird")
            capture.send_window(somebody(0))
            prediction = ear.prediction()
    finally:
        client.close()
        ear.close()
    assert prediction.vocabulary == client.vocabulary
    assert [score.id for score in prediction.top] == [action.id]
    assert -1 <= prediction.top[0].score <= 1
    assert prediction.top[0].score != 0


def test_a_method_without_a_text_side_serves_the_texts_themselves() -> None:
    features = torch.randn(3, 12)
    torch.testing.assert_close(ClassRows(nn.Identity())(features), features[:, None])


@pytest.mark.parametrize("name", ["smie", "star"])
def test_what_a_bundle_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unit rows"):
        serve_method(name, config(tmp_path), HashEncoder(), folder=tmp_path / "bundle")
