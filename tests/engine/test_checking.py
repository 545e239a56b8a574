"""The command judges names as the page does, without an engine."""

import json

import pytest

from engine.bundle import Bundle
from engine.checking import main
from engine.text.encoders import TextEncoder


@pytest.fixture(autouse=True)
def prepared(minilm: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checking.load_text_encoder", lambda _: minilm)


def test_names_are_judged_beside_each_other(tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str]):
    assert main(["squat", "wink", "squats", "--bundle", str(tiny_bundle.folder)]) == 0
    said = capsys.readouterr().out
    assert "squat: good" in said
    assert "wink: poor" in said
    assert "hidden: " in said
    assert "nearest, with the risk of confusion: squat (" in said


def test_json_is_one_object_a_name(tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str]):
    main(["squat", "", "--json", "--bundle", str(tiny_bundle.folder)])
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["matched"], second["verdict"]) == ("squat", "refused")
