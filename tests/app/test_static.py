"""What the page's own files must not contain."""

import re

import pytest

from app.tabs.live import STATIC

FILES = sorted(path for path in STATIC.iterdir() if path.suffix in (".js", ".css", ".html", ".svg"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_text_becomes_markup_or_code(path: object) -> None:
    text = path.read_text("utf-8")  # type: ignore[attr-defined]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: object) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")  # type: ignore[attr-defined]
    assert not re.search(r"https?://|//cdn|@import", text)
