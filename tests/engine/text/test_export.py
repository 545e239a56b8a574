"""Exporting a sentence model: whole or not at all, and only from the right weights."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import sha256_of
from engine.text import encoders, export
from engine.text.sentence import (
    MINILM,
    MODEL_FILE,
    MPNET,
    RECORD_FILE,
    TOKENIZER_FILE,
    SentenceEncoder,
    SentenceModel,
    read_export,
)
from streams.skeleton.errors import ModelFileError


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM's architecture at a hundredth of its size, with random weights."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415 - slow to import

    folder = tmp_path_factory.mktemp("weights")
    shutil.copytree(export.installed_weights(MINILM), folder, dirs_exist_ok=True)
    config = BertConfig.from_pretrained(folder)
    config.update({"hidden_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2})
    config.update({"intermediate_size": 32, "max_position_embeddings": 64})
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(weights: Path) -> SentenceModel:
    digest = sha256_of(weights / export.WEIGHTS_FILE)
    return replace(MINILM, id="tiny", dim=24, max_tokens=48, source_sha256=digest)


@pytest.fixture(scope="module")
def exported(model: SentenceModel, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    export.export_model(model, weights, folder)
    return folder


@pytest.fixture
def quick(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is copied instead of traced again."""
    monkeypatch.setattr(export, "write_graph", lambda _, path: shutil.copyfile(exported / MODEL_FILE, path))


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "tiny"))


def test_an_export_runs_and_agrees_with_its_source(model: SentenceModel, weights: Path, exported: Path):
    record = read_export(model, exported)
    assert 0.0 <= record.parity <= export.MAX_DIFFERENCE
    assert record.source_sha256 == model.source_sha256
    texts = ["squat", "wave both hands above the head", "walk " * 200]
    wanted = export.load_source(model, weights).encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(SentenceEncoder(model, folder=exported).encode(texts), wanted, atol=1e-5)


def test_nothing_but_the_export_is_left_behind(exported: Path):
    assert [path.name for path in exported.parent.iterdir()] == ["tiny"]
    assert {path.name for path in exported.iterdir()} == {MODEL_FILE, TOKENIZER_FILE, RECORD_FILE}


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_file_is_refused(model: SentenceModel, copy: Path, name: str, how: str):
    content = (copy / name).read_bytes()
    if how == "gone":
        (copy / name).unlink()
    elif how == "cut":
        (copy / name).write_bytes(content[:-1])
    else:
        (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelFileError, match=f"{name} is missing or damaged.*anymove setup"):
        SentenceEncoder(model, folder=copy)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"id": "tiny"}', "[" * 100_000])
def test_a_foreign_record_is_refused(model: SentenceModel, copy: Path, content: str):
    (copy / RECORD_FILE).write_text(content, "utf-8")
    with pytest.raises(ModelFileError, match="anymove setup"):
        read_export(model, copy)


def test_an_export_of_another_model_or_other_weights_is_refused(model: SentenceModel, copy: Path):
    with pytest.raises(ModelFileError, match="wanted an export of 'other'"):
        read_export(replace(model, id="other"), copy)
    with pytest.raises(ModelFileError, match="weights 000000000000"):
        read_export(replace(model, source_sha256="0" * 64), copy)


def test_foreign_weights_are_refused_before_anything_is_written(
    model: SentenceModel, weights: Path, tmp_path: Path
):
    with pytest.raises(ModelFileError, match=r"model\.safetensors is damaged or foreign"):
        export.export_model(replace(model, source_sha256="0" * 64), weights, tmp_path / "tiny")
    with pytest.raises(ModelFileError, match=r"wanted model\.safetensors"):
        export.export_model(model, tmp_path, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_failed_export_keeps_what_was_there(
    model: SentenceModel, weights: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
):
    before = read_export(model, copy)
    monkeypatch.setattr(export, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(ModelFileError, match="differs from its weights"):
        export.export_model(model, weights, copy)
    assert read_export(model, copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["tiny"]


@pytest.mark.usefixtures("quick")
def test_a_sound_export_is_kept_and_a_damaged_one_made_anew(
    model: SentenceModel, weights: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    monkeypatch.setitem(encoders.MODELS, "tiny", model)
    monkeypatch.setitem(encoders.ENCODERS, "tiny", lambda: SentenceEncoder(model))
    monkeypatch.setattr(export, "installed_weights", lambda _: weights)
    shutil.copytree(exported, model.folder)
    (model.folder / "mark").touch()
    assert encoders.prepare_text_encoder("tiny") == model.folder
    assert (model.folder / "mark").exists()
    (model.folder / MODEL_FILE).unlink()
    assert encoders.prepare_text_encoder("tiny") == model.folder
    assert not (model.folder / "mark").exists()
    read_export(model, model.folder)
    assert list(model.folder.parent.glob("library-tiny-*.npy")), "the library's features come along"


def test_the_installed_weights_are_minilm():
    weights = export.installed_weights(MINILM)
    assert sha256_of(weights / export.WEIGHTS_FILE) == MINILM.source_sha256


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(ModelFileError, match="no_such_package"):
        export.installed_weights(replace(MINILM, package="no_such_package"))


def test_a_hub_out_of_reach_names_the_model_that_needs_none(monkeypatch: pytest.MonkeyPatch):
    def unreachable(*_args: object, **_kwargs: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(export, "snapshot_download", unreachable)
    with pytest.raises(ModelFileError, match="'minilm', whose weights are installed"):
        export.hub_weights(MPNET)
