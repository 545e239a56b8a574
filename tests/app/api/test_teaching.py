from typing import Any

import httpx
import pytest

from tests.app.conftest import ServedPage


def _api(bare: ServedPage) -> httpx.Client:
    return httpx.Client(base_url=f"{bare.url}/api/v1")


def test_a_correction_is_two_lessons_and_one_undo(bare: ServedPage) -> None:
    with _api(bare) as api:
        api.post("/examples", json={"right": "a3"})
        answer = api.post(
            "/examples", json={"right": "a2", "wrong": "a1", "track": 0, "stream": "camera"}
        ).json()
        assert bare.engine.taught == ["show a3", "reject a1", "show a2"]
        assert [(entry["id"], entry["examples"], entry["rejections"]) for entry in answer["learnt"]] == [
            ("a1", 0, 1),
            ("a2", 1, 0),
        ]
        api.post("/bank/roll-back", json=answer["undo"])
    assert bare.engine.taught == ["show a3"]


def test_nobody_in_view_is_said_and_nothing_is_learnt(bare: ServedPage) -> None:
    bare.engine.unseen = True
    with _api(bare) as api:
        answer = api.post("/examples", json={"right": "a1"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "bank"
    assert bare.engine.taught == []


def test_the_bank_is_shown_frozen_and_reset(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.post("/bank/freeze", json={"frozen": True}).json() == {"frozen": True}
        api.post("/examples", json={"right": "a1"})
        bank = api.get("/bank").json()
        assert (bank["rule"], bank["frozen"], bank["classes"][0]["examples"]) == ("text-only", True, 1)
        assert api.post("/bank/reset", json={"id": "a1"}).json() == {"undo": {"mark": 2}}


def test_a_name_is_judged_before_it_is_added(bare: ServedPage) -> None:
    with _api(bare) as api:
        check = api.post("/check", json={"name": "wingding"}).json()["check"]
    assert (check["verdict"], check["suggestions"]) == ("poor", ["fly like a bird"])
    assert len(bare.engine.actions()) == 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/examples", {}),
        ("/examples", {"right": 7}),
        ("/examples", {"right": "a1", "last_s": 11}),
        ("/examples", {"right": "a1", "track": -1}),
        ("/bank/freeze", {}),
        ("/bank/freeze", {"frozen": "yes"}),
        ("/bank/roll-back", {"mark": 0}),
        ("/check", {"name": None}),
    ],
)
def test_nonsense_is_refused(bare: ServedPage, path: str, body: Any) -> None:
    with _api(bare) as api:
        answer = api.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Wanted")
