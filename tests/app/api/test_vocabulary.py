import json

import httpx

from app.guard import MAX_BODY_BYTES, MAX_FILE_BYTES
from tests.app.conftest import ServedPage


def test_a_file_goes_out_and_comes_back(bare: ServedPage) -> None:
    with httpx.Client(base_url=f"{bare.url}/api/v1") as api:
        exported = api.get("/vocabulary")
        assert "attachment" in exported.headers["content-disposition"]
        assert [entry["name"] for entry in exported.json()["actions"]] == ["wave", "squat", "bow"]
        changed = exported.json()
        long = {"name": "hop", "description": ["One leg." * 100] * 32}
        changed["actions"] = [long, *changed["actions"][:1]]
        changed["actions"] += [{"name": f"n{n}", "description": ["x" * 900]} for n in range(100)]
        content = json.dumps(changed)
        assert len(content) > MAX_BODY_BYTES
        answer = api.put("/vocabulary", content=content).json()
        assert answer["actions"] == 102
        assert {action.name for action in bare.engine.actions()} >= {"hop", "wave", "n99"}
        api.post("/undo", json=answer["undo"])
    assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]


def test_hostile_files_are_refused(bare: ServedPage) -> None:
    with httpx.Client(base_url=f"{bare.url}/api/v1") as api:
        assert api.put("/vocabulary", content=b"x" * (MAX_FILE_BYTES + 1)).status_code == 413
        assert api.put("/vocabulary", content=b"[" * 50_000).status_code == 422
        assert api.put("/vocabulary", content=b"PK\x03\x04 zip").status_code == 422
        assert api.put("/vocabulary", content=b"").status_code == 422
    assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]


def test_sets_are_saved_loaded_and_removed(bare: ServedPage) -> None:
    with httpx.Client(base_url=f"{bare.url}/api/v1") as api:
        name = "%3Cb%3E%2E%2E%20morgens"
        assert api.put(f"/sets/{name}").json() == {"sets": ["<b>.. morgens"]}
        bare.engine.remove_action("a1")
        assert api.post(f"/sets/{name}/load").json()["actions"] == 3
        assert api.get("/sets").json() == {"sets": ["<b>.. morgens"]}
        assert api.delete(f"/sets/{name}").json() == {"sets": []}
        assert api.post(f"/sets/{name}/load").status_code == 409
