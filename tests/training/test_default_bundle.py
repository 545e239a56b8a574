"""The bundle that comes with this program is whole, small, and trained on data that allows it."""

from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from streams.sources.synthetic import SyntheticSource
from training.attribution import ATTRIBUTIONS, SHARE_ALIKE
from training.windows import normalized_batch, sliding_windows

MAX_ENCODER_BYTES = 10 * 2**20
MAX_BUNDLE_BYTES = 21_000_000


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(DEFAULT_BUNDLE)


def test_size_and_parity(bundle: Bundle) -> None:
    assert bundle.skeleton_onnx.stat().st_size <= MAX_ENCODER_BYTES
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) <= MAX_BUNDLE_BYTES
    assert max(bundle.manifest.parity.values()) < 1e-4


def test_graphs_hold_nothing_of_the_machine_they_were_made_on(bundle: Bundle) -> None:
    for graph in (bundle.skeleton_onnx, bundle.text_onnx):
        content = graph.read_bytes()
        assert b"stack_trace" not in content
        assert b".py" not in content


def test_data_is_licensed_and_noticed(bundle: Bundle) -> None:
    # What the motion grammar made is this project's own: nobody else's notice goes with it.
    names = {line.split(":")[0] for line in bundle.manifest.data} - {"grammar"}
    assert names
    assert names <= set(ATTRIBUTIONS) - SHARE_ALIKE
    notices = (bundle.folder / "ATTRIBUTION.md").read_text("utf-8")
    assert all(ATTRIBUTIONS[name].notice in notices for name in names)


def test_another_movement_is_another_embedding_and_noise_is_not(bundle: Bundle) -> None:
    """What any sound encoder does, without a claim of how well this one recognises."""
    wave, kick = (_performed(action, bundle) for action in ("wave the right hand", "kick"))
    again = wave + np.random.default_rng(5).normal(0, 0.004, wave.shape).astype(np.float32)
    rows = OnnxRuntimeBackend(bundle).embed(normalized_batch(np.stack([wave, kick, again])))[:, 0]
    assert rows[0] @ rows[2] > 0.9
    assert rows[0] @ rows[2] > rows[0] @ rows[1] + 0.3


def _performed(action: str, bundle: Bundle) -> NDArray[np.float32]:
    """(T, 25, 3): the last window of the synthetic person's first four seconds of an action."""
    source = SyntheticSource(f"synthetic:{action}", fps=30.0, realtime=False)
    positions = np.stack([frame.persons[0].positions for frame in islice(source, 120)])
    source.close()
    return sliding_windows(positions, fps=30.0, spec=bundle.manifest.window, hop_s=1.0)[-1]
