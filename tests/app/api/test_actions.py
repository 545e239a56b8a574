from typing import Any

import httpx
import pytest

from tests.app.conftest import ServedPage


def _api(bare: ServedPage) -> httpx.Client:
    return httpx.Client(base_url=f"{bare.url}/api/v1")


def test_an_action_is_added_changed_removed_and_brought_back(bare: ServedPage) -> None:
    with _api(bare) as api:
        added = api.post("/actions", json={"name": "fly like a bird"})
        assert added.status_code == 201
        path = f"/actions/{added.json()['action']['id']}"
        changed = api.patch(path, json={"name": "fly", "description": "Arms flap."}).json()
        assert (changed["action"]["name"], changed["action"]["texts"]) == ("fly", ["Arms flap."])
        removed = api.delete(path).json()
        assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]
        assert api.post("/undo", json=removed["undo"]).json()["action"]["name"] == "fly"
        listed = api.get("/actions").json()
    assert [action["name"] for action in listed["actions"]] == ["wave", "squat", "bow", "fly"]
    assert listed["version"] == bare.engine.vocabulary


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/actions", {"name": "wave"}, 409),
        ("POST", "/actions", {"name": ""}, 422),
        ("POST", "/actions", {}, 422),
        ("POST", "/actions", {"name": ["wave"]}, 422),
        ("POST", "/actions", {"name": "x", "colour": "red"}, 422),
        ("POST", "/actions", {"name": "x" * 1001}, 422),
        ("POST", "/actions", [1, 2], 422),
        ("PATCH", "/actions/nobody", {"name": "x"}, 404),
        ("PATCH", "/actions/a1", {"name": 7}, 422),
        ("DELETE", "/actions/nobody", None, 404),
        ("POST", "/undo", {"version": "1"}, 422),
        ("POST", "/undo", {"version": 1, "steps": 0}, 422),
        ("POST", "/undo", {"version": -1}, 409),
    ],
)
def test_nonsense_is_refused_in_words_and_changes_nothing(
    bare: ServedPage, method: str, path: str, body: Any, status: int
) -> None:
    with _api(bare) as api:
        answer = api.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"].startswith("Wanted")
    assert answer.json()["code"]
    assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]


def test_an_engine_that_is_gone_is_not_an_empty_list(bare: ServedPage) -> None:
    bare.engine.gone = True
    with _api(bare) as api:
        answer = api.get("/actions")
    assert answer.status_code == 503
    assert answer.json()["code"] == "engine_unavailable"


def test_it_describes_itself(bare: ServedPage) -> None:
    with _api(bare) as api:
        paths = api.get("/openapi.json").raise_for_status().json()["paths"]
    assert set(paths["/api/v1/actions"]) == {"get", "post"}
    assert "409" in paths["/api/v1/actions"]["post"]["responses"]
