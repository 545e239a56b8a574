from pathlib import Path

import numpy as np
import pytest

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.motion import motion_extent
from engine.recognizer import Recognizer
from streams.skeleton.normalize import normalize
from streams.skeleton.window import WindowSpec
from tests.engine.tiny_bundle import make_tiny_bundle
from tests.training.small_data import HashEncoder, write_packed
from training.datasets.packed import load_packed
from training.live_eval import caption_shares, false_events, idle_stream, recognizer_of
from training.sequences import Sequences, joined

NAMES = ("wave", "kick")
CERTAIN = DecisionConfig(smoothing_s=0.0, on_share=0.5, off_share=0.0)
"""Says the best class at once, as long as it beats the unnamed one."""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_tiny_bundle(tmp_path / "bundle")


@pytest.fixture
def sequences(tmp_path: Path) -> Sequences:
    return joined([load_packed(write_packed(tmp_path / "toy.npz", ["wave", "kick", "kick"]))])


def open_recognizer(bundle: Bundle, decision: DecisionConfig = CERTAIN) -> Recognizer:
    return recognizer_of(
        bundle,
        OnnxRuntimeBackend(bundle),
        NAMES,
        encoder=HashEncoder(),
        describe=lambda name: (name,),
        decision=decision,
    )


def test_shares_add_up_and_agree_with_the_recogniser(bundle: Bundle, sequences: Sequences) -> None:
    found = caption_shares(open_recognizer(bundle), sequences, spec=bundle.manifest.window)
    assert found.windows > 10
    assert found.right + found.wrong + found.unknown + found.idle == pytest.approx(1.0)
    impossible = DecisionConfig(on_share=1.0, off_share=1.0)
    silent = caption_shares(open_recognizer(bundle, impossible), sequences, spec=bundle.manifest.window)
    assert silent.right == silent.wrong == 0.0


@pytest.mark.parametrize("kind", ["standing", "fidgeting", "walking by"])
def test_idle_people_are_many_windows_and_differ(kind: str) -> None:
    spec = WindowSpec()
    windows = list(idle_stream(kind, 20.0, spec=spec))
    assert len(windows) > 20
    assert windows[0].shape == (48, 25, 3)
    extent = np.median([motion_extent(normalize(window)) for window in windows])
    assert extent < 0.08 if kind == "standing" else extent > 0.02


def test_standing_begins_nothing_and_everything_begins_something(bundle: Bundle) -> None:
    spec = bundle.manifest.window
    assert false_events(open_recognizer(bundle), idle_stream("standing", 20.0, spec=spec), spec=spec) == 0
