from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.text.sided import SidedEncoder
from streams.skeleton.errors import ConfigError, DataError
from tests.training.small_data import HashEncoder, write_packed
from training import text_refit
from training.config import (
    GrammarConfig,
    RefitConfig,
    SidesConfig,
    StGcnConfig,
    TrainConfig,
    TransformerConfig,
)
from training.grammar import PRIMITIVES
from training.methods.sided import SidedText
from training.methods.text_side import TextSide
from training.run_folder import TEXT_SIDE, load_run
from training.sequences import load_training
from training.text_refit import fitted, performed, recorded, refit
from training.train import torch_embed, train
from training.zero_shot import sequence_embeddings

LABELS = ["wave"] * 3 + ["squat"] * 3 + ["kick"] * 2
SMALL = {"hidden": 8, "performances": 1, "steps": 3, "batch": 4}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_packed(folder / "accad.npz", LABELS)
    config = TrainConfig(
        data=folder,
        out=folder / "run",
        sets=("accad",),
        dev=None,
        epochs=1,
        epoch_windows=8,
        batch=8,
        encoder=StGcnConfig(width=2, features=8),
        grammar=GrammarConfig(motions=4, share=0.5),
    )
    train(config, HashEncoder(), progress=False)
    return folder / "run"


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three primitives instead of all of them."""
    keys = ("wave", "bow", "draw circle")
    monkeypatch.setattr(text_refit, "PRIMITIVES", {key: PRIMITIVES[key] for key in keys})


def test_each_primitive_and_side_is_a_meaning(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)
    found = performed(load_run(run), RefitConfig(run=run, performances=2), progress=False)
    sides = sum(len(PRIMITIVES[key].sides) for key in ("wave", "bow", "draw circle"))
    assert found.embeddings.shape == (sides, 384)
    np.testing.assert_allclose(np.linalg.norm(found.embeddings, axis=1), 1, rtol=1e-5)
    assert any("bow" in text for text in found.texts[3])
    assert all(len(texts) == len(set(texts)) for texts in found.texts)


def test_each_class_of_recordings_is_a_meaning(run: Path) -> None:
    found = recorded(load_run(run), HashEncoder())
    assert found.embeddings.shape == (3, 384)
    assert [texts[0] for texts in found.texts] == ["kick", "squat", "wave"]


def test_recordings_of_one_limb_are_meanings_with_either_side_as_well(tmp_path: Path) -> None:
    write_packed(tmp_path / "accad.npz", ["side kick", "side kick", "squat"])
    config = TrainConfig(
        data=tmp_path,
        out=tmp_path / "run",
        sets=("accad",),
        dev=None,
        epochs=1,
        epoch_windows=4,
        batch=4,
        adapter=4,
        sides=SidesConfig(even=10, odd=6),
        encoder=TransformerConfig(width=8, depth=1, heads=2),
    )
    train(config, HashEncoder(), progress=False)
    found = recorded(load_run(config.out), SidedEncoder(HashEncoder()))
    rows = {texts[0]: row for texts, row in zip(found.texts, found.embeddings, strict=True)}
    assert set(rows) == {
        "side kick",
        "squat",
        "side kick with the left leg",
        "side kick with the right leg",
    }
    np.testing.assert_allclose(np.linalg.norm(found.embeddings, axis=1), 1, rtol=1e-5)
    assert not rows["side kick"][10:].any()
    left, right = rows["side kick with the left leg"], rows["side kick with the right leg"]
    np.testing.assert_allclose(left, right * ([1] * 10 + [-1] * 6), atol=1e-6)
    # The only leg that moves in the made recordings is the right one.
    windows = sequence_embeddings(
        load_training(config)[0], torch_embed(load_run(config.out).model), spec=config.window, hop_s=1.2
    )
    assert windows[0, 0, 10:] @ right[10:] > 0


def test_sentences_come_to_lie_at_their_meanings() -> None:
    torch.manual_seed(0)
    embeddings = functional.normalize(torch.randn(5, 16), dim=1)
    features = [functional.normalize(torch.randn(4, 16), dim=1) for _ in embeddings]
    config = RefitConfig(run=Path(), hidden=64, steps=300, batch=32, dropout=0.0)
    side, loss = fitted(TextSide(16, 64), embeddings, features, config, mixed=2, progress=False)
    nearest = (side(torch.cat(features)) @ embeddings.T).argmax(dim=1)
    assert (nearest == torch.arange(5).repeat_interleave(4)).all()
    before = functional.cross_entropy(torch.cat(features) @ embeddings.T / 0.1, nearest).item()
    assert loss < before / 4
    assert not side.training


def test_left_and_right_come_to_lie_at_their_meanings() -> None:
    """Two sides of three deeds, told apart by the half of a feature that says which side it is."""
    torch.manual_seed(0)
    even, odd = torch.randn(3, 10), torch.randn(3, 6)
    meanings = torch.cat([torch.cat([even, odd], dim=1), torch.cat([even, -odd], dim=1)])
    plain, side = torch.randn(3, 16), 0.2 * torch.randn(16)
    texts = torch.cat([torch.cat([plain, sign * side.expand(3, 16)], dim=1) for sign in (1, -1)])
    features = [row[None] for row in functional.normalize(texts, dim=1)]
    config = RefitConfig(run=Path(), hidden=64, steps=300, batch=32, dropout=0.0)
    new = SidedText(16, 64, sides=SidesConfig(even=10, odd=6), layers=2)
    made, _ = fitted(new, functional.normalize(meanings, dim=1), features, config, mixed=1, progress=False)
    nearest = (made(torch.cat(features)) @ functional.normalize(meanings, dim=1).T).argmax(dim=1)
    assert nearest.tolist() == list(range(6))


def test_a_refit_run_is_read_back_with_its_new_text_side(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch)
    features = torch.from_numpy(HashEncoder().encode(["wave", "fly"]))
    before = load_run(run).model
    refit(RefitConfig(run=run, **SMALL), HashEncoder(), progress=False)  # pyright: ignore[reportArgumentType]
    after = load_run(run).model
    assert torch.equal(after.state_dict()["project.weight"], before.state_dict()["project.weight"])
    assert not torch.equal(after.text(features), before.text(features))
    again = load_run(run).model
    assert torch.equal(again.text(features), after.text(features))
    (run / TEXT_SIDE).write_bytes(b"cut off")
    with pytest.raises(DataError, match="training run"):
        load_run(run)
    (run / TEXT_SIDE).unlink()


def test_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="training run"):
        refit(RefitConfig(run=tmp_path), HashEncoder(), progress=False)


@pytest.mark.parametrize("changes", [{"steps": 0}, {"dropout": 1.0}, {"temperature": 0.0}, {"hidden": 0}])
def test_settings_nobody_can_use_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        RefitConfig(run=Path(), **changes)  # pyright: ignore[reportArgumentType]
