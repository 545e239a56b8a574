"""From a name to the sentences, and from the sentences to one vector."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.text.descriptions import ClassText, class_feature, describe
from engine.text.encoders import TextEncoder
from engine.text.library import Library, read_library
from streams.skeleton.errors import ActionNameError, InputError


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("ANYMOVE_HOME", str(tmp_path / "home"))
    raw = {"squat": {"names": ["deep knee bend"], "complete": "Hips sink low.", "skeleton": "Knees fold."}}
    (tmp_path / "library.json").write_text(json.dumps(raw), "utf-8")
    return read_library(tmp_path / "library.json")


def test_what_the_user_wrote_comes_first(minilm: TextEncoder, library: Library):
    found = describe(" Squat ", minilm, description="bend  the knees\n\nthen rise\n", library=library)
    assert found == ClassText("Squat", ("Squat", "bend the knees", "then rise"), "user")


@pytest.mark.parametrize("description", [None, "", "  \n "])
def test_then_comes_the_library(minilm: TextEncoder, library: Library, description: str | None):
    found = describe("squats", minilm, description=description, library=library)
    assert (found.name, found.source, found.matched) == ("squats", "library", "squat")
    entry = library.match("squats", minilm)
    assert entry is not None
    wordings = [phrase for phrase in entry.entry.phrases if phrase != "squats"]
    assert found.texts == ("squats", "Hips sink low.", "Knees fold.", *wordings)


def test_else_a_template_holds_the_name(minilm: TextEncoder, library: Library):
    found = describe("fly like a bird", minilm, library=library)
    assert found.source == "template"
    assert found.matched is None
    assert found.texts[0] == "fly like a bird"
    assert all("fly like a bird" in text for text in found.texts)


def test_the_built_in_library_is_the_default(minilm: TextEncoder):
    found = describe("jumping jacks", minilm)
    assert (found.source, found.texts[0]) == ("library", "jumping jacks")
    assert len(found.texts) > 3
    assert len(set(found.texts)) == len(found.texts)


@pytest.mark.parametrize("name", ["", "\n", "x" * 81, "a\x07b"])
def test_bad_names_are_refused_before_anything_else(minilm: TextEncoder, library: Library, name: str):
    with pytest.raises(ActionNameError):
        describe(name, minilm, description="x" * 9000, library=library)


@pytest.mark.parametrize("description", ["x" * 4001, "\n".join("abcdefghijklmnopq"), "\ud800"])
def test_descriptions_out_of_bounds_are_refused(minilm: TextEncoder, library: Library, description: str):
    with pytest.raises(InputError, match="wanted"):
        describe("squat", minilm, description=description, library=library)


def test_a_class_is_the_renormalised_mean_of_its_texts(minilm: TextEncoder):
    texts = ["squat", "Hips sink low.", "Knees fold."]
    mean = minilm.encode(texts).mean(axis=0)
    feature = class_feature(texts, minilm)
    assert (feature.shape, feature.dtype) == ((384,), np.float32)
    np.testing.assert_allclose(feature, mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(class_feature(texts[::-1], minilm), feature, atol=1e-6)
    np.testing.assert_allclose(class_feature(texts[:1], minilm), minilm.encode(texts[:1])[0], atol=1e-6)


def test_a_class_without_texts_is_refused(minilm: TextEncoder):
    with pytest.raises(InputError, match="at least one text"):
        class_feature([], minilm)
