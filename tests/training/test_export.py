import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import Bundle, Calibration, load_bundle
from engine.text.descriptions import class_feature, describe
from engine.text.projection import TextProjection
from engine.text.sided import SidedEncoder
from streams.skeleton.errors import BundleError, DataError
from streams.skeleton.window import WindowSpec
from tests.training.small_data import HashEncoder
from training.augment import mirrored
from training.config import SidesConfig, StGcnConfig, TransformerConfig
from training.export import Centring, Content, export_bundle, no_centring
from training.methods.pgfa import Pgfa
from training.methods.sided import SidedPgfa
from training.model import embed
from training.texts import class_texts

PROBE = np.random.default_rng(0).normal(size=(3, 1, 48, 25, 3)).astype(np.float32)
CENTRING = Centring(
    np.random.default_rng(1).normal(0, 0.02, 384).astype(np.float32),
    np.random.default_rng(2).normal(0, 0.02, 384).astype(np.float32),
)


def content(
    model: Pgfa | SidedPgfa,
    centring: Centring,
    sets: tuple[str, ...] = ("accad", "precog"),
    own_data: tuple[str, ...] = (),
) -> Content:
    return Content(
        name="small",
        model=model,
        texts=class_texts(["wave", "kick"], HashEncoder(), descriptions={}),
        encoder=HashEncoder(),
        centring=centring,
        window=WindowSpec(),
        sets=sets,
        own_data=own_data,
        probe=PROBE,
        calibration=Calibration(temperature=0.05),
        evaluation={"dev": {"top1": 0.5}},
    )


ENCODERS = (StGcnConfig(width=2, features=8), TransformerConfig(width=8, depth=1, heads=2))


@pytest.fixture(scope="module", params=ENCODERS, ids=lambda config: config.kind)
def model(request: pytest.FixtureRequest) -> Pgfa:
    torch.manual_seed(0)
    made = Pgfa(request.param).train()
    made(torch.randn(8, 1, 48, 25, 3))  # running means of a real pass, not of the start
    return made.eval()


@pytest.fixture(scope="module")
def bundle(model: Pgfa, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("made") / "bundle"
    folder.mkdir()
    (folder / "old").write_text("to be replaced")
    return export_bundle(content(model, CENTRING), folder)


def test_bundle_is_whole(bundle: Bundle) -> None:
    again = load_bundle(bundle.folder)
    assert again.manifest == bundle.manifest
    assert sorted(p.name for p in bundle.folder.iterdir()) == sorted(
        [*again.manifest.files, "manifest.json"]
    )
    assert again.manifest.seen_classes == ("wave", "kick")
    assert again.manifest.calibration.temperature == 0.05
    assert [line.split(":")[0] for line in again.manifest.data] == ["accad", "precog"]
    assert max(again.manifest.parity.values()) < 1e-5
    vocabulary = json.loads((bundle.folder / "vocabulary.json").read_text("utf-8"))
    assert vocabulary == [{"name": "wave", "texts": ["wave"]}, {"name": "kick", "texts": ["kick"]}]
    assert "David Jardim" in (bundle.folder / "ATTRIBUTION.md").read_text("utf-8")


@pytest.mark.parametrize(("count", "persons"), [(1, 1), (5, 1), (1, 2), (4, 2)])
def test_engine_sees_what_torch_sees(bundle: Bundle, model: Pgfa, count: int, persons: int) -> None:
    rng = np.random.default_rng(count)
    positions = rng.normal(size=(count, persons, 48, 25, 3)).astype(np.float32)
    raw = embed(model, torch.from_numpy(positions)).numpy() - CENTRING.skeleton
    wanted = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    found = OnnxRuntimeBackend(bundle).embed(positions)
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-5)


def test_absent_second_person_changes_nothing(bundle: Bundle) -> None:
    backend = OnnxRuntimeBackend(bundle)
    padded = np.concatenate([PROBE, np.zeros_like(PROBE)], axis=1)
    np.testing.assert_allclose(backend.embed(padded), backend.embed(PROBE), atol=1e-5)


def test_text_side_takes_its_mean_off(bundle: Bundle) -> None:
    features = HashEncoder().encode(["wave", "kick", "swim"])
    rows = TextProjection(bundle).rows(features)
    raw = features - CENTRING.text
    np.testing.assert_allclose(rows[:, 0], raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=1e-6)


def test_adapter_is_exported_with_the_text_side(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Pgfa(StGcnConfig(width=2, features=8), adapter=6).eval()
    for value in model.text.parameters():
        torch.nn.init.normal_(value, 0.0, 0.1)
    made = export_bundle(
        content(model, CENTRING, own_data=("grammar: 6 motions of our own",)), tmp_path / "bundle"
    )
    features = HashEncoder().encode(["wave", "kick", "swim"])
    with torch.no_grad():
        adapted = model.text(torch.from_numpy(features)).numpy()
    assert np.abs(adapted - features).max() > 0.01
    raw = adapted - CENTRING.text
    wanted = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(TextProjection(made).rows(features)[:, 0], wanted, atol=1e-5)
    assert made.manifest.parity["text"] < 1e-5
    assert [line.split(":")[0] for line in made.manifest.data] == ["accad", "precog", "grammar"]


def test_sided_model_keeps_its_mirror_in_the_graphs_and_carries_its_background(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SidedPgfa(ENCODERS[1], dim=384, sides=SidesConfig(even=20, odd=12), adapter=6).eval()
    encoder = SidedEncoder(HashEncoder())
    given = replace(
        content(model, no_centring(32)),
        texts=class_texts(["wave", "kick"], encoder, descriptions={}),
        encoder=encoder,
        background=("stand still", "raise the left arm"),
    )
    made = export_bundle(given, tmp_path / "bundle")
    assert (made.manifest.dim, made.manifest.text_encoder.dim) == (32, 768)
    assert max(made.manifest.parity.values()) < 1e-5
    backend = OnnxRuntimeBackend(made)
    plain = backend.embed(PROBE)[:, 0]
    mirror = backend.embed(np.stack([mirrored(window[0]) for window in PROBE])[:, None])[:, 0]
    np.testing.assert_allclose(mirror, plain * ([1] * 20 + [-1] * 12), atol=1e-5)
    left, right = TextProjection(made).rows(encoder.encode(["wave left", "wave right"]))[:, 0]
    np.testing.assert_allclose(left, right * ([1] * 20 + [-1] * 12), atol=1e-5)
    features = class_feature(describe("stand still", encoder).texts, encoder)
    movement = TextProjection(made).rows(features[None])[0]
    assert made.background.score(movement) == pytest.approx(1.0, abs=1e-5)


def test_weights_lie_inside_the_one_file(bundle: Bundle, tmp_path: Path) -> None:
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(bundle.skeleton_onnx.read_bytes())
    session = onnxruntime.InferenceSession(str(alone))
    assert [i.name for i in session.get_inputs()] == ["positions"]
    assert [o.name for o in session.get_outputs()] == ["embedding"]


def test_a_failed_export_leaves_the_old_bundle(
    model: Pgfa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "old").write_text("still here")
    with pytest.raises(DataError, match="hdm05"):
        export_bundle(content(model, no_centring(384), sets=("hdm05",)), folder)
    monkeypatch.setattr("training.export.PARITY_LIMIT", -1.0)
    with pytest.raises(BundleError, match="of torch"):
        export_bundle(content(model, no_centring(384)), folder)
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]
    assert (folder / "old").read_text() == "still here"
