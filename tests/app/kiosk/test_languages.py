"""Every word of the kiosk in every language."""

import json
import re

import pytest

from app.tabs.live import STATIC

FOLDER = STATIC / "languages"
LANGUAGES = ("en", "de", "es", "zh", "ar")


def _words(language: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{language}.json").read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_everything_english_says(language: str) -> None:
    english, words = _words("en"), _words(language)
    assert set(words) == set(english)
    for key, text in english.items():
        if key != "keyboard":
            assert words[key].strip()
            assert set(re.findall(r"\{\w+\}", words[key])) == set(re.findall(r"\{\w+\}", text)), key


def test_everything_asked_for_is_there() -> None:
    page, script = (STATIC / "kiosk.html").read_text("utf-8"), (STATIC / "kiosk.js").read_text("utf-8")
    asked = set(re.findall(r'data-(?:text|label)="(\w+)"', page)) | set(re.findall(r'\bt\("(\w+)"', script))
    assert len(asked) > 20
    assert asked <= set(_words("en"))


def test_every_idea_has_a_name_in_every_language() -> None:
    for idea in json.loads((STATIC / "ideas.json").read_text("utf-8")):
        assert set(idea["names"]) == set(LANGUAGES)
        assert all(idea["names"].values())
        assert all(idea["description"])
