"""The built-in text encoder, and what every encoder promises."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.text.encoders import ENCODERS, TextEncoder, load_text_encoder, prepare_text_encoder
from engine.text.sentence import MINILM, SentenceEncoder, read_export
from streams.skeleton.errors import InputError, ModelFileError

SENTENCES = (
    "wave the right hand",
    "squat",
    "a person bows",
    "jumping jacks",
    "A person walks forward slowly.",
)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path))
    return tmp_path


def test_features_are_unit_rows(minilm: TextEncoder):
    features = minilm.encode(SENTENCES)
    assert (features.shape, features.dtype) == ((len(SENTENCES), 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1.0, atol=1e-5)
    assert (minilm.id, minilm.dim, minilm.sha256) == ("minilm", 384, MINILM.source_sha256)


def test_no_texts_give_no_rows(minilm: TextEncoder):
    assert minilm.encode([]).shape == (0, 384)


def test_what_means_the_same_is_near(minilm: TextEncoder):
    jump, leap, read = minilm.encode(["jump up", "leap into the air", "read a book"])
    assert jump @ leap > 0.5 > jump @ read


def test_a_feature_does_not_depend_on_its_company(minilm: TextEncoder):
    many = [f"{sentence} {word}" for sentence in SENTENCES for word in ("now", "twice", "very fast", "")]
    alone = np.concatenate([minilm.encode([text]) for text in many])
    np.testing.assert_allclose(minilm.encode(many), alone, atol=1e-6)


def test_long_texts_are_cut_at_256_tokens(minilm: TextEncoder):
    words = ["wave"] * 600
    cut, longer, shorter = minilm.encode([" ".join(words[:n]) for n in (254, 600, 200)])
    np.testing.assert_array_equal(cut, longer)
    assert np.abs(cut - shorter).max() > 1e-4


def test_threads_may_share_it(minilm: TextEncoder):
    expected = minilm.encode(SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        for features in pool.map(lambda _: minilm.encode(SENTENCES), range(16)):
            np.testing.assert_array_equal(features, expected)


@pytest.mark.parametrize("text", ["", "   ", "\n", "x" * 4001, "\ud800"])
def test_texts_out_of_bounds_are_refused(minilm: TextEncoder, text: str):
    with pytest.raises(InputError, match="wanted"):
        minilm.encode(["fine", text])


@pytest.mark.parametrize("text", ["x", "x" * 4000, "挥手", "👋", "wave\x00hand", "\u0301", "🏃" * 4000])
def test_anything_else_is_encoded(minilm: TextEncoder, text: str):
    feature = minilm.encode([text])
    assert np.linalg.norm(feature) == pytest.approx(1.0, abs=1e-5)


def test_a_lone_string_is_refused(minilm: TextEncoder):
    with pytest.raises(InputError, match="list"):
        minilm.encode("wave")


def test_the_export_was_measured_against_its_weights(minilm: TextEncoder):
    assert isinstance(minilm, SentenceEncoder)
    record = read_export(MINILM, minilm.folder)
    assert 0.0 < record.parity <= 1e-5


@pytest.mark.parametrize("encoder_id", list(ENCODERS))
def test_an_encoder_not_prepared_says_what_to_run(empty_home: Path, encoder_id: str):
    with pytest.raises(ModelFileError, match="anymove setup"):
        load_text_encoder(encoder_id)
    assert not (empty_home / "models" / encoder_id).exists()


@pytest.mark.parametrize("encoder_id", ["", "gpt", "MiniLM"])
def test_an_unknown_encoder_is_refused(encoder_id: str):
    for call in (load_text_encoder, prepare_text_encoder):
        with pytest.raises(InputError, match="minilm"):
            call(encoder_id)


def test_running_it_loads_no_torch(minilm: TextEncoder):
    assert isinstance(minilm, SentenceEncoder)
    script = (
        "import sys; from engine.text.encoders import load_text_encoder; import engine.text.descriptions\n"
        "assert load_text_encoder('minilm').encode(['wave']).shape == (1, 384)\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'huggingface_hub', 'onnx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    home = str(minilm.folder.parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"ANYMOVE_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
