from typing import Any

import httpx
import pytest

from tests.app.conftest import ServedPage


def _api(bare: ServedPage) -> httpx.Client:
    return httpx.Client(base_url=f"{bare.url}/api/v1")


def test_a_caption_is_explained_with_the_names_of_joints(bare: ServedPage) -> None:
    with _api(bare) as api:
        found = api.post("/explanations", json={"id": "a2", "stream": "camera", "track": 0}).json()
    assert bare.engine.inside.explained == [("a2", "camera", 0)]
    assert (found["explanation"]["name"], found["explanation"]["rival"]) == ("squat", "wave")
    assert found["names"][9] == "right elbow"
    assert found["names"][20:22] == ["spine shoulder", "left hand tip"]
    assert len(found["bones"]) == 24


def test_nobody_in_view_cannot_be_explained(bare: ServedPage) -> None:
    bare.engine.inside.unseen = True
    with _api(bare) as api:
        answer = api.post("/explanations", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "bank")


def test_map_stages_and_a_second_look(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.get("/map").json()["map"]["names"] == ["wave", "squat", "bow"]
        stages = api.get("/stages").json()
        assert stages["stats"]["latencies_ms"]["embed"]["p95"] == 2.6
        assert stages["health"]["backend_failure"] is None
        look = api.post("/rescore", json={"name": "hop", "last_s": 60}).json()["look"]
    assert (look["total"], look["sightings"][0]["duration_s"]) == (1, 3.1)
    assert bare.engine.inside.looked == [("hop", 60.0)]


def test_balance_and_thresholds_are_set_and_put_back(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.put("/tuning/balance", json={"balance": 0.5}).json()["balance"] == 0.5
        api.put("/tuning/thresholds/a1", json={"threshold": 0.8})
        assert api.get("/tuning").json() == {"balance": 0.5, "thresholds": {"a1": 0.8}, "standard": 0.55}
        assert api.put("/tuning/thresholds/a1", json={}).json()["thresholds"] == {}


@pytest.mark.protected
def test_a_visitor_may_look_and_not_touch(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.get("/map").status_code == api.get("/tuning").status_code == 200
        assert api.put("/tuning/balance", json={"balance": 1}).status_code == 401
        assert api.post("/explanations", json={}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/tuning/balance", {"balance": 1.01}, 422),
        ("PUT", "/tuning/balance", {}, 422),
        ("PUT", "/tuning/thresholds/a1", {"threshold": 0.1}, 422),
        ("PUT", "/tuning/thresholds/gone", {"threshold": 0.6}, 404),
        ("POST", "/rescore", {"name": "hop", "last_s": 601}, 422),
        ("POST", "/rescore", {}, 422),
        ("POST", "/explanations", {"track": -1}, 422),
    ],
)
def test_nonsense_is_refused(bare: ServedPage, method: str, path: str, body: Any, status: int) -> None:
    with _api(bare) as api:
        answer = api.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"].startswith("Wanted")


def test_a_mark_is_made_by_hand(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.post("/bank/marks").json()["mark"]["reason"] == "mark"
        assert api.get("/bank").json()["marks"][0]["reason"] == "mark"
